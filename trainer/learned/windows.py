"""Windows to learn from: what was known on a day, who was there, and what they bought after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from restock.artifacts.bundle import Retrieval
from restock.artifacts.level1 import level1_of
from restock.artifacts.manifest import IndexChoice
from restock.artifacts.profiles import ProfileTable, history_of
from restock.core.arrays import Floats, Longs
from restock.core.blend import BLENDED, Strategy, blend
from restock.core.candidates import examined, ranker_rows, signals_of
from restock.core.request import History, Level1, Query, Scored
from restock.tuning_config import TuningConfig
from trainer.catalogue import item_facts
from trainer.clean import user_days
from trainer.fit_sources import als_factors, nearest_items
from trainer.learned.item_table import fit_item_table, item_records
from trainer.profiles import profile_table
from trainer.progress import Quiet
from trainer.purchases import Purchases, kept, run_starts
from trainer.read import Products
from trainer.stages import UNCACHED, Stages
from trainer.strengths import strength_matrix

WINDOW_DAYS = 28
LEAST_SHOPPING_DAYS = 3
"""Shopping days before a window that a shopper must have to be learned from."""
CUT_SHORT_TO = np.array([1, 1, 2, 4])
"""Latest shopping days that are left of a history cut short, drawn from these (studied)."""
EQUAL = np.ones(len(BLENDED))
NO_ROWS = np.empty(0, np.int64)
EXACT = IndexChoice(kind="flat", recall=1.0, scanned_share=1.0)
"""All factors are searched: an approximate index would have to be measured anew for each window."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of candidates, shopper after shopper, and what became of them."""

    rows: Floats
    """(rows, `FEATURES`) float32."""
    owned: NDArray[np.bool_]
    """(rows,) bool: bought before."""
    next_basket: NDArray[np.bool_]
    """(rows,) bool: in the shopper's next basket."""
    days_bought: NDArray[np.int8]
    """(rows,) int8: days in the window on which it was bought."""
    sources: Floats
    """(rows, `BLENDED`) float32: what HYBRID's sources say of the same candidate, on one scale."""
    starts: Longs
    """(shoppers + 1,) int64: where each shopper's rows begin."""
    basket_sizes: Longs
    """(shoppers,) int64: products of the next basket."""
    new_sizes: Longs
    """(shoppers,) int64: of these, never bought before."""

    @property
    def shoppers(self) -> int:
        """How many there are."""
        return len(self.starts) - 1

    def of_each(self, column: Longs) -> Longs:
        """Spread a column of shoppers over their rows."""
        return np.repeat(column, np.diff(self.starts))


@dataclass(frozen=True, eq=False)
class Shop:
    """What was known on a day, ready to be asked."""

    day: int
    level1: Level1
    profiles: ProfileTable


def shop_at(
    past: Purchases,
    products: Products,
    day: int,
    tuning: TuningConfig,
    stages: Stages = UNCACHED,
) -> Shop:
    """Learn level 1 and the item table from what lies before a day."""
    profiles = profile_table(past)
    catalogue = item_facts(past, profiles, products, tuning)
    strengths = strength_matrix(profiles, catalogue.average_units, tuning)
    _, item_factors = als_factors(strengths, tuning, Quiet(), stages)
    neighbours, weights = nearest_items(strengths, tuning, Quiet(), stages)
    retrieval = Retrieval(item_factors, neighbours, weights, EXACT)
    table = fit_item_table(past, item_records(past.item_ids, products), day)
    return Shop(day, level1_of(catalogue, retrieval, tuning, table), profiles)


def cut_short(past: Purchases, tuning: TuningConfig, day: int) -> Purchases:
    """Forget all but the latest shopping days of some shoppers, so that newcomers are learned from.

    Level 1 must not know what was forgotten: an item's neighbours would tell it.

    Args:
        past: purchases before a day.
        tuning: `learned_cut_short` of the shoppers who may be learned from are cut short.
        day: of the draw.

    Returns:
        Purchases of the same users.
    """
    draw = np.random.default_rng([tuning.seed, day])
    users, days = user_days(past)
    trips = np.bincount(users, minlength=len(past.user_ids))
    short = (draw.random(len(trips)) < tuning.learned_cut_short) & (trips >= LEAST_SHOPPING_DAYS)
    left = np.where(short, draw.choice(CUT_SHORT_TO, len(trips)), trips)
    firsts = days[np.cumsum(trips) - left]
    return kept(past, past.days >= firsts[past.users])


