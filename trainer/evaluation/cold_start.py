"""Cold start: some households are made new, and everything is learned and judged again."""

from dataclasses import dataclass

import numpy as np

from restock.core.arrays import Mask
from trainer.clean import user_days
from trainer.evaluation.past import Past, records_of
from trainer.evaluation.protocol import Cut, Protocol, cut_of
from trainer.purchases import Purchases, kept


@dataclass(frozen=True)
class ColdStart:
    """Who is made new, and how new."""

    share: float = 0.3
    """Share of the households, drawn by the protocol's seed."""
    shopping_days: tuple[int, ...] = (0, 1, 2, 5)
    """Last shopping days that they keep, one experiment each."""
    cutoffs: int = 2
    """The last so many cut-offs are done again for each: everything is learned anew every time."""


def cold(cut: Cut, share: float, shopping_days: int, protocol: Protocol) -> Cut:
    """Cut the history of a share of the households to its end, and judge these households alone.

    Args:
        cut: an ordinary cut-off.
        share: of all households of the past that are made new.
        shopping_days: how many of their last shopping days they keep.
        protocol: seed and targets.
    """
    past, ids = cut.past, cut.past.purchases.user_ids
    drawn = np.random.default_rng(protocol.seed).random(len(ids)) < share
    keep = ~drawn[past.purchases.users] | of_last_days(past.purchases, shopping_days)
    known = kept(past.purchases, keep)
    shorter = Past(known, past.day, records_of(known.item_ids, past.products), past.least_item_days)
    judged = drawn[cut.users]
    households = [name for name, is_new in zip(cut.households, judged, strict=True) if is_new]
    theirs = np.isin(np.array(cut.future.user_ids, object)[cut.future.users], households)
    return cut_of(
        shorter, households, cut.shopping_days[judged], kept(cut.future, theirs), protocol
    )


def of_last_days(purchases: Purchases, shopping_days: int) -> Mask:
    """Tell which purchases are of their household's last so many shopping days, (purchases,) bool."""
    if shopping_days == 0:
        return np.zeros(len(purchases), np.bool_)
    users, days = user_days(purchases)
    ends = np.cumsum(np.bincount(users, minlength=len(purchases.user_ids)))
    begins = np.append(0, ends[:-1])
    earliest = days[np.maximum(ends - shopping_days, begins)]
    return np.asarray(purchases.days >= earliest[purchases.users])
