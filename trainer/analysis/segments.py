"""Spending segments: who they are, what they spend, what their baskets hold."""

from dataclasses import dataclass

import numpy as np

from restock.artifacts.profiles import ProfileTable
from restock.core import segments
from restock.core.arrays import Ints
from restock.core.signals import MILLI
from trainer.analysis.figures import share
from trainer.profiles import spend_per_day


@dataclass(frozen=True)
class Segment:
    """One segment of households."""

    name: str
    """One of the seed's four, or unknown: nothing was ever paid."""
    spend_per_day_from: float
    """Spend of an average shopping day from which a household is in it, in the shop's currency."""
    households: int
    """How many there are."""
    household_share: float | None
    """Their share of all households."""
    revenue: float
    """What they paid in all."""
    revenue_share: float | None
    """Their share of all revenue."""
    spend_per_day: float | None
    """What they pay on an average shopping day."""
    products_per_day: float | None
    """Different products that they buy on one."""
    units_per_day: float | None
    """Units that they buy on one."""
    shopping_days: float | None
    """Shopping days of an average household."""


@dataclass(frozen=True)
class Segments:
    """The section on segments."""

    cuts: tuple[float, float, float]
    """Spend of an average shopping day at which the next segment begins."""
    segments: tuple[Segment, ...]
    """From small to high; unknown last, where there is one."""


def household_segments(profiles: ProfileTable, cuts: tuple[float, float, float]) -> Ints:
    """Segment of each household, (users,) int32, `segments.UNKNOWN` for one that never paid."""
    return segments.segments_of(spend_per_day(profiles), cuts)


def segments_section(profiles: ProfileTable, cuts: tuple[float, float, float]) -> Segments:
    """Describe the segments of the households that a version knows."""
    codes = household_segments(profiles, cuts)
    begins = (0.0, *cuts)
    described = [
        segment(profiles, codes == code, name, begins[code])
        for code, name in enumerate(segments.SEGMENTS)
    ]
    if (codes == segments.UNKNOWN).any():
        described.append(segment(profiles, codes == segments.UNKNOWN, "unknown", 0.0))
    return Segments(cuts, tuple(described))


def segment(profiles: ProfileTable, members: np.ndarray, name: str, begins: float) -> Segment:
    """Describe some households.

    Args:
        profiles: of all households.
        members: (users,) bool.
        name: of the segment.
        begins: spend of an average shopping day from which a household is in it.
    """
    pairs = np.repeat(members, np.diff(profiles.starts))
    days = int(profiles.shopping_days[members].sum())
    paid = float(profiles.spend_milli[pairs].sum()) / MILLI
    households = int(members.sum())
    return Segment(
        name=name,
        spend_per_day_from=begins,
        households=households,
        household_share=share(households, len(members)),
        revenue=paid,
        revenue_share=share(paid, float(profiles.spend_milli.sum()) / MILLI),
        spend_per_day=share(paid, days),
        products_per_day=share(float(profiles.purchase_counts[pairs].sum()), days),
        units_per_day=share(float(profiles.units_milli[pairs].sum()) / MILLI, days),
        shopping_days=share(days, households),
    )
