"""Cold start: some households are made new, and everything is learned and judged again.

All but the ranker is learned from the shortened histories. The ranker is learned once a cut-off, from the
other households alone: nothing of the new ones is in it, and it serves every length of history.
"""

from dataclasses import dataclass

import numpy as np

from restock.core.arrays import Mask
from trainer.clean import user_days
from trainer.evaluation.past import Past
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
    past, new = cut.past, made_new(cut.past, share, protocol)
    keep = ~new[past.purchases.users] | of_last_days(past.purchases, shopping_days)
    judged = new[cut.users]
    households = [name for name, is_new in zip(cut.households, judged, strict=True) if is_new]
    theirs = np.isin(np.array(cut.future.user_ids, object)[cut.future.users], households)
    return cut_of(
        past.where(keep), households, cut.shopping_days[judged], kept(cut.future, theirs), protocol
    )


def others(past: Past, share: float, protocol: Protocol) -> Past:
    """What is known of the households that `cold` leaves as they are; the others never were.

    Args:
        past: of all households.
        share: of them that are made new.
        protocol: seed.
    """
    return past.where(~made_new(past, share, protocol)[past.purchases.users])


def made_new(past: Past, share: float, protocol: Protocol) -> Mask:
    """Draw the households that are made new, (users of the past,) bool; the same for every length."""
    draw = np.random.default_rng(protocol.seed)
    return np.asarray(draw.random(len(past.purchases.user_ids)) < share)


def of_last_days(purchases: Purchases, shopping_days: int) -> Mask:
    """Tell which purchases are of their household's last so many shopping days, (purchases,) bool."""
    if shopping_days == 0:
        return np.zeros(len(purchases), np.bool_)
    users, days = user_days(purchases)
    ends = np.cumsum(np.bincount(users, minlength=len(purchases.user_ids)))
    begins = np.append(0, ends[:-1])
    earliest = days[np.maximum(ends - shopping_days, begins)]
    return np.asarray(purchases.days >= earliest[purchases.users])
