import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core import price as rules
from restock.core.price import price_ratio
from tests.unit.core.shop import TUNING, floats

NAN = float("nan")


def number(value):
    return np.float32(value)


def price_factor(ratio):
    return rules.price_factor(number(ratio), TUNING.soft_price_ratio)


def upsell_factor(ratio, tuning=TUNING):
    return rules.upsell_factor(
        number(ratio), tuning.upsell_factor, tuning.price_boost_weight, tuning.max_price_ratio
    )


def test_the_ratio_is_price_over_the_shoppers_average():
    assert [price_ratio(price, 2.0) for price in floats(1, 2, 5)] == [0.5, 1, 2.5]


@pytest.mark.parametrize("average", [0.0, -1.0, NAN, 1e-300, 1e-45])
def test_an_average_of_nothing_gives_no_ratio(average):
    assert np.isnan([price_ratio(price, average) for price in floats(0, 2)]).all()


def test_an_unknown_price_gives_no_ratio():
    assert np.isnan(price_ratio(number(NAN), 2.0))


def test_an_average_beyond_all_prices_makes_everything_cheap():
    assert price_ratio(number(5), 1e300) == 0


@pytest.mark.parametrize(
    ("ratio", "factor", "out"),
    [
        (0.0, 1, False),
        (1.5, 1, False),
        (1.6, 1.5 / 1.6, False),
        (2.0, 0.75, False),
        (2.01, 1.5 / 2.01, True),
        (10.0, 0.15, True),
        (NAN, 1, False),
    ],
)
def test_the_budget_bends_from_one_and_a_half_and_breaks_above_two(ratio, factor, out):
    assert price_factor(ratio) == pytest.approx(factor)
    assert rules.over_budget(number(ratio), TUNING.max_price_ratio) == out


@pytest.mark.parametrize(
    ("ratio", "factor"),
    [(0.0, 1), (0.5, 1.01), (1.0, 1.02), (2.0, 1.04), (50.0, 1.04), (NAN, 1)],
)
def test_upsell_grows_with_the_price_up_to_the_budget(ratio, factor):
    assert upsell_factor(ratio) == pytest.approx(factor)


def test_no_upsell_changes_nothing():
    none = TUNING.changed({"upsell_factor": 0.0})
    assert [upsell_factor(ratio, none) for ratio in (0, 1, 2)] == [1, 1, 1]


@given(
    prices=st.lists(st.floats(0, 1e6, width=32), max_size=9),
    average=st.floats(0, allow_infinity=False),
)
def test_every_factor_is_a_number_above_zero_whatever_is_paid(prices, average):
    for price in floats(*prices):
        ratio = price_ratio(price, average)
        assert 0 < price_factor(ratio) <= 1
        assert 1 <= upsell_factor(ratio) <= 1.04 + 1e-6
