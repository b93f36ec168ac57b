import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.popularity import decay, decayed_counts, most_popular, popularity, to_top
from tests.unit.core.shop import DAY, TUNING, floats


def rows(*values):
    return np.array(values, np.int32)


def days_ago(*ages):
    return np.array([DAY - age for age in ages], np.int32)


def test_a_purchase_counts_half_after_each_half_life():
    assert decay(floats(0, 28, 56, 84), 28.0).tolist() == [1, 0.5, 0.25, 0.125]


def test_counts_are_decayed_and_added_up_by_item():
    found = decayed_counts(rows(0, 0, 2), days_ago(0, 28, 56), 4, DAY, TUNING)
    assert found.tolist() == [1.5, 0, 0.25, 0]


def test_a_purchase_after_the_day_counts_as_made_on_it():
    assert decayed_counts(rows(0), days_ago(-5), 1, DAY, TUNING).tolist() == [1]


def popularity_of(purchases, pairs, items=2, **knobs):
    """Popularity from (item, days ago) of each purchase and of each buyer's last."""
    return popularity(
        rows(*(item for item, _ in purchases)), days_ago(*(age for _, age in purchases)),
        rows(*(item for item, _ in pairs)), days_ago(*(age for _, age in pairs)),
        items, DAY, TUNING.changed(knobs),
    )  # fmt: skip


def test_one_loyal_buyer_counts_less_than_as_many_purchases_by_several():
    # Milk: 4 purchases by 1 buyer; bread: 4 purchases by 4 buyers.
    purchases = [(0, 0)] * 4 + [(1, 0)] * 4
    pairs = [(0, 0)] + [(1, 0)] * 4
    assert popularity_of(purchases, pairs).tolist() == [0.625, 1]  # 0.5 * 4/4 + 0.5 * 1/4
    assert popularity_of(purchases, pairs, popularity_buyer_weight=0.0).tolist() == [1, 1]
    assert popularity_of(purchases, pairs, popularity_buyer_weight=1.0).tolist() == [0.25, 1]


def test_the_highest_is_one_though_no_item_leads_in_both():
    # Milk leads in purchases (2 to 1), bread in buyers (2 to 1): 0.75 each before scaling.
    found = popularity_of([(0, 0), (0, 0), (1, 0)], [(0, 0), (1, 0), (1, 0)])
    assert found.tolist() == [1, 1]


def test_two_old_purchases_equal_one_new():
    found = popularity_of([(0, 28), (0, 28), (1, 0)], [(0, 28), (0, 28), (1, 0)])
    assert found.tolist() == [1, 1]


def test_nothing_bought_is_nothing_popular():
    assert popularity_of([], []).tolist() == [0, 0]
    assert to_top(floats()).tolist() == []


def test_purchases_so_old_that_nothing_is_left_of_them_are_no_division_by_zero():
    found = popularity_of([(0, 10_000)], [(0, 10_000)], popularity_half_life_days=1.0)
    assert found.tolist() == [0, 0]


def test_equal_popularity_keeps_the_order_of_the_rows():
    assert most_popular(floats(0.5, 1, 0.5, 1)).tolist() == [1, 3, 0, 2]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 400)), min_size=1, max_size=30))
def test_popularity_lies_between_zero_and_one_and_one_is_reached(purchases):
    last = {}
    for item, age in purchases:
        last[item] = min(age, last.get(item, age))
    found = popularity_of(purchases, list(last.items()), items=6)
    assert found.dtype == np.float32
    assert found.max() == pytest.approx(1)
    assert (found >= 0).all()
    assert {item for item in range(6) if found[item] > 0} == set(last)
