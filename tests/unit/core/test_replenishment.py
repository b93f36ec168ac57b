import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.replenishment import (
    PurchaseHistory,
    Replenishment,
    ReplenishmentState,
    replenishment,
    said_to_be_due,
)
from restock.core.replenishment_model import DEFAULT_MODEL, FEATURES, ReplenishmentModel
from tests.unit.core.shop import DAY, TUNING, floats

NAN = float("nan")
PURE_RULE = dataclasses.replace(DEFAULT_MODEL, quantity_elasticity=1.0)
WEEKLY = {"times": 11, "first_ago": 74, "last_ago": 4}
"""Eleven purchases, a week apart, the last four days ago."""


def a_history(*products: dict[str, float], shopping_days: int = 40) -> PurchaseHistory:
    """Products by how often and how many days ago they were bought; one unit at a time unless said."""
    rows = [
        {"units": row["times"], "last_units": 1, "cycle": 10, "average": 1} | row
        for row in products
    ]
    column = {name: floats(*(row[name] for row in rows)) for name in rows[0]} if rows else {}
    none = floats()
    return PurchaseHistory(
        purchase_counts=column.get("times", none),
        first_days=DAY - column.get("first_ago", none),
        last_days=DAY - column.get("last_ago", none),
        units=column.get("units", none),
        last_units=column.get("last_units", none),
        item_cycle_days=column.get("cycle", none),
        item_average_units=column.get("average", none),
        shopping_days=shopping_days,
        first_shopping_day=DAY - 200,
        last_shopping_day=DAY - 2,
    )


def said(*products, horizon=7, model=DEFAULT_MODEL, **knobs) -> Replenishment:
    tuning = TUNING.changed(knobs)
    return replenishment(a_history(*products), model, DAY, horizon, tuning)


def state(horizon=7, **product) -> str:
    """Name of the state of one product, by its due day alone."""
    found = said(product, horizon=horizon, replenishment_due_probability=1.0)
    return ReplenishmentState(int(found.states[0])).name


def test_ten_gaps_of_a_week_beside_two_of_the_items_ten_days():
    found = said(WEEKLY)
    assert found.cycle_days[0] == pytest.approx((10 * 7 + 2 * 10) / 12)  # 7.5 days
    assert found.gaps[0] == 10
    assert found.due_days[0] == DAY - 4 + 8


def test_what_was_bought_once_has_the_items_cycle_and_no_state():
    found = said({"times": 1, "first_ago": 3, "last_ago": 3})
    assert (found.cycle_days[0], found.gaps[0], found.due_days[0]) == (10, 0, DAY + 7)
    assert found.states[0] == ReplenishmentState.INSUFFICIENT_DATA


def test_the_items_cycle_may_stand_in_for_a_gap_where_the_knob_allows_it():
    bought_once = {"times": 1, "first_ago": 3, "last_ago": 3}
    knobs = {"replenishment_least_gaps": 0, "replenishment_due_probability": 1.0}
    assert said(bought_once, **knobs).states[0] == ReplenishmentState.DUE
    unknown_item = bought_once | {"cycle": NAN}
    assert said(unknown_item, **knobs).states[0] == ReplenishmentState.INSUFFICIENT_DATA


def test_an_unknown_item_takes_the_typical_cycle_until_there_are_gaps():
    once = said({"times": 1, "first_ago": 3, "last_ago": 3, "cycle": NAN, "average": NAN})
    assert once.cycle_days[0] == DEFAULT_MODEL.typical_cycle_days
    often = said(WEEKLY | {"cycle": NAN})
    assert often.cycle_days[0] == pytest.approx((10 * 7 + 2 * 27) / 12)


@pytest.mark.parametrize(
    ("last_ago", "horizon", "expected"),
    [
        (0, 7, "TOO_SOON"),  # due in 8 days
        (0, 8, "DUE"),
        (1, 7, "DUE"),
        (7, 1, "DUE"),  # due tomorrow
        (8, 7, "OVERDUE"),  # due today
        (29, 7, "OVERDUE"),
        (30, 7, "LAPSED"),  # four cycles of 7.5 days
    ],
)
def test_the_due_day_says_the_state(last_ago, horizon, expected):
    assert state(horizon, times=11, first_ago=last_ago + 70, last_ago=last_ago) == expected


