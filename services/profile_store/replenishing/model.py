"""What the profile store takes from a model version: spending segments and items' cycles."""

from dataclasses import dataclass, field

import numpy as np

from restock.artifacts.bundle import Bundle
from restock.core.arrays import Floats
from restock.core.catalogue import Catalogue
from restock.core.replenishment import PurchaseHistory, Replenishment, replenishment
from restock.core.replenishment_model import DEFAULT_MODEL, ReplenishmentModel
from restock.core.signals import MILLI
from restock.tuning_config import TuningConfig
from services.profile_store.profile import Profile

LEARNED_NOTHING = TuningConfig()


@dataclass(frozen=True, eq=False)
class ShopModel:
    """A model version as the profile store sees it. The default stands for none."""

    catalogue: Catalogue | None = None
    """Item facts."""
    tuning: TuningConfig = LEARNED_NOTHING
    """Knobs of the estimates."""
    replenishment: ReplenishmentModel = field(default=DEFAULT_MODEL)
    """Fitted coefficients."""

    def outlook(self, profile: Profile, as_of_day: int, horizon_days: int) -> Replenishment:
        """Say of each product of a profile when it is due.

        Args:
            profile: one shopper's.
            as_of_day: day looked from, counted from 1970-01-01.
            horizon_days: days to look ahead, 1 to 90.
        """
        history = history_of(profile, self.catalogue)
        return replenishment(history, self.replenishment, as_of_day, horizon_days, self.tuning)


def build(bundle: Bundle) -> ShopModel:
    """Take what is needed out of a model version."""
    return ShopModel(bundle.catalogue, bundle.tuning, bundle.manifest.replenishment)


def history_of(profile: Profile, catalogue: Catalogue | None) -> PurchaseHistory:
    """Bring a profile's columns and those of its items together."""
    cycles, units = item_columns(profile.product_ids, catalogue)
    return PurchaseHistory(
        purchase_counts=np.array(profile.purchase_counts, np.float32),
        first_days=np.array(profile.first_days, np.float32),
        last_days=np.array(profile.last_days, np.float32),
        units=np.array(profile.units_milli, np.float32) / np.float32(MILLI),
        last_units=np.array(profile.last_units_milli, np.float32) / np.float32(MILLI),
        item_cycle_days=cycles,
        item_average_units=units,
        shopping_days=len(profile.days),
        first_shopping_day=min(profile.days, default=0),
        last_shopping_day=max(profile.days, default=0),
    )


def item_columns(product_ids: list[str], catalogue: Catalogue | None) -> tuple[Floats, Floats]:
    """Cycle and average units of items, (products,) float32 each, NaN for unknown ones."""
    unknown = np.full(len(product_ids), np.nan, np.float32)
    if catalogue is None or not len(catalogue):
        return unknown, unknown
    rows = catalogue.rows(product_ids)
    return (
        np.where(rows < 0, np.float32(np.nan), catalogue.cycle_days[rows]),
        np.where(rows < 0, np.float32(np.nan), catalogue.average_units[rows]),
    )
