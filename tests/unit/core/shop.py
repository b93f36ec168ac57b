"""Builders of a small shop, for tests of both levels."""

import numpy as np

from restock.artifacts.index import flat
from restock.core import als, item_cf
from restock.core.attention import Views
from restock.core.blend import Strategy
from restock.core.catalogue import Catalogue
from restock.core.popularity import most_popular
from restock.core.request import History, Level1, Query
from restock.core.rerank import RankQuery
from restock.tuning_config import TuningConfig

DAY = 18_000
TUNING = TuningConfig()
NO_ROWS = np.empty(0, np.int64)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def a_catalogue(
    *item_ids: str,
    price: float | list[float] = 1.0,
    cycle_days: float = 10.0,
    category: list[int] | None = None,
    popularity: list[float] | None = None,
    segment_affinity: np.ndarray | None = None,
) -> Catalogue:
    """Items with one price, cycle and no category each, unless said otherwise."""
    items = len(item_ids)
    codes = category if category is not None else [-1] * items
    return Catalogue(
        item_ids=list(item_ids),
        item_names=[""] * items,
        categories=[f"category {code}" for code in range(max(codes, default=-1) + 1)],
        category=np.array(codes, np.int32),
        price=np.broadcast_to(np.array(price, np.float32), (items,)).copy(),
        average_units=np.ones(items, np.float32),
        popularity=np.array(popularity or [1 / (1 + row) for row in range(items)], np.float32),
        cycle_days=np.full(items, cycle_days, np.float32),
        segment_affinity=(
            segment_affinity if segment_affinity is not None else np.ones((items, 4), np.float32)
        ),
        segment_cuts=(10.0, 20.0, 40.0),
        median_price=float(np.median(np.broadcast_to(price, (items,)))),
    )


def a_model(
    catalogue: Catalogue,
    factors: np.ndarray | None = None,
    neighbours: dict[str, dict[str, float]] | None = None,
) -> Level1:
    """Level 1 over a catalogue; factors of zero and no neighbours unless given."""
    items = len(catalogue)
    factors = np.zeros((items, 2), np.float32) if factors is None else factors
    width = max([len(found) for found in (neighbours or {}).values()], default=1)
    near = np.full((items, width), -1, np.int32)
    weights = np.zeros((items, width), np.float32)
    for item, found in (neighbours or {}).items():
        row = catalogue.rows([item])[0]
        near[row, : len(found)] = catalogue.rows(found)
        weights[row, : len(found)] = list(found.values())
    popular = most_popular(catalogue.popularity)
    affordable = catalogue.price <= catalogue.median_price
    newcomer = np.where(affordable, catalogue.popularity, np.float32(0))
    return Level1(
        catalogue=catalogue,
        item_factors=factors,
        gram=als.gramian(factors, 1.0),
        index=flat(factors),
        neighbours=near,
        neighbour_weights=weights,
        popular_rows=popular,
        newcomer_rows=popular[most_popular(newcomer[popular])],
        newcomer_popularity=newcomer,
        workspace=item_cf.Workspace(items),
    )


def a_history(catalogue: Catalogue, bought: dict[str, tuple[int, int]] | None = None) -> History:
    """Purchases by item: how often, and how many days before DAY the last was; one a week."""
    bought = bought or {}
    counts = floats(*(count for count, _ in bought.values()))
    last = floats(*(DAY - ago for _, ago in bought.values()))
    return History(
        rows=catalogue.rows(bought),
        purchase_counts=counts,
        first_days=last - 7 * (counts - 1),
        last_days=last,
        units=counts,
        spend=counts,
    )


def a_query(
    catalogue: Catalogue,
    bought: dict[str, tuple[int, int]] | None = None,
    strategy: Strategy = Strategy.HYBRID,
    context: tuple[str, ...] = (),
    blocked: tuple[str, ...] = (),
    mask: np.ndarray | None = None,
    viewed: dict[str, int] | None = None,
    **knobs: float,
) -> Query:
    """A request to level 1; views by item, so many days before DAY."""
    viewed = viewed or {}
    seen = np.array([DAY - ago for ago in viewed.values()], np.int64)
    return Query(
        history=a_history(catalogue, bought),
        context_rows=catalogue.rows(context),
        blocked_rows=catalogue.rows(blocked),
        mask=mask,
        strategy=strategy,
        as_of_day=DAY,
        tuning=TUNING.changed(knobs),
        views=Views(catalogue.rows(viewed), seen),
    )


def a_rank_query(
    catalogue: Catalogue,
    scores: dict[str, float],
    bought: dict[str, tuple[int, int]] | None = None,
    average_price: float = 0.0,
    spend_per_day: float = 0.0,
    page_size: int = 5,
    mask: np.ndarray | None = None,
    **knobs: float,
) -> RankQuery:
    """A request to level 2: candidates with their level-1 scores, best first."""
    history = a_history(catalogue, {item: (bought or {}).get(item, (0, 0)) for item in scores})
    ever = history.purchase_counts > 0
    return RankQuery(
        rows=catalogue.rows(scores),
        scores=floats(*scores.values()),
        purchase_counts=history.purchase_counts,
        first_days=np.where(ever, history.first_days, np.float32(0)),
        last_days=np.where(ever, history.last_days, np.float32(0)),
        average_price=average_price,
        spend_per_day=spend_per_day,
        page_size=page_size,
        as_of_day=DAY,
        mask=mask,
        tuning=TUNING.changed(knobs),
    )
