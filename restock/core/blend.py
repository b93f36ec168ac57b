"""Sources brought to one scale and added up by weight."""

from enum import StrEnum
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from restock.tuning_config import BLEND_WEIGHTS, TuningConfig

BLENDED = ("als", "item_cf", "popularity", "history")
"""Sources whose scores are added up by weight, in the order of `BLEND_WEIGHTS`."""
LEARNED = "learned"
SOURCES = (*BLENDED, LEARNED)
"""Order of the score's parts."""


class Strategy(StrEnum):
    """How candidates are found and scored."""

    ALS = "als"
    ITEM_CF = "item_cf"
    POPULARITY = "popularity"
    HYBRID = "hybrid"
    LEARNED = "learned"
    AUTO = "auto"


def resolve(strategy: Strategy, has_signal: bool, has_ranker: bool, ranker_leads: bool) -> Strategy:
    """Say which strategy answers.

    Args:
        strategy: the one asked for.
        has_signal: whether anything is known of the shopper; without, POPULARITY answers.
        has_ranker: whether the model version can answer LEARNED; else HYBRID does.
        ranker_leads: whether AUTO is LEARNED; else it is HYBRID.
    """
    if not has_signal:
        return Strategy.POPULARITY
    if strategy is Strategy.AUTO:
        strategy = Strategy.LEARNED if ranker_leads else Strategy.HYBRID
    return Strategy.HYBRID if strategy is Strategy.LEARNED and not has_ranker else strategy


def source_weights(strategy: Strategy, tuning: TuningConfig) -> NDArray[np.float64]:
    """Weights, (sources,) float64 in the order of `BLENDED`, under a strategy from `resolve`."""
    if strategy is Strategy.HYBRID:
        weights = [getattr(tuning, name) for name in BLEND_WEIGHTS]
    else:
        weights = [float(name == strategy.value) for name in BLENDED]
    return np.array(weights, np.float64)


@njit(cache=True)
def blend(scores: Any, weights: Any) -> Any:
    """Weighted parts on one scale; together they are at most 1 for any candidate.

    A source is brought to 0..1: below zero is 0 and its highest is 1. One that says nothing here
    (none is above 0) has its weight shared out among the others in proportion to theirs. Weights
    that add up to more or less than 1 are brought to 1.

    Args:
        scores: (sources, candidates) float32, each row on any scale.
        weights: (sources,) float64, at least 0.

    Returns:
        (sources, candidates) float32.
    """
    tops = np.zeros(len(weights), np.float32)
    total = 0.0
    for source in range(len(weights)):
        for score in scores[source]:
            tops[source] = max(tops[source], score)
        if tops[source] > 0:
            total += weights[source]
    parts = np.zeros_like(scores)
    for source in range(len(weights)):
        if tops[source] > 0 and weights[source] > 0:
            share = weights[source] / total
            for place in range(scores.shape[1]):
                parts[source, place] = max(scores[source, place], 0) / tops[source] * share
    return parts
