"""What level 1 is asked, what it knows, and what it answers."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from restock.core import als, item_cf
from restock.core.arrays import Floats, Longs, Mask
from restock.core.attention import NO_VIEWS, Views
from restock.core.blend import Strategy
from restock.core.catalogue import Catalogue
from restock.core.learned.item_table import ItemTable
from restock.core.learned.own_features import Bought
from restock.core.learned.ranker import Ranker
from restock.core.purchase_days import NO_DAYS, PurchaseDays
from restock.tuning_config import TuningConfig


@dataclass(frozen=True, eq=False)
class History:
    """What a shopper bought: parallel columns, one entry a product."""

    rows: Longs
    """(products,) int64: catalogue row, -1 for a product that the catalogue does not hold."""
    purchase_counts: Floats
    """(products,) float32: days on which it was bought."""
    first_days: Floats
    """(products,) float32: first of them."""
    last_days: Floats
    """(products,) float32: last of them."""
    units: Floats
    """(products,) float32: units in all."""
    spend: Floats
    """(products,) float32: money in all, in the shop's currency."""
    days: PurchaseDays = NO_DAYS
    """On which days each was bought; what does not ask for single days works without."""


@dataclass(frozen=True, eq=False)
class Query:
    """One request to level 1."""

    history: History
    """The shopper's purchases."""
    context_rows: Longs
    """Catalogue rows of what the shopper looks at and then of what lies in the cart, -1 for unknown: a
    signal, never a candidate."""
    blocked_rows: Longs
    """Catalogue rows that must not be candidates beside the context's."""
    mask: Mask | None
    """(items,) bool: rows that may be candidates; None lets all."""
    strategy: Strategy
    """How to find and score."""
    as_of_day: int
    """The day for which to recommend, counted from 1970-01-01."""
    tuning: TuningConfig
    """All knobs."""
    views: Views = NO_VIEWS
    """What the shopper looked at of late: a weaker signal, and may be a candidate."""
    novelty: float | None = None
    """Share of products new to the shopper that level 2 is going to keep; None lets the scores decide."""


@dataclass(frozen=True, eq=False)
class Level1:
    """A model version, ready to answer. Not to be used by two threads at once."""

    catalogue: Catalogue
    item_factors: Floats
    """(items, factors) float32."""
    gram: Floats
    """`als.gramian` of the factors."""
    index: als.FactorIndex
    """Search over the factors."""
    neighbours: np.ndarray
    """(items, neighbours) int32, -1 where there are fewer."""
    neighbour_weights: Floats
    """(items, neighbours) float32."""
    popular_rows: Longs
    """All rows, most popular first."""
    newcomer_rows: Longs
    """All rows in the order for a shopper without history: `newcomer_popularity`, then popularity."""
    newcomer_popularity: Floats
    """(items,) float32: popularity, 0 above the median price (seed)."""
    workspace: item_cf.Workspace
    """Scratch arrays."""
    table: ItemTable | None = None
    """What the ranker knows of items; None where none was learned."""
    ranker: Ranker | None = None
    """The learned ranker; None where a model version has none."""


@dataclass(frozen=True, eq=False)
class CandidateList:
    """Level 1's answer, best first, in parallel columns."""

    strategy: Strategy
    """The strategy that answered."""
    rows: Longs
    """(candidates,) int64, catalogue rows, each once."""
    parts: dict[str, Floats]
    """(candidates,) float32 by source, in the order of `SOURCES`, weighted; their sum is the level-1
    score."""
    anchors: Longs
    """(candidates,) int64: which signal gave item-CF most: a position in the history, then, counting
    on, in the context, then in the views; -1 for none."""
    history_positions: Longs
    """(candidates,) int64: position in the history, -1 when never bought."""
    variants: Mask | None = None
    """(candidates,) bool: another size or flavour of what was bought; None where novelty is not asked for."""


@dataclass(frozen=True, eq=False)
class Signals:
    """Purchases, context and views that the catalogue knows, as one list."""

    rows: Longs
    strengths: Floats
    positions: Longs
    """Place in the history, then, counting on, in the context, then in the views."""
    strongest: Longs
    """Which of them item-CF hears: at most `item_cf_history`."""


class Scored(NamedTuple):
    """A pool scored by every source."""

    scores: Floats
    """(sources, pool) float32 in the order of `BLENDED`, on the sources' own scales."""
    owned: Longs
    """(pool,) int64: position in the history, -1 when never bought."""
    anchors: Longs
    """(pool,) int64, as in `CandidateList`."""


@dataclass(frozen=True, eq=False)
class Found:
    """What the models say of a shopper, before any item is chosen."""

    user: Floats
    """(factors,) float32, folded in."""
    touched: np.ndarray
    """(touched,) int32: rows that item-CF has a sum for in the workspace."""
    own: Floats
    """(products,) float32: score of each product of the history."""


def bought_of(query: Query) -> Bought:
    """The purchases as the ranker takes them; later ones count as made on the day asked for."""
    history = query.history
    days = np.minimum(history.days.days, query.as_of_day).astype(np.int32)
    return Bought(history.rows, history.days.starts, days, history.units, history.spend)
