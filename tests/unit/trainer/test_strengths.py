import numpy as np
import pytest

from tests.unit.trainer.shop import TUNING, some_purchases
from trainer.profiles import profile_table
from trainer.strengths import average_units, strength_matrix


def test_average_units_are_those_of_one_purchase_day():
    purchases = some_purchases([("ann", "milk", 1, 1, 1), ("ann", "milk", 2, 3, 3)])
    assert average_units(profile_table(purchases), 1).tolist() == [2.0]


def test_a_strength_is_the_seeds_formula_times_the_number_of_purchases():
    # Ann's average price is (1 + 1 + 4) / 3 = 2; ratios: milk 0.5 and 1, wine 2 and 1.
    purchases = some_purchases(
        [("ann", "milk", 1, 1, 1), ("ann", "milk", 8, 1, 1), ("ann", "wine", 8, 1, 4)]
    )
    profiles = profile_table(purchases)
    matrix = strength_matrix(profiles, average_units(profiles, 2), TUNING)
    expected = [2 * np.log1p(0.5 * 0.5 + 0.5), np.log1p(0.5 * 2 + 0.5)]
    assert matrix.toarray()[0] == pytest.approx(expected)
    assert matrix.dtype == np.float32


def test_a_give_away_still_has_a_strength():
    profiles = profile_table(some_purchases([("ann", "milk", 1, 1, 0)]))
    matrix = strength_matrix(profiles, average_units(profiles, 1), TUNING)
    assert matrix.toarray()[0, 0] == pytest.approx(np.log1p(0.5))
