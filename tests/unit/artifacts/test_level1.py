import numpy as np

from restock.artifacts.level1 import affordable_popularity
from tests.unit.core.shop import a_catalogue


def test_for_a_newcomer_what_costs_more_than_the_median_is_not_popular():
    catalogue = a_catalogue("a", "b", "c", price=[1, 2, 3], popularity=[0.2, 0.5, 1.0])
    assert np.allclose(affordable_popularity(catalogue), [0.2, 0.5, 0])


def test_where_no_price_is_known_all_is_affordable():
    catalogue = a_catalogue("a", "b", price=[float("nan")] * 2, popularity=[0.2, 1.0])
    assert np.allclose(affordable_popularity(catalogue), [0.2, 1.0])
