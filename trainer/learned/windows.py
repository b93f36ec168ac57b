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
from restock.core.blend import Strategy, blend, source_weights
from restock.core.candidates import examined, ranker_rows, signals_of
from restock.core.request import History, Level1, Query, Scored
from restock.tuning_config import TuningConfig
from trainer.catalogue import item_facts
from trainer.clean import user_days
from trainer.fit_als import fit_als
from trainer.fit_item_cf import fit_item_cf
from trainer.learned.item_table import fit_item_table, item_records
from trainer.profiles import profile_table
from trainer.purchases import Purchases, kept, run_starts
from trainer.read import Products
from trainer.strengths import strength_matrix

WINDOW_DAYS = 28
LEAST_SHOPPING_DAYS = 3
"""Shopping days before a window that a shopper must have to be learned from."""
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
    blended: Floats
    """(rows,) float32: HYBRID's score of the same candidate."""
    starts: Longs
    """(shoppers + 1,) int64: where each shopper's rows begin."""
    basket_sizes: Longs
    """(shoppers,) int64: products of the next basket."""
    new_sizes: Longs
    """(shoppers,) int64: of these, never bought before."""

    def of_each(self, column: Longs) -> Longs:
        """Spread a column of shoppers over their rows."""
        return np.repeat(column, np.diff(self.starts))


@dataclass(frozen=True, eq=False)
class Shop:
    """What was known on a day, ready to be asked."""

    day: int
    level1: Level1
    profiles: ProfileTable


def shop_at(past: Purchases, products: Products, day: int, tuning: TuningConfig) -> Shop:
    """Learn level 1 and the item table from what lies before a day."""
    profiles = profile_table(past)
    catalogue = item_facts(past, profiles, products, tuning)
    strengths = strength_matrix(profiles, catalogue.average_units, tuning)
    _, item_factors = fit_als(strengths, tuning, nothing)
    neighbours, weights = fit_item_cf(strengths, tuning, nothing)
    retrieval = Retrieval(item_factors, neighbours, weights, EXACT)
    table = fit_item_table(past, item_records(past.item_ids, products), day)
    return Shop(day, level1_of(catalogue, retrieval, tuning, table), profiles)


def nothing() -> None:
    """Make no progress that anyone sees."""


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
    """Gather what shoppers with enough of a past bought in the window from a day on."""
    window = kept(purchases, (purchases.days >= day) & (purchases.days < day + WINDOW_DAYS))
    place = {user: position for position, user in enumerate(past.user_ids)}
    rows = {item: row for row, item in enumerate(past.item_ids)}
    unknown = iter(range(-1, -len(window.item_ids) - 1, -1))
    named = np.array(
        [rows[item] if item in rows else next(unknown) for item in window.item_ids], np.int64
    )
    trips = np.bincount(user_days(past)[0], minlength=len(past.user_ids))
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
        blended=np.concatenate([part.blended for part in parts]),
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
            blended=hybrid(scored, tuning),
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


def hybrid(scored: Scored, tuning: TuningConfig) -> Floats:
    """HYBRID's score of a pool, (pool,) float32."""
    parts: Floats = blend(scored.scores, source_weights(Strategy.HYBRID, tuning))
    total: Floats = parts.sum(axis=0)
    return total
