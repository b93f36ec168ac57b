"""What a method is, and how dense scores become rankings."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Ints, Longs
from trainer.evaluation.past import Past, RowLists
from trainer.evaluation.top_rows import top_rows

BLOCK_USERS = 256
"""Households whose dense scores are in memory at once."""
Scores = NDArray[Any]
"""(users, items) float32 or float64."""
ScoreOf = Callable[[Longs], Scores]
"""Scores the users at these positions."""


class Ranker(Protocol):
    """A method that has learned from a past."""

    def rank(self, users: Longs, k: int, banned: RowLists | None) -> Ints:
        """Recommend to each household for the past's day.

        Args:
            users: (users,) int64 positions in the past's `user_ids`, -1 for a household without a purchase.
            k: how many.
            banned: rows that a household must not be given; None for none.

        Returns:
            (users, k) int32 rows of the past's products, best first, each once, -1 where there are fewer.
        """
        ...


class Method(Protocol):
    """A method, or a family that learns once and gives several rankings."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its rankings, as the tables show them."""
        ...

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Learn from a past; one ranker for each name."""
        ...


@dataclass(frozen=True, eq=False)
class ScoredRanker:
    """Ranks the protocol's catalogue by a score; who has bought nothing gets what is popular."""

    past: Past
    """What was learned from."""
    score: ScoreOf
    """Scores of users, all at least 0, as (users, catalogue); minus infinity for what is no result."""

    def rank(self, users: Longs, k: int, banned: RowLists | None) -> Ints:
        """Rank block by block; equal scores go to the product bought more often."""
        parts = [np.empty((0, k), np.int32)]
        for block in blocks(len(users)):
            parts.append(self.rank_block(users[block], k, banned_in(banned, block)))
        return np.concatenate(parts)

    def rank_block(self, users: Longs, k: int, banned: RowLists | None) -> Ints:
        """Rank few enough users for their dense scores to fit into memory."""
        known = users >= 0
        if known.all():
            scores = self.score(users)
        else:
            scores = np.tile(self.past.popularity, (len(users), 1))
            scores[known] = self.score(users[known])
        if banned is not None:
            within = banned.rows < scores.shape[1]
            scores[banned.of_each()[within], banned.rows[within]] = -np.inf
        return np.asarray(top_rows(scores, k))


def blocks(users: int) -> Iterator[slice]:
    """Cut users into slices of `BLOCK_USERS`."""
    for start in range(0, users, BLOCK_USERS):
        yield slice(start, min(start + BLOCK_USERS, users))


def banned_in(banned: RowLists | None, block: slice) -> RowLists | None:
    """Take a slice of users out of their banned rows."""
    if banned is None:
        return None
    starts = banned.starts[block.start : block.stop + 1]
    return RowLists(starts - starts[0], banned.rows[starts[0] : starts[-1]])
