"""A bundle made ready for level 1."""

from dataclasses import dataclass

import numpy as np

from restock.artifacts.bundle import Bundle
from restock.artifacts.level1 import level1_of
from restock.core.arrays import Longs
from restock.core.blend import Strategy
from restock.core.candidates import generate
from restock.core.catalogue import Catalogue, FilterMasks
from restock.core.purchase_days import PurchaseDays
from restock.core.request import CandidateList, History, Level1, Query
from restock.errors import BundleCorrupt
from restock.tuning_config import TuningConfig

SELF_QUERY_ITEMS = 3


@dataclass(frozen=True, eq=False)
class CandidateModel:
    """What one model version answers with."""

    level1: Level1
    """Arrays and index."""
    tuning: TuningConfig
    """The version's knobs."""
    masks: FilterMasks
    """Rows that pass a filter."""

    @property
    def catalogue(self) -> Catalogue:
        """Item facts."""
        return self.level1.catalogue


def build(bundle: Bundle) -> CandidateModel:
    """Build the index, compile the loops, and ask the first questions before anyone else does.

    Two for a shopper with a history and one for a newcomer: each compiles what only it needs.

    Raises:
        BundleCorrupt: the model does not answer a query of its own most popular items.
    """
    level1 = level1_of(
        bundle.catalogue, bundle.retrieval, bundle.tuning, bundle.table, bundle.ranker
    )
    day = bundle.manifest.trained_through_day
    some, none = level1.popular_rows[:SELF_QUERY_ITEMS], level1.popular_rows[:0]
    for strategy, rows in (
        (Strategy.HYBRID, some),
        (Strategy.LEARNED, some),
        (Strategy.HYBRID, none),
    ):
        check(self_query(level1, bundle.tuning, strategy, rows, day), bundle.version)
    return CandidateModel(level1, bundle.tuning, FilterMasks(bundle.catalogue))


def self_query(
    level1: Level1, tuning: TuningConfig, strategy: Strategy, rows: Longs, day: int
) -> CandidateList:
    """Ask for the candidates of a shopper who bought these items on a day, for the day after."""
    ones = np.ones(len(rows), np.float32)
    days = PurchaseDays(np.arange(len(rows) + 1), np.full(len(rows), day, np.int32))
    history = History(rows, ones, ones * day, ones * day, ones, ones, days)
    nothing = np.empty(0, np.int64)
    query = Query(history, nothing, nothing, None, strategy, day + 1, tuning)
    return generate(query, level1)


def check(answer: CandidateList, version: str) -> None:
    """Refuse a model that answers its own query with nothing or with numbers that are none.

    Raises:
        BundleCorrupt: it does.
    """
    if not len(answer.rows) or not all(np.isfinite(part).all() for part in answer.parts.values()):
        raise BundleCorrupt(f"model version {version} does not answer its own query")
