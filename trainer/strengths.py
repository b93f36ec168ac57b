"""The matrix that both ALS and item-CF learn from."""

import numpy as np
from scipy import sparse

from restock.artifacts.profiles import ProfileTable
from restock.core import signals
from restock.core.arrays import Floats
from restock.tuning_config import TuningConfig
from trainer.profiles import pair_users


def average_units(profiles: ProfileTable, items: int) -> Floats:
    """Mean units of one purchase of each item, (items,) float32."""
    units = np.bincount(profiles.item_rows, profiles.units_milli, minlength=items)
    counts = np.bincount(profiles.item_rows, profiles.purchase_counts, minlength=items)
    return (units / counts / signals.MILLI).astype(np.float32)


def strength_matrix(
    profiles: ProfileTable, items_average_units: Floats, tuning: TuningConfig
) -> sparse.csr_matrix:
    """Strength of every user-item pair, (users, items) float32, by the functions that serve."""
    units = (profiles.units_milli / signals.MILLI).astype(np.float32)
    spend = (profiles.spend_milli / signals.MILLI).astype(np.float32)
    counts = profiles.purchase_counts.astype(np.float32)
    prices = signals.unit_prices(spend, units)
    strengths = signals.strengths(
        prices,
        average_prices(profiles, prices, counts)[pair_users(profiles)],
        units,
        items_average_units[profiles.item_rows],
        counts,
        tuning,
    )
    shape = (len(profiles.user_ids), len(items_average_units))
    return sparse.csr_matrix((strengths, profiles.item_rows, profiles.starts), shape=shape)


def average_prices(profiles: ProfileTable, prices: Floats, counts: Floats) -> Floats:
    """Each user's average item price, (users,) float32."""
    bounds = zip(profiles.starts[:-1].tolist(), profiles.starts[1:].tolist(), strict=True)
    averages = [
        signals.average_price(prices[start:end], counts[start:end]) for start, end in bounds
    ]
    return np.array(averages, np.float32)