@dataclass(frozen=True, eq=False)
class Future:
    """What shoppers bought in a window."""

    users: Longs
    """(shoppers,) int64: their positions in the past's profiles."""
    products: list[dict[int, int]]
    """Of each shopper: days bought by catalogue row; -1 - n for the n-th product unknown before."""
    baskets: list[set[int]]
    """Of each shopper: rows of the next basket, named alike."""


def future_of(purchases: Purchases, past: Purchases, day: int) -> Future:
    """Gather what shoppers with enough of a past bought in the window from a day on.

    Args:
        purchases: whose days before the day say who has enough of a past.
        past: what is known of it; the same users.
        day: the window's first.
    """
    window = kept(purchases, (purchases.days >= day) & (purchases.days < day + WINDOW_DAYS))
    place = {user: position for position, user in enumerate(past.user_ids)}
    rows = {item: row for row, item in enumerate(past.item_ids)}
    unknown = iter(range(-1, -len(window.item_ids) - 1, -1))
    named = np.array(
        [rows[item] if item in rows else next(unknown) for item in window.item_ids], np.int64
    )
    before = kept(purchases, purchases.days < day)
    trips = np.bincount(user_days(before)[0], minlength=len(past.user_ids))
    users, products, baskets = [], [], []
    begins = [*run_starts(window.users).tolist(), len(window)]
    for begin, end in pairwise(begins):
        user = place.get(window.user_ids[window.users[begin]], -1)
        if user < 0 or trips[user] < LEAST_SHOPPING_DAYS:
            continue
        items, days = named[window.items[begin:end]], window.days[begin:end]
        found, counts = np.unique(items, return_counts=True)
        users.append(user)
        products.append(dict(zip(found.tolist(), counts.tolist(), strict=True)))
        baskets.append(set(items[days == days.min()].tolist()))
    return Future(np.array(users, np.int64), products, baskets)


def examples_of(shop: Shop, future: Future, tuning: TuningConfig) -> Examples:
    """Ask for each shopper as LEARNED would be asked, and look up what became of the candidates."""
    with threadpool_limits(1):  # as in a service: one request has too little work for threads
        parts = list(asked(shop, future, tuning))
    sizes = np.array([len(part.rows) for part in parts], np.int64)
    return Examples(
        rows=np.concatenate([part.rows for part in parts]),
        owned=np.concatenate([part.owned for part in parts]),
        next_basket=np.concatenate([part.next_basket for part in parts]),
        days_bought=np.concatenate([part.days_bought for part in parts]),
        sources=np.concatenate([part.sources for part in parts]),
        starts=np.append(0, np.cumsum(sizes)),
        basket_sizes=np.concatenate([part.basket_sizes for part in parts]),
        new_sizes=np.concatenate([part.new_sizes for part in parts]),
    )


def asked(shop: Shop, future: Future, tuning: TuningConfig) -> Iterator[Examples]:
    """Examples of one shopper after another."""
    for user, bought, basket in zip(
        future.users.tolist(), future.products, future.baskets, strict=True
    ):
        history = history_of(shop.profiles, user)
        pool, scored, rows = candidate_rows(shop, history, tuning)
        days = np.array([bought.get(row, 0) for row in pool.tolist()], np.int8)
        known = set(history.rows.tolist())
        yield Examples(
            rows=rows,
            owned=scored.owned >= 0,
            next_basket=np.array([row in basket for row in pool.tolist()], np.bool_),
            days_bought=days,
            sources=blend(scored.scores, EQUAL).T,
            starts=np.array([0, len(pool)]),
            basket_sizes=np.array([len(basket)]),
            new_sizes=np.array([len(basket - known)]),
        )


def candidate_rows(
    shop: Shop, history: History, tuning: TuningConfig
) -> tuple[Longs, Scored, Floats]:
    """The pool of LEARNED for one history, its scores, and the ranker's rows."""
    query = Query(history, NO_ROWS, NO_ROWS, None, Strategy.LEARNED, shop.day, tuning)
    heard = signals_of(query, shop.level1.catalogue)
    pool, scored = examined(query, shop.level1, Strategy.LEARNED, heard)
    return pool, scored, ranker_rows(query, shop.level1, pool, scored)
