import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trainer.shop import TUNING, some_purchases
from trainer.cycles import item_cycles, purchase_gaps


def bought(user, item, *days):
    return [(user, item, day, 1.0, 1.0) for day in days]


def test_gaps_lie_between_one_users_purchases_of_one_item_only():
    purchases = some_purchases(bought("ann", "milk", 1, 8, 18) + bought("bob", "milk", 2))
    items, gaps = purchase_gaps(purchases)
    assert (items.tolist(), gaps.tolist()) == ([0, 0], [7, 10])


def test_five_gaps_of_ten_days_are_worth_as_much_as_the_categorys_seven():
    # Gaps: milk 5 x 10 days, cheese 15 x 7. The category's median is 7, as is that of all.
    milk = bought("ann", "milk", *range(0, 60, 10))
    cheese = bought("ann", "cheese", *range(0, 112, 7))
    cycles = item_cycles(some_purchases(milk + cheese), np.array([0, 0], np.int32), TUNING)
    assert cycles[1] == pytest.approx((5 * 10 + 5 * 7) / 10)


def test_an_item_bought_once_takes_its_categorys_cycle():
    rows = bought("ann", "milk", *range(0, 600, 10)) + bought("ann", "tea", *range(0, 3000, 50))
    rows += bought("bob", "curd", 4)  # items: curd, milk, tea
    cycles = item_cycles(some_purchases(rows), np.array([0, 0, 1], np.int32), TUNING)
    # The category's 59 gaps of 10 days, and 5 gaps' worth of the median of all, 30.
    assert cycles[0] == pytest.approx((59 * 10 + 5 * 30) / 64)


def test_an_item_without_category_takes_the_cycle_of_all():
    rows = bought("ann", "milk", 0, 10, 20) + bought("bob", "curd", 4)
    cycles = item_cycles(some_purchases(rows), np.array([-1, -1], np.int32), TUNING)
    assert cycles.tolist() == [10, 10]


def test_where_nothing_was_bought_twice_a_cycle_is_all_days_there_are():
    rows = bought("ann", "milk", 3) + bought("bob", "milk", 12)
    assert item_cycles(some_purchases(rows), np.array([0], np.int32), TUNING).tolist() == [10]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob"]),
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, 400),
            st.just(1.0),
            st.just(1.0),
        ),
        min_size=1,
        max_size=30,
    ),
    st.lists(st.integers(-1, 1), min_size=3, max_size=3),
    st.sampled_from([0.0, 5.0]),
)
def test_a_cycle_is_always_finite_and_at_least_a_day(rows, codes, prior):
    purchases = some_purchases(rows)
    category = np.array(codes[: len(purchases.item_ids)], np.int32)
    cycles = item_cycles(purchases, category, TUNING.changed({"item_cycle_prior_gaps": prior}))
    assert np.isfinite(cycles).all()
    assert (cycles >= 1).all()
    assert cycles.dtype == np.float32
