"""Every method at every cut-off: rankings, and each household's metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from restock.core import metrics
from restock.core.arrays import Ints, Mask
from restock.core.metrics import Values
from trainer.evaluation.methods.method import Method, Ranker
from trainer.evaluation.protocol import NEXT_BASKET, Cut, Protocol, Targets

EXPLORE = "explore"
"""Task: products new to the household, its own masked, and of the next basket only the new ones."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One method's metrics on one task at one cut-off."""

    metrics: dict[str, Values]
    """(households,) float64 by metric, NaN for a household without such a target."""
    coverage: float
    """Distinct products recommended over the protocol's catalogue."""


@dataclass(frozen=True, eq=False)
class CutResult:
    """All methods at one cut-off."""

    day: int
    """The cut-off."""
    households: list[str]
    """Those judged."""
    shopping_days: Ints
    """(households,) int32: their shopping days before the cut-off."""
    catalogue_items: int
    """Products of the protocol's catalogue."""
    judged: dict[str, dict[str, Judged]]
    """By task, then by method."""


def run_at(
    cut: Cut, methods: Sequence[Method], protocol: Protocol, explore: bool = True
) -> CutResult:
    """Let every method learn from the past and rank, and judge it by the future.

    Args:
        cut: past and future.
        methods: what is compared.
        protocol: page lengths.
        explore: whether products new to the household are a task of their own.
    """
    judged: dict[str, dict[str, Judged]] = {}
    for method in methods:
        for name, ranker in method.fit(cut.past).items():
            for task, result in tasks_of(ranker, cut, protocol, explore).items():
                judged.setdefault(task, {})[name] = result
    return CutResult(
        cut.past.day, cut.households, cut.shopping_days, cut.past.catalogue_items, judged
    )


def tasks_of(ranker: Ranker, cut: Cut, protocol: Protocol, explore: bool) -> dict[str, Judged]:
    """Judge one ranker on every task."""
    owned = cut.owned
    ranked = ranker.rank(cut.users, protocol.page, None)
    own = metrics.hits(ranked, owned.starts, owned.rows)
    covered = metrics.coverage(ranked, cut.past.catalogue_items)
    judged = {
        name: Judged(judge(ranked, own, targets, protocol), covered)
        for name, targets in cut.targets.items()
    }
    if explore:
        targets = cut.targets[NEXT_BASKET]
        unseen = ranker.rank(cut.users, protocol.page, owned)
        values = judge(unseen, np.zeros_like(own), targets.where(~targets.repeats), protocol)
        judged[EXPLORE] = Judged(values, metrics.coverage(unseen, cut.past.catalogue_items))
    return judged


def judge(ranked: Ints, own: Mask, targets: Targets, protocol: Protocol) -> dict[str, Values]:
    """Compute every metric of rankings against targets, (households,) float64 each.

    Args:
        ranked: (households, page) int32 rows.
        own: (households, page) bool, what the household had bought before.
        targets: of the same households.
        protocol: page lengths.
    """
    page, short, sizes = protocol.page, protocol.short_page, targets.sizes
    found = metrics.hits(ranked, targets.starts, targets.rows)
    repeats = targets.where(targets.repeats).sizes
    known = sizes > 0
    return {
        f"recall_{short}": metrics.recall(found, sizes, short),
        f"recall_{page}": metrics.recall(found, sizes, page),
        f"ndcg_{short}": metrics.ndcg(found, sizes, short),
        f"ndcg_{page}": metrics.ndcg(found, sizes, page),
        f"map_{page}": metrics.average_precision(found, sizes, page),
        f"hit_rate_{page}": np.where(known, metrics.hit_rate(found, page), np.nan),
        f"precision_{page}": np.where(known, metrics.precision(found, page), np.nan),
        f"repeat_recall_{page}": metrics.recall(found & own, repeats, page),
        f"explore_recall_{page}": metrics.recall(found & ~own, sizes - repeats, page),
        f"repeat_share_{page}": metrics.precision(own, page),
    }
