"""How good rankings are: hits of ranked rows among target rows, and what is made of them.

Every function takes all users at once and gives one number a user, so that the same numbers can be
averaged, split into groups and resampled. Definitions: Ricci, Rokach, Shapira (eds.), Recommender Systems
Handbook, chapter 8; NDCG of Järvelin and Kekäläinen 2002 with binary gain.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Ints, Longs, Mask

Values = NDArray[np.float64]
NOTHING = -1
"""Pads a ranking that is shorter than its place, and stands for a target that no ranking can hold."""


def hits(ranked: Ints, starts: Longs, rows: Ints) -> Mask:
    """Tell which ranked rows are among the user's rows, (users, k) bool.

    Args:
        ranked: (users, k) int, best first, each row once, `NOTHING` where there is none.
        starts: (users + 1,) int64: user u owns `rows[starts[u]:starts[u + 1]]`.
        rows: (targets,) int, each once for a user; `NOTHING` is never hit.
    """
    users = np.arange(len(ranked), dtype=np.int64)
    width = int(max(ranked.max(initial=NOTHING), rows.max(initial=NOTHING))) + 1
    wanted = np.repeat(users, np.diff(starts)) * width + rows
    wanted = wanted[rows != NOTHING]
    asked = users[:, None] * width + ranked
    return np.asarray(np.isin(asked, wanted) & (ranked != NOTHING))


def recall(found: Mask, sizes: Longs, k: int) -> Values:
    """Share of the targets among the first k, (users,) float64, NaN without a target.

    Args:
        found: (users, at least k) bool from `hits`.
        sizes: (users,) how many targets there are, those that cannot be hit included.
        k: ranks that count.
    """
    return divided(found[:, :k].sum(axis=1), sizes)


def precision(found: Mask, k: int) -> Values:
    """Share of hits among the first k places, (users,) float64; an empty place is no hit."""
    return divided(found[:, :k].sum(axis=1), np.full(len(found), k))


def hit_rate(found: Mask, k: int) -> Values:
    """1 where the first k hold any target, else 0, (users,) float64."""
    return np.asarray(found[:, :k].any(axis=1), np.float64)


def ndcg(found: Mask, sizes: Longs, k: int) -> Values:
    """Discounted gain over that of the best ranking, (users,) float64, NaN without a target.

    ``sum over hits of 1 / log2(1 + rank)``, divided by the same sum over the first ``min(k, targets)``
    ranks: a household with two targets can reach 1.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.append(0, np.cumsum(discounts))[np.minimum(sizes, k)]
    return divided(found[:, :k] @ discounts[: found.shape[1]], ideal)


def average_precision(found: Mask, sizes: Longs, k: int) -> Values:
    """Mean over ``min(k, targets)`` of the precision at each hit's rank, (users,) float64.

    Averaged over users it is MAP@k. NaN without a target.
    """
    found = found[:, :k]
    ranks = np.arange(1, found.shape[1] + 1)
    gained = (np.cumsum(found, axis=1) / ranks * found).sum(axis=1)
    return divided(gained, np.minimum(sizes, k))


def coverage(ranked: Ints, items: int) -> float:
    """Distinct rows that anybody was shown over the number of items that could be."""
    return len(np.unique(ranked[ranked != NOTHING])) / items


def divided(parts: NDArray[Any], wholes: NDArray[Any]) -> Values:
    """Divide user by user, (users,) float64, NaN where the whole is 0."""
    unknown = np.full(len(parts), np.nan)
    return np.asarray(np.divide(parts, wholes, out=unknown, where=wholes > 0))
