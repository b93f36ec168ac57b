"""What the ranker knows of an item's promotions on a day."""

import numpy as np
import pytest

from restock.core.learned.promotion_plan import (
    PROMOTION_FEATURES,
    PromotionPlan,
    no_plan,
    plan_fits,
    promotion_features,
)

PLAN = PromotionPlan(
    starts=np.array([0, 3, 3]),
    first_days=np.array([100, 103, 107], np.int32),
    last_days=np.array([106, 104, 113], np.int32),
    lifts=np.array([2.0, 3.0, 1.5], np.float32),
    shares=np.array([1.0, 0.5, 0.25], np.float32),
    responses=np.array([1.2, 1.0], np.float32),
    usual_lifts=np.array([1.25, 1.0], np.float32),
)
"""Item 0 is promoted from day 100 to 113, on 103 and 104 twice; item 1 never."""


def told(row, day):
    into = np.full(len(PROMOTION_FEATURES), np.nan, np.float32)
    promotion_features(into, PLAN, row, day)
    return dict(zip(PROMOTION_FEATURES, into.tolist(), strict=True))


@pytest.mark.parametrize(
    ("day", "lift", "next_week", "share"),
    [
        (92, 1, 1, 0),
        (93, 1, 2, 0),
        (100, 2, 1.5, 1),
        (103, 3, 1.5, 1),
        (107, 1.5, 1, 0.25),
        (113, 1.5, 1, 0.25),
        (114, 1, 1, 0),
    ],
)
def test_the_strongest_promotion_of_a_day_counts_and_that_of_the_day_a_week_later(
    day, lift, next_week, share
):
    found = told(0, day)
    assert (found["promotion_lift"], found["promotion_lift_next_week"]) == (lift, next_week)
    assert found["promotion_share"] == share
    assert found["promotion_over_usual"] == pytest.approx(lift / 1.25)
    assert found["promotion_response"] == pytest.approx(1.2)


def test_an_item_that_is_never_promoted_sells_as_usual():
    assert list(told(1, 103).values()) == [1, 1, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("starts", [0, 3]),
        ("starts", [0, 4, 3]),
        ("starts", [0, 2, 2]),
        ("starts", [1, 3, 3]),
        ("last_days", [1, 2]),
        ("lifts", [1.0, np.nan, 1.0]),
        ("shares", [1.0]),
        ("responses", [1.0]),
        ("usual_lifts", [0.0, 1.0]),
        ("usual_lifts", [np.inf, 1.0]),
    ],
)
def test_arrays_that_do_not_belong_together_do_not_fit(name, values):
    assert plan_fits(PLAN, 2)
    assert plan_fits(no_plan(2), 2)
    dtype = getattr(PLAN, name).dtype
    assert not plan_fits(PLAN._replace(**{name: np.array(values, dtype)}), 2)
