"""A small item table, and a ranker whose scores can be told by hand."""

from typing import Any

import numpy as np

from restock.core.catalogue import Catalogue
from restock.core.learned.features import FEATURES
from restock.core.learned.item_table import (
    CYCLE,
    HAZARD_WEEKS,
    ITEM_FEATURES,
    NEW_BUYERS,
    PRICE,
    ItemTable,
)
from restock.core.learned.promotion_plan import no_plan
from restock.core.learned.ranker import Head, Ranker
from restock.core.trees import ALL_LEAVES, LEAVES, Trees, trees_of

HIGH, LOW = 2.0, -2.0
"""Log odds of a product that a stump finds above its threshold, and of all others."""


def a_table(catalogue: Catalogue, **kinds: tuple[int, int]) -> ItemTable:
    """Item facts: row r has 10 - r new buyers; kinds and brands are of the items named, others have none."""
    items = len(catalogue)
    columns = np.zeros((items, len(ITEM_FEATURES)), np.float32)
    columns[:, PRICE] = np.nan_to_num(catalogue.price)
    columns[:, CYCLE] = catalogue.cycle_days
    columns[:, NEW_BUYERS] = np.maximum(10 - np.arange(items), 0)
    codes = np.array([kinds.get(item, (-1, -1)) for item in catalogue.item_ids], np.int32)
    codes = codes.reshape(items, 2)
    count = int(codes[:, 0].max(initial=-1)) + 1
    order = np.flatnonzero(codes[:, 0] >= 0)
    order = order[np.argsort(codes[order, 0], kind="stable")]
    ones = np.ones(count, np.float32)
    return ItemTable(
        columns=columns,
        hazards=np.full((items, HAZARD_WEEKS), 0.1, np.float32),
        kinds=codes[:, 0].copy(),
        categories=catalogue.category,
        brands=codes[:, 1].copy(),
        kind_cycle_days=ones * 10,
        kind_sold=ones,
        kind_new_buyers=ones * 10,
        kind_price=ones,
        novelties=np.arange(min(items, 5), dtype=np.int64),
        kind_starts=np.searchsorted(codes[order, 0], np.arange(count + 1)).astype(np.int64),
        kind_rows=order.astype(np.int64),
        plan=no_plan(items),
    )


def a_tree(feature: int, threshold: float, left: float, right: float, width: int) -> Trees:
    """One comparison with a leaf on either side."""
    values = np.zeros((1, LEAVES))
    values[0, :2] = left, right
    second_leaf = ALL_LEAVES - np.uint32(1)
    return trees_of(
        np.array([feature]), np.array([threshold], np.float32), np.zeros(1, np.uint32),
        np.array([second_leaf], np.uint32), values, width,
    )  # fmt: skip


def a_stump(feature: str, threshold: float) -> Head:
    """Chances of `HIGH` log odds above a threshold of one feature, else of `LOW`."""
    trees = a_tree(FEATURES.index(feature), threshold, LOW, HIGH, len(FEATURES))
    return Head(trees, slope=1.0, intercept=0.0)


def a_ranker(leads: bool = True) -> Ranker:
    """Likes what was bought at least twice, and what ALS scores at least half as high as its best."""
    return Ranker(a_stump("purchase_count", 1.5), a_stump("als_share", 0.5), leads)


def facts_of(ranker: Ranker) -> dict[str, Any]:
    """What a manifest tells of it."""
    return {
        "own_slope": ranker.own.slope,
        "own_intercept": ranker.own.intercept,
        "new_slope": ranker.new.slope,
        "new_intercept": ranker.new.intercept,
        "leads": ranker.leads,
        "shoppers": 100,
        "learned_ndcg": 0.2,
        "hybrid_ndcg": 0.1,
    }
