import numpy as np
import pytest

from restock.artifacts.store import BundleStore
from restock.core.replenishment import ReplenishmentState
from restock.core.replenishment_model import DEFAULT_MODEL
from services.profile_store.profile import Profile, profile_of
from services.profile_store.replenishing.model import ShopModel, build, history_of, item_columns
from tests.a_bundle import CYCLE_DAYS, a_draft, the_catalogue
from tests.unit.profile_store.shop import DAY, a_basket, a_line, an_order, the_ledger

NO_MODEL = ShopModel()
WEEKLY = profile_of(
    the_ledger(
        an_order("o1", DAY, a_line("bread", 2000), a_line("of no model")),
        an_order("o2", DAY + 7, a_line("bread", 4000)),
        a_basket(DAY + 9, "milk"),
    )
)
"""Bread on two days, 7 days apart; milk, and a product that no model holds, once."""


def test_columns_of_a_profile_stand_in_its_order():
    history = history_of(WEEKLY, None)
    assert WEEKLY.product_ids == ["bread", "milk", "of no model"]
    assert history.purchase_counts.tolist() == [2, 1, 1]
    assert history.first_days.tolist() == [DAY, DAY + 9, DAY]
    assert history.last_days.tolist() == [DAY + 7, DAY + 9, DAY]
    assert history.units.tolist() == [6, 1, 1]
    assert history.last_units.tolist() == [4, 1, 1]
    assert (history.shopping_days, history.first_shopping_day, history.last_shopping_day) == (
        3, DAY, DAY + 9
    )  # fmt: skip


@pytest.mark.parametrize("catalogue", [None, "one of a bundle"])
def test_an_item_that_no_model_holds_has_no_cycle(catalogue):
    cycles, units = item_columns(["bread", "of no model"], catalogue and the_catalogue())
    known = [CYCLE_DAYS, 1.0] if catalogue else [np.nan, np.nan]
    assert cycles.tolist() == pytest.approx([known[0], np.nan], nan_ok=True)
    assert units.tolist() == pytest.approx([known[1], np.nan], nan_ok=True)


@pytest.mark.parametrize("catalogue", [None, the_catalogue()], ids=["no model", "a model"])
def test_a_shopper_without_purchases_has_no_products(catalogue):
    found = ShopModel(catalogue).outlook(Profile(), DAY, 7)
    assert (len(found.states), len(found.probabilities)) == (0, 0)


@pytest.mark.parametrize("as_of_day", [0, DAY - 100, DAY, DAY + 10, DAY + 3000, 65_535])
def test_whatever_day_is_looked_from_every_number_is_finite(as_of_day):
    for model in (NO_MODEL, ShopModel(the_catalogue())):
        found = model.outlook(WEEKLY, as_of_day, 90)
        for column in (found.cycle_days, found.cycle_days_low, found.cycle_days_high,
                       found.probabilities, found.suggested_units):  # fmt: skip
            assert np.isfinite(column).all()
        assert (found.probabilities >= 0).all() and (found.probabilities <= 1).all()
        assert (found.due_days >= 0).all()


def test_without_a_model_only_a_shoppers_own_gaps_tell():
    found = NO_MODEL.outlook(WEEKLY, DAY + 10, 7)
    assert found.gaps.tolist() == [1, 0, 0]
    assert [state == ReplenishmentState.INSUFFICIENT_DATA for state in found.states] == [
        False, True, True
    ]  # fmt: skip


def test_the_first_day_of_all_is_a_day_to_look_back_on():
    found = NO_MODEL.outlook(profile_of(the_ledger(a_basket(0, "milk"))), 0, 7)
    assert np.isfinite(found.probabilities).all()


def test_a_bundle_gives_its_catalogue_tuning_and_coefficients(tmp_path):
    store = BundleStore(tmp_path)
    bundle = store.load(store.publish(a_draft(lapsed_cycles=5)))
    model = build(bundle)
    assert model.catalogue is bundle.catalogue
    assert model.tuning.lapsed_cycles == 5
    assert model.replenishment == bundle.manifest.replenishment == DEFAULT_MODEL
