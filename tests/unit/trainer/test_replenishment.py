import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.artifacts.store import BundleStore
from restock.core.replenishment import PurchaseHistory, evidence_of, replenishment, shopper_of
from restock.core.replenishment_model import DEFAULT_MODEL, rebuy_probabilities
from tests.unit.trainer.shop import SMALL, TODAY, TUNING, a_source, many_rows, some_purchases
from trainer.logistic import Sample, logistic_weights
from trainer.progress import Quiet
from trainer.replenishment import (
    NEVER,
    cycle_precisions,
    evenly_spaced,
    fit_replenishment,
    quantity_elasticity,
    snapshot,
    until,
)
from trainer.train import train

NO_CATEGORIES = np.full(50, -1, np.int32)
NO_PULL = TUNING.changed({"replenishment_regularization": 0.0})


def bought(user, item, *days, units=1.0):
    return [(user, item, day, units, 1.0) for day in days]


def category_of(purchases):
    return NO_CATEGORIES[: len(purchases.item_ids)]


def a_steady_shop(users=40, days=200):
    """Shoppers who buy milk weekly, each on a day of their own, and one odd thing each, once."""
    rows = []
    for user in range(users):
        rows += bought(f"u{user:02}", "milk", *range(user % 7, days, 7))
        rows += bought(f"u{user:02}", f"odd {user % 9}", user)
    return some_purchases(rows)


def fitted(purchases, tuning=TUNING):
    return fit_replenishment(purchases, category_of(purchases), tuning)


def a_shopper_of_milk(last_ago, gap_days, gaps=20, day=200):
    one = np.ones(1, np.float32)
    return PurchaseHistory(
        purchase_counts=one * (gaps + 1),
        first_days=one * (day - last_ago - gaps * gap_days),
        last_days=one * (day - last_ago),
        units=one * (gaps + 1),
        last_units=one,
        item_cycle_days=one * gap_days,
        item_average_units=one,
        shopping_days=gaps + 1,
        first_shopping_day=day - last_ago - gaps * gap_days,
        last_shopping_day=day - last_ago,
    )


def test_a_shop_of_weekly_milk_is_surer_of_the_next_week_than_the_built_in_model():
    history = a_shopper_of_milk(last_ago=3, gap_days=7)
    learned = replenishment(history, fitted(a_steady_shop()), 200, 7, TUNING).probabilities[0]
    built_in = replenishment(history, DEFAULT_MODEL, 200, 7, TUNING).probabilities[0]
    assert learned > 0.95 > 0.9 > built_in


@pytest.mark.parametrize(
    "rows",
    [
        bought("ann", "milk", 3),
        bought("ann", "milk", 1, 2, 3, 4) + bought("bob", "bread", 2),
        bought("ann", "milk", *range(0, 55, 5)),  # no window with four weeks before it
    ],
    ids=["one purchase", "four days", "eight weeks"],
)
def test_a_shop_too_small_to_learn_from_keeps_the_built_in_weights(rows):
    assert fitted(some_purchases(rows)).weights == DEFAULT_MODEL.weights


def test_no_windows_keep_the_built_in_weights():
    found = fitted(a_steady_shop(), TUNING.changed({"replenishment_windows": 0}))
    assert found.weights == DEFAULT_MODEL.weights


def test_a_few_rebuys_move_the_weights_but_little():
    rows = bought("ann", "milk", *range(0, 90, 9)) + bought("bob", "milk", 2, 30, 60)
    found = np.array(fitted(some_purchases(rows)).weights)
    moved = np.abs(found - DEFAULT_MODEL.weights)
    assert 0 < moved.max() < 0.5


def test_without_a_pull_a_tiny_shop_still_gives_finite_weights():
    rows = bought("ann", "milk", *range(0, 90, 9)) + bought("bob", "milk", 2, 30, 60)
    assert np.isfinite(fitted(some_purchases(rows), NO_PULL).weights).all()


def test_the_same_purchases_give_the_same_model():
    assert fitted(a_steady_shop()) == fitted(a_steady_shop())


def test_nothing_after_a_day_is_in_what_was_known_on_it():
    rows = bought("ann", "milk", 1, 8) + bought("bob", "milk", 5, units=3.0)
    later = bought("ann", "milk", 12, units=50.0) + bought("ann", "wine", 11, 12, 13)
    purchases, short = some_purchases(rows + later), some_purchases(rows)
    seen = snapshot(purchases, category_of(purchases), 10, TUNING)
    known = snapshot(short, category_of(short), 10, TUNING)
    for field in dataclasses.fields(known.columns):
        one, other = getattr(seen.columns, field.name), getattr(known.columns, field.name)
        assert one.tolist() == other.tolist(), field.name
    for field in dataclasses.fields(known.shoppers):
        one, other = getattr(seen.shoppers, field.name), getattr(known.shoppers, field.name)
        assert one.tolist() == other.tolist(), field.name
    assert seen.next_days.tolist() == [2, NEVER]  # ann's milk on day 12
    assert known.next_days.tolist() == [NEVER, NEVER]


