"""What the ranker looks at of products bought before."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.learned.item_table import CYCLE, HAZARD_WEEKS, ITEM_FEATURES, PRICE, REBUY_28
from restock.core.learned.own_features import (
    FAR,
    OWN_FEATURES,
    SHOPPER_FEATURES,
    own_features,
    shopper_features,
    trips_of,
)
from tests.unit.core.learned.shoppers import DAY, bought

HAZARDS = np.tile(np.linspace(0.2, 0.01, HAZARD_WEEKS, dtype=np.float32), (2, 1))


def columns():
    """Two items with a cycle of 14 days, a price of 4.00, of which half is bought again in a month."""
    found = np.zeros((2, len(ITEM_FEATURES)), np.float32)
    found[:, CYCLE], found[:, PRICE], found[:, REBUY_28] = 14, 4, 0.5
    return found


def described(days_by_row, day=DAY):
    """Features of each product by name."""
    purchases = bought(days_by_row)
    rows = own_features(purchases, trips_of(purchases), columns(), HAZARDS, 30.0, day)
    return [dict(zip(OWN_FEATURES, row.tolist(), strict=True)) for row in rows]


def test_a_product_bought_on_three_of_four_trips_is_described_day_by_day():
    milk, _ = described({0: [170, 180, 194], 1: [187]})
    assert milk["purchase_count"] == 3
    assert (milk["days_since"], milk["days_since_first"]) == (6, 30)
    assert milk["trip_share"] == milk["trip_share_since_first"] == 0.75
    assert [milk[f"in_last_{n}"] for n in (1, 2, 3, 5)] == [1, 1, 2, 3]
    assert milk["trips_since"] == 0
    assert (milk["mean_gap"], milk["last_gap"]) == (12, 14)
    assert milk["gap_variation"] == pytest.approx(2 / 12)
    assert milk["decayed_30"] == pytest.approx(0.5 ** (6 / 30) + 0.5 ** (20 / 30) + 0.5)
    assert milk["since_over_cycle"] == pytest.approx(6 / ((24 + 14) / 3))
    assert milk["since_over_item_cycle"] == pytest.approx(6 / 14)
    assert milk["item_hazard"] == HAZARDS[0, 0]
    assert milk["paid_price_ratio"] == pytest.approx(0.5)


def test_a_product_bought_once_has_no_gap():
    _, bread = described({0: [170, 180, 194], 1: [187]})
    assert [bread[name] for name in ("mean_gap", "last_gap", "mean_trip_gap")] == [FAR] * 3
    assert bread["gap_variation"] == -1
    assert bread["trips_since"] == 1
    assert bread["item_hazard"] == HAZARDS[0, 1]


def test_products_are_ranked_by_what_was_bought_most_of_late():
    first, second, third = described({0: [150], 1: [190, 195], -1: [180]})
    assert [one["rank_60"] for one in (first, second, third)] == [2, 0, 1]
    assert sum(one["share_60"] for one in (first, second, third)) == pytest.approx(1)
    assert second["share_of_highest_60"] == 1


def test_tifu_decays_within_groups_of_three_trips_and_across_them():
    (milk,) = described({0: [10, 20, 30, 40]}, day=50)
    within = 1 + 0.95 + 0.95**2
    assert milk["tifu"] == pytest.approx((within + 0.8) / (4 / 3), rel=1e-6)


def test_own_gaps_of_as_long_as_now_say_how_likely_this_week_is():
    (milk,) = described({0: [100, 110, 140, 196]})
    # Gaps of 10, 30 and 56 days; 4 have passed, and the first ends within the 7 days after them.
    assert milk["own_hazard"] == pytest.approx((1 + 2 * 0.2) / (3 + 2))


def test_a_shopper_is_described_by_trips():
    purchases = bought({0: [170, 180, 194], 1: [180]})
    trips = trips_of(purchases)
    assert trips.days.tolist() == [170, 180, 194]
    assert (trips.sizes.tolist(), trips.repeats.tolist()) == ([1, 2, 1], [0, 1, 1])
    found = dict(zip(SHOPPER_FEATURES, shopper_features(purchases, trips, DAY), strict=True))
    assert (found["trips"], found["mean_trip_days"], found["since_trip"]) == (3, 12, 6)
    assert (found["products"], found["history_days"]) == (2, 30)
    assert found["repeat_share"] == 0.5
    assert found["mean_price"] == 2


def test_nobody_has_no_trips():
    nobody = bought({})
    assert shopper_features(nobody, trips_of(nobody), DAY).tolist() == [0.0] * len(SHOPPER_FEATURES)
    assert described({}) == []


histories = st.dictionaries(
    st.integers(-9, 1),
    st.sets(st.integers(0, DAY), min_size=1, max_size=6).map(sorted),
    min_size=1,
    max_size=6,
)


@given(histories, st.integers(0, 80_000))
def test_every_number_is_finite_also_decades_later(days_by_row, later):
    for one in described(days_by_row, DAY + later):
        assert np.isfinite([*one.values()]).all()
