"""Fits HYBRID's weights to the data: those that put most of the next basket high up."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from restock.core.blend import BLENDED
from restock.core.learned.own_features import IDEAL_GAINS, TOP
from trainer.learned.windows import Examples

Doubles = NDArray[np.float64]
STEPS, FINE_STEPS = 10, 40
"""Weights are tenths first, then fortieths around the best."""


def better_weights(windows: list[Examples], given: Doubles) -> Doubles | None:
    """Fit the weights on all windows but the last.

    Args:
        windows: at least two.
        given: (sources,) float64 in the order of `BLENDED`.

    Returns:
        The weights; None where those given do as well on the last window.
    """
    fitted = fit_blend(windows[:-1])
    judge = windows[-1]
    return fitted if blended_ndcg(judge, fitted) > blended_ndcg(judge, given) else None


def fit_blend(windows: list[Examples]) -> Doubles:
    """Search the weights with the highest NDCG@10 of next baskets.

    Args:
        windows: what they are to foretell.

    Returns:
        (sources,) float64 in the order of `BLENDED`, at least 0, of sum 1.
    """
    tenths = best_of(windows, simplex(STEPS))
    return best_of(windows, around(tenths))


def best_of(windows: list[Examples], tried: Iterator[Doubles]) -> Doubles:
    """Return the weights of the highest NDCG@10, the first of several."""
    best, highest = np.zeros(len(BLENDED)), -1.0
    for weights in tried:
        found = sum(blended_ndcg(window, weights) * window.shoppers for window in windows)
        if found > highest:
            best, highest = weights, found
    return best


def simplex(steps: int) -> Iterator[Doubles]:
    """All weights that are multiples of a step and add up to 1."""
    for parts in product(range(steps + 1), repeat=len(BLENDED) - 1):
        if sum(parts) <= steps:
            yield np.array([*parts, steps - sum(parts)]) / steps


def around(weights: Doubles) -> Iterator[Doubles]:
    """These weights, and those in which a few fortieths go from one source to another."""
    middle = np.rint(weights * FINE_STEPS).astype(np.int64)
    moves = range(1 - FINE_STEPS // STEPS, FINE_STEPS // STEPS)
    yield weights
    for parts in product(moves, repeat=len(BLENDED) - 1):
        moved = middle + np.array([*parts, -sum(parts)])
        if moved.min() >= 0:
            yield moved / FINE_STEPS


def blended_ndcg(examples: Examples, weights: Doubles) -> float:
    """NDCG@10 of next baskets that HYBRID reaches with these weights, the mean over shoppers."""
    return float(
        mean_ndcg(
            examples.sources, weights, examples.next_basket, examples.starts,
            examples.basket_sizes, IDEAL_GAINS,
        )
    )  # fmt: skip


@njit(cache=True)
def mean_ndcg(
    columns: Any, weights: Any, found: Any, starts: Any, sizes: Any, ideal: Any
) -> float:  # fmt: skip
    """NDCG@10 of lists in the order of weighted sums, the mean over lists; of equal ones the first leads.

    Args:
        columns: (rows, columns) float32.
        weights: (columns,) float64.
        found: (rows,) bool, what is looked for.
        starts: (lists + 1,) int64.
        sizes: (lists,) int64 how many are looked for in all.
        ideal: `IDEAL_GAINS`.
    """
    total = 0.0
    scores, places = np.empty(TOP), np.empty(TOP, np.int64)
    for one in range(len(starts) - 1):
        used = 0
        for row in range(starts[one], starts[one + 1]):
            score = 0.0
            for column in range(len(weights)):
                score += weights[column] * columns[row, column]
            place = used
            while place > 0 and scores[place - 1] < score:
                place -= 1
            if place < TOP:
                used = min(used + 1, TOP)
                for later in range(used - 1, place, -1):
                    scores[later], places[later] = scores[later - 1], places[later - 1]
                scores[place], places[place] = score, row
        for place in range(used):
            if found[places[place]]:
                total += 1 / np.log2(place + 2) / ideal[min(sizes[one], TOP)]
    return total / max(len(starts) - 1, 1)
