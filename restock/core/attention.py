"""What a shopper turns to now, beside what was bought: context and cart loudly, recent views softly."""

from dataclasses import dataclass

import numpy as np

from restock.core.arrays import Floats, Longs
from restock.tuning_config import TuningConfig


@dataclass(frozen=True, eq=False)
class Views:
    """What a shopper looked at: parallel columns, newest first."""

    rows: Longs
    """(views,) int64: catalogue row, -1 for a product that the catalogue does not hold."""
    days: Longs
    """(views,) int64: day, counted from 1970-01-01."""


NO_VIEWS = Views(np.empty(0, np.int64), np.empty(0, np.int64))
"""Of a shopper who looked at nothing."""


@dataclass(frozen=True, eq=False)
class Attention:
    """Products that speak, each once: context in its order, then views in theirs."""

    rows: Longs
    """(products,) int64."""
    strengths: Floats
    """(products,) float32, above 0."""
    positions: Longs
    """(products,) int64: place in the context, or, from its length on, in the views."""


def attention(context_rows: Longs, views: Views, as_of_day: int, tuning: TuningConfig) -> Attention:
    """Keep what the catalogue knows and what is not too old; a product speaks once, at its loudest place.

    Args:
        context_rows: (context,) int64, -1 for unknown.
        views: any; those older than ``view_days`` on `as_of_day` say nothing.
        as_of_day: the day for which to recommend.
        tuning: ``context_strength``, ``view_weight`` and ``view_days``.
    """
    recent = as_of_day - views.days <= tuning.view_days
    rows = np.concatenate([context_rows, views.rows])
    strengths = np.full(len(rows), tuning.context_strength, np.float32)
    strengths[len(context_rows) :] = tuning.view_weight * recent
    heard = np.flatnonzero((rows >= 0) & (strengths > 0))
    first = np.sort(np.unique(rows[heard], return_index=True)[1])
    heard = heard[first]
    return Attention(rows[heard], strengths[heard], heard)
