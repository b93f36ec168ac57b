"""Numbers of an evaluation as they are published: means, intervals, groups; plain, as JSON holds them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from restock.core.metrics import Values
from trainer.evaluation.bootstrap import Households, drawn, interval, mean_of_known
from trainer.evaluation.methods.registry import REFERENCE
from trainer.evaluation.methods.served_settings import rule_pairs
from trainer.evaluation.protocol import NEXT_BASKET, Protocol
from trainer.evaluation.run import CutResult, Judged

DIGITS = 5
"""Decimals that are published."""
HISTORY_BOUNDS = (10, 25, 50, 100)
"""Shopping days at which the next group of households begins."""


def rounded(values: Iterable[float]) -> list[float | None]:
    """Round for publishing; NaN becomes None, for which JSON has a word."""
    return [None if np.isnan(value) else round(float(value), DIGITS) for value in values]


def summary(results: Sequence[CutResult], protocol: Protocol) -> dict[str, Any]:
    """Sum up the ordinary experiments: every task, the next basket by length of history, and the rules."""
    households = drawn_of(results, protocol)
    return {
        "tasks": {
            task: task_summary(results, task, households, protocol) for task in results[0].judged
        },
        "by_history": by_history(results, households, protocol),
        "rules": rule_changes(results, households, protocol),
    }


def drawn_of(results: Sequence[CutResult], protocol: Protocol) -> Households:
    """Draw the households of several cut-offs."""
    return drawn({name for cut in results for name in cut.households}, protocol.seed)


def task_summary(
    results: Sequence[CutResult], task: str, households: Households, protocol: Protocol
) -> dict[str, Any]:
    """Every method's metrics on one task; recall and NDCG of a page with intervals."""
    methods = list(results[0].judged[task])
    told = {name: metric_means(judged_of(results, task, name)) for name in methods}
    for metric in (f"recall_{protocol.page}", f"ndcg_{protocol.page}"):
        draws = draws_of(results, task, metric, households)
        for name, intervals in intervals_of(told, draws, metric).items():
            told[name] |= intervals
    return told


def draws_of(
    results: Sequence[CutResult], task: str, metric: str, households: Households
) -> dict[str, Values]:
    """Mean of a metric for each draw of households, (resamples,) float64, by method."""
    return {
        name: households.means(table_of(results, task, name, metric, households))
        for name in results[0].judged[task]
    }


def intervals_of(
    told: Mapping[str, Mapping[str, Any]], draws: Mapping[str, Values], metric: str
) -> dict[str, dict[str, Any]]:
    """Interval of each method's metric; and its difference to the reference as a share of that, paired.

    Args:
        told: the metric itself, by method.
        draws: from `draws_of`.
        metric: its name.
    """
    found = {name: {f"{metric}_interval": rounded(interval(of))} for name, of in draws.items()}
    if REFERENCE not in draws:
        return found
    for name, of in draws.items():
        change = change_of((told[name][metric], of), (told[REFERENCE][metric], draws[REFERENCE]))
        if change is not None:
            found[name][f"{metric}_change"] = change
    return found


def change_of(
    one: tuple[float | None, Values], other: tuple[float | None, Values]
) -> list[float | None] | None:
    """How much more one has than the other, as a share of the other's, and the interval of it.

    Args:
        one: a mean, and the same of each draw, (resamples,) float64.
        other: of the same households and draws.

    Returns:
        Share, low, high; None where the other has nothing.
    """
    (mean, draws), (whole, whole_draws) = one, other
    if mean is None or not whole or not (whole_draws > 0).all():
        return None
    return rounded((mean / whole - 1, *interval(draws / whole_draws - 1)))


