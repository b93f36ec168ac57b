"""How much more sells on promotion, learned back from sales that were made with known effects."""

import numpy as np
import pytest

from restock.core.learned.promotion_plan import plan_fits
from tests.unit.trainer.shop import some_purchases
from trainer.learned.fit_promotions import (
    PLANNED_DAYS,
    PromotionPriors,
    fit_promotions,
    past_of,
    scaled,
)
from trainer.promotions import NO_PROMOTIONS, Promotions

BEGIN, DAY, ITEMS, SHOPPERS = 1000, 1350, 40, 60
MAILER, DISPLAY, EAGER = 2.5, 1.6, 2.0
FIRM = PromotionPriors(effect_sales=1.0, kind_sales=1.0, item_sales=1.0)


def weekly(until=DAY + 28, seed=1):
    """Each item is in the mailer every third week, on display every fourth, both by chance."""
    draw, rows = np.random.default_rng(seed), []
    for item in range(ITEMS):
        for first in range(BEGIN, until, 7):
            mailer, display = int(draw.random() < 1 / 3), int(draw.random() < 1 / 4)
            if mailer or display:
                rows.append((item, first, first + 6, mailer, display))
    items, firsts, lasts, *ways = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    return Promotions(items, firsts, lasts, np.stack(ways, axis=1), np.ones(len(items), np.float32))


def sales(promotions, seed=2):
    """Purchases of shoppers who buy each item on a few days in a hundred, more often on promotion."""
    draw, rows = np.random.default_rng(seed), []
    chance = np.full((ITEMS, DAY - BEGIN), 0.03)
    for item, first, last, (mailer, display) in zip(
        promotions.products, promotions.first_days, promotions.last_days, promotions.effects,
        strict=True,
    ):  # fmt: skip
        factor = MAILER**mailer * DISPLAY**display * (EAGER if item == 0 else 1)
        chance[item, first - BEGIN : last - BEGIN + 1] *= factor
    for shopper in range(SHOPPERS):
        items, days = np.nonzero(draw.random(chance.shape) < chance)
        rows += [
            (f"u{shopper:02d}", f"i{item:02d}", BEGIN + day, 1.0, 1.0)
            for item, day in zip(items.tolist(), days.tolist(), strict=True)
        ]
    return some_purchases(rows)


@pytest.fixture(scope="module")
def purchases():
    return sales(weekly())


@pytest.fixture(scope="module")
def promotions(purchases):
    """Numbered as the items of the purchases, which stand by how often they are bought."""
    numbers = np.array([int(item[1:]) for item in purchases.item_ids])
    return weekly().of(numbers, ITEMS)


@pytest.fixture(scope="module")
def plan(purchases, promotions):
    return fit_promotions(purchases, np.full(ITEMS, -1, np.int32), promotions, DAY, FIRM)


def test_the_effects_of_both_ways_are_found_apart(purchases, promotions):
    mailer, display = scaled(past_of(purchases, promotions, DAY), FIRM)
    assert mailer[0] == display[0] == 1
    assert mailer[1] == pytest.approx(MAILER, rel=0.1)
    assert display[1] == pytest.approx(DISPLAY, rel=0.1)


def test_an_item_that_answers_to_promotions_more_than_others_is_found(purchases, plan):
    eager = purchases.item_ids.index("i00")
    assert plan.responses[eager] == pytest.approx(EAGER, rel=0.2)
    assert np.delete(plan.responses, eager).max() < 1.5


def test_the_plan_holds_this_week_and_the_next(plan, promotions):
    assert plan_fits(plan, ITEMS)
    assert plan.last_days.min() >= DAY
    assert plan.first_days.max() < DAY + PLANNED_DAYS
    ahead = (promotions.last_days >= DAY) & (promotions.first_days < DAY + PLANNED_DAYS)
    assert len(plan.lifts) == np.count_nonzero(ahead)
    in_both = (promotions.effects[ahead] == 1).all(axis=1)
    usual = plan.responses[promotions.products[ahead]]
    assert plan.lifts[in_both] / usual[in_both] == pytest.approx(MAILER * DISPLAY, rel=0.15)


def test_the_usual_lift_is_the_mean_of_the_last_eight_weeks(plan):
    expected = (1 + (MAILER - 1) / 3) * (1 + (DISPLAY - 1) / 4)
    assert plan.usual_lifts.mean() == pytest.approx(expected, rel=0.15)


def test_promotions_that_nobody_has_planned_yet_change_nothing(purchases, promotions, plan):
    known = promotions.known_on(DAY, PLANNED_DAYS)
    assert len(known) < len(promotions)
    again = fit_promotions(purchases, np.full(ITEMS, -1, np.int32), known, DAY, FIRM)
    assert all(one.tobytes() == two.tobytes() for one, two in zip(plan, again, strict=True))


def test_a_way_that_has_not_been_seen_yet_has_no_effect_of_its_own(purchases, promotions):
    new = promotions.where(promotions.first_days >= DAY)
    new = Promotions(
        np.append(promotions.products, new.products[:1]),
        np.append(promotions.first_days, new.first_days[:1]),
        np.append(promotions.last_days, new.last_days[:1]),
        np.append(promotions.effects, np.full((1, 2), 9, np.int32), axis=0),
        np.append(promotions.shares, new.shares[:1]),
    )
    order = np.lexsort((new.first_days, new.products))
    found = fit_promotions(purchases, np.full(ITEMS, -1, np.int32), new.where(order), DAY, FIRM)
    assert np.isfinite(found.lifts).all()
    assert found.lifts.max() < 3 * MAILER * DISPLAY


def test_without_promotions_everything_sells_as_usual(purchases):
    plan = fit_promotions(purchases, np.full(ITEMS, -1, np.int32), NO_PROMOTIONS, DAY)
    assert plan_fits(plan, ITEMS)
    assert len(plan.lifts) == 0
    assert set(plan.usual_lifts) == set(plan.responses) == {1}


def test_an_item_never_sold_on_promotion_is_held_to_its_kind():
    rows = [("ann", "tea", day, 1.0, 1.0) for day in range(BEGIN, DAY, 2)]
    rows += [("ann", "rare tea", BEGIN, 1.0, 1.0)]
    purchases = some_purchases(rows)
    promotions = Promotions(
        np.array([0, 1], np.int32), np.array([BEGIN, DAY], np.int32),
        np.array([BEGIN + 6, DAY + 6], np.int32), np.ones((2, 1), np.int32), np.ones(2, np.float32),
    )  # fmt: skip
    plan = fit_promotions(purchases, np.zeros(2, np.int32), promotions, DAY, FIRM)
    assert plan.responses[1] == pytest.approx(plan.responses[0], rel=0.5)