def test_a_snapshot_counts_purchases_units_and_days():
    rows = (
        bought("ann", "milk", 1, 8, units=2.0) + bought("ann", "wine", 4) + bought("bob", "milk", 6)
    )
    found = snapshot(some_purchases(rows), NO_CATEGORIES[:2], 10, TUNING)
    columns, shoppers = found.columns, found.shoppers
    assert columns.purchase_counts.tolist() == [2, 1, 1]
    assert (columns.first_days.tolist(), columns.last_days.tolist()) == ([1, 4, 6], [8, 4, 6])
    assert (columns.units.tolist(), columns.last_units.tolist()) == ([4, 1, 1], [2, 1, 1])
    assert columns.item_average_units == pytest.approx([5 / 3, 1, 5 / 3])
    assert shoppers.shopping_days.tolist() == [3, 3, 1]
    assert shoppers.observed_days.tolist() == [10, 10, 5]
    assert shoppers.absent_days.tolist() == [2, 2, 4]
    assert shoppers.products.tolist() == [2, 2, 1]
    assert shoppers.purchases.tolist() == [3, 3, 1]


def test_training_and_serving_give_one_chance():
    purchases = a_steady_shop()
    day = 150
    found = snapshot(purchases, category_of(purchases), day, TUNING)
    evidence = evidence_of(found.columns, DEFAULT_MODEL, day, TUNING)
    in_training = rebuy_probabilities(evidence, found.shoppers, DEFAULT_MODEL, 7)
    own = found.users == 3
    columns = {
        field.name: getattr(found.columns, field.name)[own]
        for field in dataclasses.fields(found.columns)
    }
    history = PurchaseHistory(
        **columns, shopping_days=22, first_shopping_day=3, last_shopping_day=150
    )
    assert shopper_of(history, day).purchases == found.shoppers.purchases[own][0]
    served = replenishment(history, DEFAULT_MODEL, day, 7, TUNING).probabilities
    assert served == pytest.approx(in_training[own])


def test_gaps_that_double_with_the_units_have_an_elasticity_of_one():
    days, units = [0], []
    for place in range(40):
        units.append(1.0 + place % 2)
        days.append(days[-1] + 5 * (1 + place % 2))
    rows = [
        ("ann", "milk", day, amount, 1.0) for day, amount in zip(days, [*units, 1.0], strict=True)
    ]
    assert quantity_elasticity(some_purchases(rows), NO_PULL) == pytest.approx(1)
    pulled = quantity_elasticity(some_purchases(rows), TUNING)
    assert DEFAULT_MODEL.quantity_elasticity < pulled < 1


def test_units_that_never_change_leave_the_built_in_elasticity():
    rows = bought("ann", "milk", *range(0, 90, 9))
    assert quantity_elasticity(some_purchases(rows), TUNING) == pytest.approx(
        DEFAULT_MODEL.quantity_elasticity
    )
    assert quantity_elasticity(some_purchases(rows), NO_PULL) == 0


def test_too_few_pairs_leave_the_built_in_precision():
    purchases = a_steady_shop()
    cycles = np.full(len(purchases.item_ids), 7, np.float32)
    built_in = (DEFAULT_MODEL.cycle_precision, DEFAULT_MODEL.cycle_precision_per_gap)
    assert cycle_precisions(purchases, cycles, TUNING) == built_in


def test_more_gaps_make_an_estimate_more_precise():
    rng = np.random.default_rng(1)
    rows = []
    for user in range(300):
        gaps = np.maximum(rng.gamma(3, 3 * rng.lognormal(0, 0.5), 24), 1).astype(int)
        rows += bought(f"u{user:03}", "milk", *np.cumsum(gaps).tolist())
    purchases = some_purchases(rows)
    low, per_gap = cycle_precisions(purchases, np.full(1, 9, np.float32), TUNING)
    assert low > 0.5
    assert per_gap > 0.02


@given(st.integers(0, 500), st.integers(1, 100))
def test_a_sample_without_chance_has_no_position_twice_and_none_beyond(count, most):
    found = evenly_spaced(count, most)
    assert len(found) == min(count, most)
    assert len(set(found.tolist())) == len(found)
    assert all(0 <= position < count for position in found.tolist())


def test_three_in_four_are_log_odds_of_log_three():
    rows = np.ones((400, 1))
    outcomes = np.arange(400) % 4 > 0
    found = logistic_weights([Sample(rows, outcomes, np.ones(400))], np.zeros(1), 0.0)
    assert found == pytest.approx(np.log(3))


def test_a_row_of_weight_three_is_three_rows():
    rows, outcomes = np.ones((2, 1)), np.array([True, False])
    found = logistic_weights([Sample(rows, outcomes, np.array([3.0, 1.0]))], np.zeros(1), 0.0)
    assert found == pytest.approx(np.log(3))


def test_a_pull_without_end_keeps_what_was_known():
    rows, outcomes = np.ones((2, 1)), np.array([True, False])
    prior = np.array([2.0])
    found = logistic_weights([Sample(rows, outcomes, np.ones(2))], prior, 1e9)
    assert found == pytest.approx(prior)
    assert logistic_weights([], prior, 0.0) is prior


def test_until_keeps_all_ids():
    purchases = some_purchases(bought("ann", "milk", 1) + bought("bob", "wine", 9))
    past = until(purchases, np.flatnonzero(purchases.days < 5))
    assert (len(past), past.user_ids, len(past.item_ids)) == (1, ["ann", "bob"], 2)


def test_a_trained_version_holds_its_coefficients_as_json(tmp_path):
    store = BundleStore(tmp_path / "models")
    version = train(a_source(tmp_path, many_rows()), SMALL, store, TODAY, Quiet())
    manifest = json.loads((store.root / version / "manifest.json").read_text())
    assert len(manifest["replenishment"]["weights"]) == len(DEFAULT_MODEL.weights)
    loaded = store.load(version).manifest.replenishment
    assert list(loaded.weights) == manifest["replenishment"]["weights"]
