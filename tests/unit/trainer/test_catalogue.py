import math

import numpy as np
import pytest

from tests.unit.trainer.shop import TUNING, some_products, some_purchases
from trainer.catalogue import coded, item_facts, unit_prices
from trainer.profiles import profile_table

CATEGORIES = {"bread": "bakery", "milk": "dairy"}


def facts(rows, products=None):
    purchases = some_purchases(rows)
    known = products or some_products(["bread", "milk", "tea", "unsold"], CATEGORIES)
    return item_facts(purchases, profile_table(purchases), known, TUNING)


def test_the_catalogue_holds_what_was_bought_and_nothing_else():
    catalogue = facts([("ann", "tea", 1, 1, 2), ("ann", "milk", 1, 1, 1)])
    assert catalogue.item_ids == ["milk", "tea"]
    assert catalogue.item_names == ["Milk", "Tea"]
    assert catalogue.categories == ["dairy"]
    assert catalogue.category.tolist() == [0, -1]


def test_categories_are_numbered_in_the_order_of_their_names():
    names, codes = coded(["dairy", "", "bakery", "dairy"])
    assert (names, codes.tolist()) == (["bakery", "dairy"], [1, -1, 0, 1])


def test_prices_are_medians_of_what_one_unit_cost_give_aways_left_out():
    purchases = some_purchases(
        [
            ("ann", "milk", 1, 2, 2.0),
            ("ann", "milk", 2, 1, 0.0),
            ("ann", "milk", 3, 1, 3.0),
            ("ann", "tea", 3, 1, 0.0),
            ("bob", "milk", 3, 1, 9.0),
        ]
    )
    price, median_price = unit_prices(purchases)
    assert price[0] == 3
    assert np.isnan(price[1])
    assert median_price == 3


def test_where_everything_is_free_no_price_is_known():
    catalogue = facts([("ann", "milk", 1, 1, 0)])
    assert math.isnan(catalogue.median_price)
    assert catalogue.segment_cuts == (0, 0, 0)


def test_what_many_bought_lately_is_most_popular():
    rows = [("ann", "milk", 100, 1, 1), ("bob", "milk", 100, 1, 1), ("ann", "bread", 1, 1, 1)]
    popularity = facts(rows).popularity
    # Items: milk, then bread.
    assert popularity[0] == 1
    assert 0 < popularity[1] < 0.1


def test_segments_are_cut_at_the_quartiles_of_spend_a_day():
    rows = [(f"u{spend}", "milk", 1, 1, float(spend)) for spend in (1, 2, 3, 4, 5)]
    assert facts(rows).segment_cuts == (2, 3, 4)


def test_an_item_that_only_big_spenders_buy_has_more_than_its_share_of_them():
    rows = [(f"u{spend:02}", "milk", 1, 1, float(spend)) for spend in range(1, 41)]
    rows += [(f"u{spend:02}", "tea", 1, 1, 0.0) for spend in range(31, 41)]
    affinity = facts(rows).segment_affinity
    assert affinity.shape == (2, 4)
    assert affinity[1, 3] > 1.2 > 1 > affinity[1, 0]
    assert affinity[1, 0] == pytest.approx(affinity[1, 1])
