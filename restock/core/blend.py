"""Sources brought to one scale and added up by weight."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np

from restock.core.arrays import Floats
from restock.tuning_config import TuningConfig

SOURCES = ("als", "item_cf", "popularity", "history")
"""Order of the score's parts."""


class Strategy(StrEnum):
    """How candidates are found and scored."""

    ALS = "als"
    ITEM_CF = "item_cf"
    POPULARITY = "popularity"
    HYBRID = "hybrid"
    AUTO = "auto"


def resolve(strategy: Strategy, has_signal: bool) -> Strategy:
    """Say which strategy answers: AUTO is HYBRID, and without any signal all are POPULARITY."""
    if not has_signal:
        return Strategy.POPULARITY
    return Strategy.HYBRID if strategy is Strategy.AUTO else strategy


def source_weights(strategy: Strategy, tuning: TuningConfig) -> dict[str, float]:
    """Weight of each source under a strategy that `resolve` returned."""
    if strategy is Strategy.HYBRID:
        return {name: getattr(tuning, f"{name}_weight") for name in SOURCES}
    return {name: float(name == strategy.value) for name in SOURCES}


def to_unit(scores: Floats) -> Floats:
    """Bring scores to 0..1: below zero is 0, the highest is 1, and all zero stays."""
    top = scores.max(initial=0)
    if not top > 0:
        return np.zeros_like(scores)
    return np.asarray(np.maximum(scores, 0) / top, np.float32)


def blend(scores: Mapping[str, Floats], weights: Mapping[str, float]) -> dict[str, Floats]:
    """Weighted parts on one scale, by source; together they are at most 1.

    A source that says nothing here (all its scores are 0) has its weight shared out among the
    others in proportion to theirs. Weights that add up to more or less than 1 are brought to 1.

    Args:
        scores: (candidates,) float32 by source, on any scale.
        weights: at least 0, by source.
    """
    scaled = {name: to_unit(column) for name, column in scores.items() if weights[name] > 0}
    heard = {name: column for name, column in scaled.items() if column.any()}
    total = sum(weights[name] for name in heard)
    return {
        name: heard[name] * np.float32(weights[name] / total)
        if name in heard
        else np.zeros_like(column)
        for name, column in scores.items()
    }