def test_what_is_likely_is_due_though_its_day_is_later():
    # Every third day for a hundred days, and today: due in 4 days.
    staple = {"times": 35, "first_ago": 102, "last_ago": 0}
    found = said(staple, horizon=3)
    assert found.due_days[0] == DAY + 3
    by_probability = said(staple, horizon=2, replenishment_due_probability=0.1)
    assert by_probability.states[0] == ReplenishmentState.DUE
    assert state(2, **staple) == "TOO_SOON"


def is_due(found, tuning=TUNING):
    return said_to_be_due(found.states, found.probabilities, tuning)


def test_said_to_be_due_is_due_or_overdue_and_likely():
    weekly, lapsed = WEEKLY, {"times": 3, "first_ago": 190, "last_ago": 170}
    history = a_history(weekly, lapsed, {"times": 1, "first_ago": 2, "last_ago": 2})
    found = replenishment(history, DEFAULT_MODEL, DAY, 7, TUNING)
    assert found.probabilities[0] > 0.3 > 0.1 > found.probabilities[1]
    assert is_due(found).tolist() == [True, False, False]
    nothing = TUNING.changed({"replenishment_due_probability": 1.0})
    assert not is_due(found, nothing).any()


def test_twice_the_usual_units_last_longer_by_the_measured_elasticity():
    usual = {"times": 41, "first_ago": 1200, "last_ago": 0, "cycle": 30}
    once, twice = usual | {"units": 41}, usual | {"units": 42, "last_units": 2}
    due = said(once, twice).due_days - DAY
    assert due.tolist() == [30, round(30 * 2**DEFAULT_MODEL.quantity_elasticity)] == [30, 33]


def test_under_the_pure_rule_twice_the_milk_lasts_twice_as_long():
    usual = {"times": 41, "first_ago": 1200, "last_ago": 0, "cycle": 30}
    once, twice = usual | {"units": 41}, usual | {"units": 42, "last_units": 2}
    half = usual | {"units": 40.5, "last_units": 0.5}
    by_model = said(once, twice, half, model=PURE_RULE).due_days - DAY
    by_knob = said(once, twice, half, least_quantity_elasticity=1.0).due_days - DAY
    assert by_model.tolist() == by_knob.tolist() == [30, 60, 15]


def test_a_single_purchase_is_compared_with_the_items_average():
    twice = {"times": 1, "first_ago": 0, "last_ago": 0, "units": 4, "last_units": 4, "average": 2}
    assert said(twice, model=PURE_RULE).due_days[0] == DAY + 20


def test_a_quantity_beyond_four_times_the_usual_says_no_more():
    hoard = {"times": 1, "first_ago": 0, "last_ago": 0, "units": 900, "last_units": 900}
    assert said(hoard, model=PURE_RULE).due_days[0] == DAY + 40


@pytest.mark.parametrize(
    ("times", "units", "last_units", "average", "expected"),
    [
        (4, 8, 2, 2.0, 2),
        (9, 24, 3, 1.0, 2),  # (24 + 1) / 10, rounded
        (1, 1, 1, 0.1, 1),  # one at least
        (1, 5, 5, 1.0, 3),  # halfway to what others buy
        (3, 1.5, 0.5, 0.5, 0.5),  # by weight: not rounded
        (2, 4, 2, NAN, 2),
    ],
)
def test_the_usual_units_are_suggested_whole_where_they_are_whole(
    times, units, last_units, average, expected
):
    row = {"times": times, "first_ago": 20, "last_ago": 2, "average": average}
    found = said(row | {"units": units, "last_units": last_units})
    assert found.suggested_units[0] == pytest.approx(expected)


def test_the_interval_is_eighty_percent_of_a_lognormal():
    found = said(WEEKLY)
    spread = np.exp(1.2816 / np.sqrt(3.28 + 10 * 0.154))
    assert found.cycle_days_low[0] == pytest.approx(7.5 / spread, rel=1e-4)
    assert found.cycle_days_high[0] == pytest.approx(7.5 * spread, rel=1e-4)


