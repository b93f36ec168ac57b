from dataclasses import replace

import numpy as np
import pytest

from tests.unit.trainer.evaluation.shop import a_past, bought
from tests.unit.trainer.shop import some_products, some_purchases
from trainer.evaluation.past import past_of
from trainer.promotions import Promotions


def test_a_past_holds_nothing_of_its_day_or_later():
    past = a_past(bought("ann", "milk", 5, 9, 10), bought("bob", "tea", 10), day=10)
    assert past.purchases.user_ids == ["ann"]
    assert past.purchases.item_ids == ["milk"]
    assert past.purchases.days.tolist() == [5, 9]
    assert past.ages.tolist() == [5, 1]


def test_items_are_ordered_by_the_past_alone():
    """Over all days bread is bought more often, but not before day 10."""
    past = a_past(bought("ann", "milk", 1, 2), bought("ann", "bread", 3, 20, 21, 22), day=10)
    assert past.purchases.item_ids == ["milk", "bread"]


def test_equally_frequent_items_are_in_the_order_of_their_ids():
    past = a_past(bought("ann", "b", 1, 20, 21), bought("ann", "a", 2), day=10)
    assert past.purchases.item_ids == ["a", "b"]


def test_the_catalogue_is_what_was_bought_on_enough_household_days():
    rows = [bought("ann", "milk", 1, 2), bought("bob", "milk", 1), bought("bob", "tea", 1, 2)]
    past = a_past(*rows, least_item_days=3)
    assert past.catalogue_items == 1
    assert past.counts.toarray().tolist() == [[2], [1]]
    assert past.popularity.tolist() == [3]


def test_a_household_without_purchases_owns_nothing():
    past = a_past(bought("ann", "milk", 1), bought("ann", "tea", 1))
    owned = past.owned(past.users_of(["zoe", "ann"]))
    assert [owned[0].tolist(), owned[1].tolist()] == [[], [0, 1]]
    assert owned.of_each().tolist() == [1, 1]


def test_records_of_products_follow_the_rows():
    past = a_past(bought("ann", "tea", 1), bought("ann", "milk", 1, 2))
    assert past.products.names == ["Milk", "Tea"]
    assert past.products.row_of == {"milk": 0, "tea": 1}


def test_an_earlier_day_can_be_looked_back_from_but_no_later_one():
    past = a_past(bought("ann", "milk", 1, 8), bought("ann", "tea", 2), day=10)
    earlier = past.before(5)
    assert (earlier.day, earlier.purchases.days.max()) == (5, 2)
    assert np.array_equal(past.before(10).purchases.days, past.purchases.days)
    with pytest.raises(ValueError, match="day 11 is not before 10"):
        past.before(11)


def test_promotions_that_begin_two_weeks_later_are_not_planned_yet():
    """Tea is promoted on days 3, 10, 23 and 24, milk, which nobody bought before day 10, on day 10."""
    rows = [*bought("ann", "tea", 1, 2), *bought("ann", "milk", 12)]
    purchases = some_purchases(rows)
    products = some_products(purchases.item_ids)
    tea, milk = (products.row_of[name] for name in ("tea", "milk"))
    days = np.array([3, 10, 23, 24, 10], np.int32)
    numbers = np.array([tea, tea, tea, tea, milk], np.int32)
    order = np.lexsort((days, numbers))
    promotions = Promotions(
        numbers[order], days[order], days[order], np.ones((5, 1), np.int32), np.ones(5, np.float32)
    )
    past = past_of(purchases, replace(products, promotions=promotions), 10, 1)
    assert past.products.promotions.products.tolist() == [0, 0, 0]
    assert past.products.promotions.first_days.tolist() == [3, 10, 23]
    assert past.before(5).products.promotions.first_days.tolist() == [3, 10]
