"""Users' purchases as the services' profiles hold them."""

import numpy as np

from restock.artifacts.profiles import ProfileTable
from restock.core.arrays import Floats, Ints
from restock.core.signals import MILLI
from trainer.clean import user_days
from trainer.purchases import Purchases


def profile_table(purchases: Purchases) -> ProfileTable:
    """Gather each user's purchases of an item, by day and over all days."""
    starts = purchases.pair_starts()
    ends = np.append(starts[1:], len(purchases)) - 1
    users = len(purchases.user_ids)
    shoppers, days = user_days(purchases)
    shopping_days = np.bincount(shoppers, minlength=users)
    return ProfileTable(
        user_ids=purchases.user_ids,
        starts=np.searchsorted(purchases.users[starts], np.arange(users + 1)).astype(np.int64),
        item_rows=purchases.items[starts],
        purchase_counts=(ends - starts + 1).astype(np.uint32),
        first_days=purchases.days[starts].astype(np.uint32),
        last_days=purchases.days[ends].astype(np.uint32),
        units_milli=np.add.reduceat(purchases.units_milli, starts).astype(np.uint64),
        spend_milli=np.add.reduceat(purchases.spend_milli, starts).astype(np.uint64),
        shopping_days=shopping_days.astype(np.uint32),
        last_shopping_days=days[np.cumsum(shopping_days) - 1].astype(np.uint32),
        day_starts=np.append(starts, len(purchases)),
        days=purchases.days.astype(np.uint32),
        day_units_milli=purchases.units_milli.astype(np.uint64),
        day_spend_milli=purchases.spend_milli.astype(np.uint64),
    )


def pair_users(profiles: ProfileTable) -> Ints:
    """User of each pair, (pairs,) int32."""
    users = np.arange(len(profiles.user_ids), dtype=np.int32)
    return np.repeat(users, np.diff(profiles.starts))


def spend_per_day(profiles: ProfileTable) -> Floats:
    """Spend of each user's average shopping day, (users,) float32, in the shop's currency."""
    spend = np.add.reduceat(profiles.spend_milli.astype(np.int64), profiles.starts[:-1])
    return (spend / MILLI / profiles.shopping_days).astype(np.float32)
