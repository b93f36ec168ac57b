import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.price import over_budget, price_factor, price_ratio, upsell_factor
from tests.unit.core.shop import TUNING, floats

NAN = float("nan")


def test_the_ratio_is_price_over_the_shoppers_average():
    assert price_ratio(floats(1, 2, 5), 2.0).tolist() == [0.5, 1, 2.5]


@pytest.mark.parametrize("average", [0.0, -1.0, NAN, 1e-300, 1e-45])
def test_an_average_of_nothing_gives_no_ratio(average):
    assert np.isnan(price_ratio(floats(0, 2), average)).all()


def test_an_unknown_price_gives_no_ratio():
    assert np.isnan(price_ratio(floats(NAN), 2.0)).all()


def test_an_average_beyond_all_prices_makes_everything_cheap():
    assert price_ratio(floats(5), 1e300).tolist() == [0]


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
    assert price_factor(floats(ratio), TUNING) == pytest.approx([factor])
    assert over_budget(floats(ratio), TUNING).tolist() == [out]


@pytest.mark.parametrize(
    ("ratio", "factor"),
    [(0.0, 1), (0.5, 1.01), (1.0, 1.02), (2.0, 1.04), (50.0, 1.04), (NAN, 1)],
)
def test_upsell_grows_with_the_price_up_to_the_budget(ratio, factor):
    assert upsell_factor(floats(ratio), TUNING) == pytest.approx([factor])


def test_no_upsell_changes_nothing():
    none = TUNING.changed({"upsell_factor": 0.0})
    assert upsell_factor(floats(0, 1, 2), none).tolist() == [1, 1, 1]


@given(
    prices=st.lists(st.floats(0, 1e6, width=32), max_size=9),
    average=st.floats(0, allow_infinity=False),
)
def test_every_factor_is_a_number_above_zero_whatever_is_paid(prices, average):
    ratio = price_ratio(floats(*prices), average)
    price, upsell = price_factor(ratio, TUNING), upsell_factor(ratio, TUNING)
    assert ((price > 0) & (price <= 1)).all()
    assert ((upsell >= 1) & (upsell <= 1.04 + 1e-6)).all()
