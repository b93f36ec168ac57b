"""The pages that a model version serves to the households it knows, made by the functions that serve."""

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from restock.artifacts.bundle import Bundle
from restock.artifacts.level1 import level1_of
from restock.artifacts.profiles import ProfileTable, history_of
from restock.core.arrays import Longs
from restock.core.blend import Strategy
from restock.core.candidates import generate
from restock.core.request import History, Level1, Query
from restock.core.rerank import rerank
from trainer.profiles import spend_per_day
from trainer.rank_query import rank_query

PAGE_SIZE = 5
"""Products of an answer (seed)."""
MOST_HOUSEHOLDS = 10_000
"""Households whose pages are made; of more, so many at even distances."""
NOBODY = np.empty(0, np.int64)
NO_PRODUCT = -1


@dataclass(frozen=True, eq=False)
class Pages:
    """One page a household."""

    rows: Longs
    """(households, 5) int64: catalogue rows, best first, `NO_PRODUCT` where a page is short."""
    repeats: Longs
    """(households,) int64: products on the page that the household bought before."""


def sampled(households: int) -> Longs:
    """Positions of the households whose pages are made, (sampled,) int64, ascending."""
    if households <= MOST_HOUSEHOLDS:
        return np.arange(households)
    return np.arange(MOST_HOUSEHOLDS) * households // MOST_HOUSEHOLDS


def pages_of(
    bundle: Bundle, profiles: ProfileTable, profile_rows: Longs, households: Longs, day: int
) -> Pages:
    """Make pages with the version's knobs and the default strategy.

    Args:
        bundle: the model version.
        profiles: what the households bought; may be another version's.
        profile_rows: (that version's items,) int64: row in this version's catalogue, -1 for none.
        households: (households,) int64: positions in `profiles`.
        day: for which to recommend, counted from 1970-01-01.
    """
    model = level1_of(
        bundle.catalogue, bundle.retrieval, bundle.tuning, bundle.table, bundle.ranker
    )
    spend = spend_per_day(profiles)
    rows = np.full((len(households), PAGE_SIZE), NO_PRODUCT, np.int64)
    repeats = np.zeros(len(households), np.int64)
    with threadpool_limits(1):  # one household at a time: threads only wait for each other
        for place, household in enumerate(households.tolist()):
            own = history_of(profiles, household)
            history = replace(own, rows=profile_rows[own.rows])
            page = page_of(bundle, model, history, float(spend[household]), day)
            rows[place, : len(page)] = page
            repeats[place] = np.isin(page, history.rows).sum()
    return Pages(rows, repeats)


def page_of(bundle: Bundle, model: Level1, history: History, spend: float, day: int) -> Longs:
    """Answer one household: candidates, then the shop's rules, (at most 5,) int64 catalogue rows."""
    query = Query(history, NOBODY, NOBODY, None, Strategy.AUTO, day, bundle.tuning)
    found = generate(query, model)
    asked = rank_query(found, history, spend, PAGE_SIZE, day, bundle.tuning)
    return found.rows[rerank(asked, bundle.catalogue).positions]