def test_a_purchase_after_the_day_counts_as_made_on_it():
    tomorrow = said(WEEKLY | {"last_ago": -1, "first_ago": 69})
    today = said(WEEKLY | {"last_ago": 0, "first_ago": 69})
    assert tomorrow.probabilities == today.probabilities
    assert tomorrow.due_days == today.due_days


def test_who_bought_nothing_needs_nothing():
    found = said()
    assert all(len(getattr(found, field.name)) == 0 for field in dataclasses.fields(found))


def test_the_columns_have_the_types_that_they_promise():
    found = said(WEEKLY)
    types = {
        field.name: getattr(found, field.name).dtype.name for field in dataclasses.fields(found)
    }
    assert (types["gaps"], types["due_days"], types["states"]) == ("int32", "int32", "int8")
    rest = {name: kind for name, kind in types.items() if not kind.startswith("int")}
    assert set(rest.values()) == {"float32"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": (0.0,)},
        {"weights": (NAN,) * len(FEATURES)},
        {"quantity_elasticity": -0.1},
        {"cycle_precision": 0.0},
        {"cycle_precision_per_gap": -1.0},
        {"typical_cycle_days": 0.5},
        {"typical_cycle_days": NAN},
    ],
)
def test_coefficients_that_cannot_be_used_are_refused(wrong):
    fields = dataclasses.asdict(DEFAULT_MODEL) | wrong
    with pytest.raises(ValueError, match=r"finite|range"):
        ReplenishmentModel(**fields)


AMOUNTS = st.one_of(st.integers(0, 10**9).map(lambda milli: milli / 1000), st.just(NAN))
"""Units and days in whole thousandths, as profiles keep them, or unknown."""
PRODUCTS = st.fixed_dictionaries(
    {
        "times": st.integers(0, 3000),
        "first_ago": st.integers(-5, 18_000),
        "last_ago": st.integers(-5, 18_000),
        "units": AMOUNTS,
        "last_units": AMOUNTS,
        "cycle": AMOUNTS,
        "average": AMOUNTS,
    }
)


@given(st.lists(PRODUCTS, max_size=4), st.integers(0, 4000), st.integers(1, 90))
def test_nothing_recorded_makes_a_nan_or_leaves_its_range(products, shopping_days, horizon):
    history = a_history(*products, shopping_days=shopping_days)
    found = replenishment(history, DEFAULT_MODEL, DAY, horizon, TUNING)
    for field in dataclasses.fields(found):
        assert np.isfinite(getattr(found, field.name)).all(), field.name
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
    assert (found.cycle_days_low <= found.cycle_days).all()
    assert (found.cycle_days <= found.cycle_days_high).all()
    assert (found.cycle_days >= 1).all()
    assert (found.suggested_units > 0).all()
    assert set(found.states.tolist()) <= {state.value for state in ReplenishmentState}


@given(PRODUCTS, st.integers(1, 89))
def test_a_longer_horizon_never_makes_a_purchase_less_likely(product, horizon):
    shorter, longer = (said(product, horizon=days).probabilities for days in (horizon, horizon + 1))
    assert shorter <= longer


@given(PRODUCTS, st.integers(1, 89))
def test_what_is_said_to_be_due_stays_so_for_a_longer_horizon(product, horizon):
    shorter, longer = (is_due(said(product, horizon=days)) for days in (horizon, horizon + 1))
    assert longer or not shorter


@given(st.integers(1, 400), st.floats(1, 365, width=32))
def test_more_gaps_of_one_length_narrow_the_interval(gaps, days):
    fewer, more = (
        said({"times": 1 + n, "first_ago": days * n, "last_ago": 0, "cycle": days})
        for n in (gaps, gaps + 1)
    )
    width = [found.cycle_days_high / found.cycle_days_low for found in (fewer, more)]
    assert width[1] < width[0]


@given(st.lists(PRODUCTS, min_size=2, max_size=4))
def test_a_products_cycle_does_not_depend_on_the_other_products(products):
    together, alone = said(*products), said(products[0])
    assert together.cycle_days[0] == alone.cycle_days[0]
    assert together.due_days[0] == alone.due_days[0]
    assert together.suggested_units[0] == alone.suggested_units[0]