def rule_changes(
    results: Sequence[CutResult], households: Households, protocol: Protocol
) -> dict[str, dict[str, Any]]:
    """What each rule does to the recall of the next basket, by strategy and rule; those judged both ways."""
    metric = f"recall_{protocol.page}"
    judged = results[0].judged[NEXT_BASKET]
    draws = draws_of(results, NEXT_BASKET, metric, households)
    means = {name: metric_means(judged_of(results, NEXT_BASKET, name))[metric] for name in judged}
    told: dict[str, dict[str, Any]] = {}
    for strategy, rules in rule_pairs().items():
        for rule, (with_rule, without) in rules.items():
            if with_rule in judged and without in judged:
                pair = ((means[name], draws[name]) for name in (with_rule, without))
                told.setdefault(strategy, {})[rule] = change_of(*pair)
    return told


def judged_of(results: Sequence[CutResult], task: str, method: str) -> list[Judged]:
    """One method's results on one task, cut-off by cut-off."""
    return [cut.judged[task][method] for cut in results]


def metric_means(judged: Sequence[Judged]) -> dict[str, Any]:
    """Mean of each metric over households, then over cut-offs; and each cut-off's own."""
    told: dict[str, Any] = {}
    by_cutoff = {}
    for metric in judged[0].metrics:
        means = [mean_of_known(result.metrics[metric][None, :])[0] for result in judged]
        by_cutoff[metric] = rounded(means)
        told[metric] = rounded(mean_of_known(np.array([means])))[0]
    coverage = [result.coverage for result in judged]
    told["coverage"] = rounded([float(np.mean(coverage))])[0]
    return told | {"by_cutoff": by_cutoff | {"coverage": rounded(coverage)}}


def table_of(
    results: Sequence[CutResult], task: str, method: str, metric: str, households: Households
) -> Values:
    """One metric of one method, (households, cut-offs), NaN for who is missing."""
    return households.table(
        [(cut.households, cut.judged[task][method].metrics[metric]) for cut in results]
    )


def by_history(
    results: Sequence[CutResult], households: Households, protocol: Protocol
) -> dict[str, Any]:
    """Recall of the next basket by shopping days before the cut-off, with intervals.

    Within a group the households of all cut-offs count alike: few are in the smallest.
    """
    metric = f"recall_{protocol.page}"
    group = [np.searchsorted(HISTORY_BOUNDS, cut.shopping_days, side="right") for cut in results]
    places = households.table(
        [(cut.households, row.astype(np.float64)) for cut, row in zip(results, group, strict=True)]
    )
    methods = {}
    for name in results[0].judged[NEXT_BASKET]:
        values = table_of(results, NEXT_BASKET, name, metric, households)
        methods[name] = [
            pooled(np.where(places == number, values, np.nan), households)
            for number in range(len(HISTORY_BOUNDS) + 1)
        ]
    counts = [int(np.count_nonzero(places == number)) for number in range(len(HISTORY_BOUNDS) + 1)]
    return {"groups": group_names(), "households": counts, "methods": methods}


def pooled(values: Values, households: Households) -> list[float | None]:
    """Mean over all entries that are there, with its interval: mean, low, high."""
    known = ~np.isnan(values)
    if not known.any():
        return rounded([np.nan] * 3)
    sums = np.where(known, values, 0).sum(axis=1)
    counts = households.draws @ known.sum(axis=1)
    draws = np.divide(
        households.draws @ sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0
    )
    return rounded([float(values[known].mean()), *interval(draws)])


def group_names() -> list[str]:
    """Name the groups of history length."""
    between = [f"{low}-{high - 1}" for low, high in pairwise(HISTORY_BOUNDS)]
    return [f"under {HISTORY_BOUNDS[0]}", *between, f"{HISTORY_BOUNDS[-1]} and more"]


def cold_summary(results: Sequence[CutResult], protocol: Protocol) -> dict[str, Any]:
    """Next-basket recall of one cold start, by method: mean, interval, and difference to the reference."""
    metric = f"recall_{protocol.page}"
    draws = draws_of(results, NEXT_BASKET, metric, drawn_of(results, protocol))
    told = {
        name: {metric: metric_means(judged_of(results, NEXT_BASKET, name))[metric]}
        for name in draws
    }
    intervals = intervals_of(told, draws, metric)
    return {name: told[name] | intervals[name] for name in told}
