"""Learns the ranker of a model version: windows, fit, and what the manifest tells of it."""

from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from restock.core.blend import Strategy, source_weights
from restock.core.learned.item_table import ItemTable
from restock.core.learned.ranker import Head, Ranker
from restock.core.trees import Trees
from restock.days import date_of
from restock.tuning_config import BLEND_WEIGHTS, TuningConfig
from trainer.learned.fit_blend import better_weights
from trainer.learned.fit_ranker import FORESTS, Boosting, Judged, fit_ranker
from trainer.learned.item_table import fit_item_table, item_records
from trainer.learned.windows import (
    WINDOW_DAYS,
    Examples,
    cut_short,
    examples_of,
    future_of,
    shop_at,
)
from trainer.progress import Progress
from trainer.purchases import Purchases, kept
from trainer.read import Products
from trainer.stages import UNCACHED, Parts, Stage, Stages

LEAST_WINDOWS = 2
"""One is learned from and one is foretold."""

Fitted: TypeAlias = tuple[Ranker, dict[str, Any]] | None
"""A ranker and the manifest's `RankerFacts`; None where there was too little to learn from."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What a bundle holds beside level 1."""

    table: ItemTable
    """As of the day after the last purchase."""
    ranker: Ranker | None
    """None where there was too little to learn from."""
    facts: dict[str, Any] | None
    """The manifest's `RankerFacts`; None without a ranker."""


def apart(fitted: Fitted) -> Parts:
    """Take a ranker apart into its trees and the facts that the manifest tells of it."""
    if fitted is None:
        return Parts()
    ranker, facts = fitted
    heads = {"own": ranker.own.trees, "new": ranker.new.trees}
    arrays = {
        f"{head}_{name}": column for head in heads for name, column in vars(heads[head]).items()
    }
    return Parts(arrays, facts)


def together(parts: Parts) -> Fitted:
    """Put a ranker together again."""
    if parts.facts is None:
        return None
    facts = parts.facts
    own, new = (
        Head(
            Trees(*(parts.arrays[f"{head}_{column.name}"] for column in fields(Trees))),
            facts[f"{head}_slope"],
            facts[f"{head}_intercept"],
        )
        for head in ("own", "new")
    )
    return Ranker(own, new, facts["leads"]), facts


RANKER = Stage[Fitted]("Ranker", apart, together)


def window_stage(day: int) -> Stage[Examples | None]:
    """The stage that makes the examples of the window from a day on."""
    return Stage(
        f"Window from {date_of(day)}",
        lambda examples: Parts(vars(examples) if examples else {}),
        lambda parts: Examples(**parts.arrays) if parts.arrays else None,
    )


def learn(
    purchases: Purchases,
    products: Products,
    tuning: TuningConfig,
    progress: Progress,
    day: int,
    stages: Stages = UNCACHED,
) -> Learned:
    """Learn the item table and, from the last windows before a day, the ranker.

    Args:
        purchases: made before the day.
        products: records of what was bought.
        tuning: every knob.
        progress: is told of every stage.
        day: counted from 1970-01-01.
        stages: gives the results of those that take long.
    """
    with progress.stage("Item table"):
        table = fit_item_table(purchases, item_records(purchases.item_ids, products), day)

    def fitted(knobs: TuningConfig) -> Fitted:
        windows = windows_before(purchases, products, day, knobs, progress, stages)
        if len(windows) < LEAST_WINDOWS:
            return None
        with progress.stage(RANKER.name, FORESTS) as advance:
            given = source_weights(Strategy.HYBRID, knobs)
            better = better_weights(windows, given) if knobs.fit_hybrid_weights else None
            weights = given if better is None else better
            ranker, judged = fit_ranker(windows, weights, knobs.seed, Boosting(), advance)
        told = facts_of(ranker, judged)
        return ranker, told | {"hybrid_weights": None if better is None else named(better)}

    found = stages.result(RANKER, (purchases, products, day), tuning, progress, fitted)
    return Learned(table, *(found or (None, None)))


def named(weights: NDArray[np.float64]) -> dict[str, float]:
    """HYBRID's weights by the names of their knobs."""
    return dict(zip(BLEND_WEIGHTS, weights.tolist(), strict=True))


def facts_of(ranker: Ranker, judged: Judged) -> dict[str, Any]:
    """Tell of a ranker what the manifest does."""
    return {
        "own_slope": ranker.own.slope,
        "own_intercept": ranker.own.intercept,
        "new_slope": ranker.new.slope,
        "new_intercept": ranker.new.intercept,
        "leads": ranker.leads,
        "shoppers": judged.shoppers,
        "learned_ndcg": judged.learned_ndcg,
        "hybrid_ndcg": judged.hybrid_ndcg,
    }


def windows_before(
    purchases: Purchases,
    products: Products,
    day: int,
    tuning: TuningConfig,
    progress: Progress,
    stages: Stages = UNCACHED,
) -> list[Examples]:
    """Examples of the last windows before a day, oldest first; those with too few shoppers are left out."""
    if tuning.learned_windows < LEAST_WINDOWS:
        return []
    days = [day - back * WINDOW_DAYS for back in range(tuning.learned_windows, 0, -1)]
    found = [window_from(purchases, products, each, tuning, progress, stages) for each in days]
    return [examples for examples in found if examples is not None]


def window_from(
    purchases: Purchases,
    products: Products,
    day: int,
    tuning: TuningConfig,
    progress: Progress,
    stages: Stages,
) -> Examples | None:
    """Examples of the window from a day on; None where it has too few shoppers."""
    stage = window_stage(day)

    def gathered(knobs: TuningConfig) -> Examples | None:
        with progress.stage(stage.name):
            past = cut_short(kept(purchases, purchases.days < day), knobs, day)
            future = future_of(purchases, past, day)
            if len(future.users) < knobs.learned_least_shoppers:
                return None
            return examples_of(shop_at(past, products, day, knobs, stages), future, knobs)

    if not (purchases.days < day).any():
        return None
    return stages.result(stage, (purchases, products, day), tuning, progress, gathered)
