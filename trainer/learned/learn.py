"""Learns the ranker of a model version: windows, fit, and what the manifest tells of it."""

from dataclasses import dataclass
from typing import Any

from restock.core.learned.item_table import ItemTable
from restock.core.learned.ranker import Ranker
from restock.tuning_config import TuningConfig
from trainer.learned.fit_ranker import Boosting, fit_ranker
from trainer.learned.item_table import fit_item_table, item_records
from trainer.learned.windows import WINDOW_DAYS, Examples, examples_of, future_of, shop_at
from trainer.progress import Progress
from trainer.purchases import Purchases, kept
from trainer.read import Products

LEAST_WINDOWS = 2
"""One is learned from and one is foretold."""
STAGE = "Ranker"


@dataclass(frozen=True, eq=False)
class Learned:
    """What a bundle holds beside level 1."""

    table: ItemTable
    """As of the day after the last purchase."""
    ranker: Ranker | None
    """None where there was too little to learn from."""
    facts: dict[str, Any] | None
    """The manifest's `RankerFacts`; None without a ranker."""


def learn(
    purchases: Purchases, products: Products, tuning: TuningConfig, progress: Progress, day: int
) -> Learned:
    """Learn the item table and, from the last windows before a day, the ranker."""
    with progress.stage("Item table"):
        table = fit_item_table(purchases, item_records(purchases.item_ids, products), day)
    windows = windows_before(purchases, products, day, tuning, progress)
    if len(windows) < LEAST_WINDOWS:
        return Learned(table, None, None)
    with progress.stage(STAGE):
        ranker, judged = fit_ranker(windows, tuning.seed, Boosting())
    facts = {
        "own_slope": ranker.own.slope,
        "own_intercept": ranker.own.intercept,
        "new_slope": ranker.new.slope,
        "new_intercept": ranker.new.intercept,
        "leads": ranker.leads,
        "shoppers": judged.shoppers,
        "learned_ndcg": judged.learned_ndcg,
        "hybrid_ndcg": judged.hybrid_ndcg,
    }
    return Learned(table, ranker, facts)


def windows_before(
    purchases: Purchases, products: Products, day: int, tuning: TuningConfig, progress: Progress
) -> list[Examples]:
    """Examples of the last windows before a day, oldest first; those with too few shoppers are left out."""
    found = []
    if tuning.learned_windows < LEAST_WINDOWS:
        return []
    with progress.stage("Windows", steps=tuning.learned_windows) as done:
        for back in range(tuning.learned_windows, 0, -1):
            found += window_at(purchases, products, day - back * WINDOW_DAYS, tuning)
            done()
    return found


def window_at(
    purchases: Purchases, products: Products, day: int, tuning: TuningConfig
) -> list[Examples]:
    """Examples of one window; none where it has too few shoppers."""
    before = purchases.days < day
    if not before.any():
        return []
    past = kept(purchases, before)
    future = future_of(purchases, past, day)
    if len(future.users) < tuning.learned_least_shoppers:
        return []
    return [examples_of(shop_at(past, products, day, tuning), future, tuning)]
