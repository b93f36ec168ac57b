import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.signals import average_price, strengths, unit_prices
from tests.unit.core.shop import TUNING, floats

LOG_2, LOG_3_5, LOG_1_5 = 0.693147, 1.252763, 0.405465


def strength(price=2.0, units=1.0, times=1.0, *, average=2.0, item_average_units=1.0, **knobs):
    """What one pair says, by a shopper who pays 2.00 on average."""
    return strengths(
        floats(price), average, floats(units), floats(item_average_units), floats(times),
        TUNING.changed(knobs),
    )[0]  # fmt: skip


@pytest.mark.parametrize(
    ("price", "units", "item_average_units", "expected"),
    [
        (2.0, 1, 1, LOG_2),  # log1p(0.5 * 2/2 + 0.5 * 1/1)
        (4.0, 3, 1, LOG_3_5),  # log1p(0.5 * 4/2 + 0.5 * 3/1)
        (2.0, 6, 6, LOG_2),  # six eggs are an average purchase of eggs
        (1.0, 1, 2, LOG_1_5),  # log1p(0.5 * 1/2 + 0.5 * 1/2)
    ],
)
def test_one_purchase_says_log1p_of_half_spending_and_half_quantity(
    price, units, item_average_units, expected
):
    found = strength(price, units, item_average_units=item_average_units)
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_give_away_has_a_spending_ratio_of_0_and_stays():
    assert strength(price=0.0) == pytest.approx(LOG_1_5, rel=1e-5)


def test_an_unknown_average_price_leaves_quantity_alone_to_speak():
    assert strength(average=0.0) == pytest.approx(LOG_1_5, rel=1e-5)


def test_three_like_purchases_say_three_times_as_much():
    assert strength(units=3, times=3) == pytest.approx(3 * LOG_2, rel=1e-5)


def test_a_purchase_says_no_less_than_a_tenth():
    assert strength(price=0.0, units=0.001) == pytest.approx(0.1)
    assert strength(price=0.0, units=0.004, times=4) == pytest.approx(0.4)


def test_a_purchase_says_no_more_than_five():
    assert strength(units=1_000_000) == 5
    assert strength(units=2_000_000, times=2) == 10


def test_weights_floor_and_cap_are_knobs():
    assert strength(4.0, 3, spending_weight=1.0, quantity_weight=0.0) == pytest.approx(np.log(3))
    assert strength(0.0, 0.001, min_strength=0.3) == pytest.approx(0.3)
    assert strength(4.0, 3, max_strength=1.0) == 1


def test_many_shoppers_are_done_at_once_each_with_an_average_of_their_own():
    found = strengths(floats(2, 4), floats(2, 4), floats(1, 1), floats(1, 1), floats(1, 1), TUNING)
    assert found == pytest.approx([LOG_2, LOG_2], rel=1e-5)
    assert found.dtype == np.float32


def test_a_unit_costs_what_was_spent_over_the_units_and_nothing_where_none_are_known():
    assert unit_prices(floats(6, 0, 5), floats(4, 2, 0)).tolist() == [1.5, 0, 0]


def test_the_average_price_counts_each_purchase_once():
    assert average_price(floats(1, 4), floats(3, 1)) == pytest.approx(7 / 4)
    assert average_price(floats(), floats()) == 0.0


some_price = st.floats(0, 1000, width=32)
some_average = st.just(0.0) | st.floats(0.0009765625, 1000, width=32)
some_units = st.floats(0.125, 1000, width=32)


@given(price=some_price, units=some_units, average=some_average, times=st.integers(1, 50))
def test_buying_the_same_again_never_weakens_what_a_pair_says(price, units, average, times):
    before = strength(price, units * times, times, average=average)
    after = strength(price, units * (times + 1), times + 1, average=average)
    assert after >= before * (1 - 1e-6)


@given(price=some_price, units=some_units, average=some_average, times=st.integers(1, 50))
def test_the_same_units_over_more_days_never_weaken_what_a_pair_says(price, units, average, times):
    before = strength(price, units, times, average=average)
    assert strength(price, units, times + 1, average=average) >= before * (1 - 1e-6)


@given(
    price=some_price, units=some_units, average=some_average, times=st.integers(1, 50),
    more=some_units,
)  # fmt: skip
def test_more_units_never_weaken_and_every_purchase_is_within_floor_and_cap(
    price, units, average, times, more
):
    found = strength(price, units, times, average=average)
    assert strength(price, units + more, times, average=average) >= found
    assert 0.1 * times * (1 - 1e-6) <= found <= 5 * times
