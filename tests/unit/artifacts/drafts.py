"""Small model versions to publish."""

import dataclasses
from typing import Any

import numpy as np

from restock.artifacts.bundle import Retrieval
from restock.artifacts.manifest import IndexChoice
from restock.artifacts.profiles import ProfileTable
from restock.artifacts.store import Draft
from restock.core.catalogue import Catalogue
from restock.tuning_config import TuningConfig
from tests.a_ranker import a_table

DAY = 17_500
"""2017-11-30."""
INDEX = IndexChoice(kind="flat", recall=1, scanned_share=1)


def a_catalogue(*item_ids: str) -> Catalogue:
    items = len(item_ids)
    return Catalogue(
        item_ids=list(item_ids),
        item_names=[f"the {item}" for item in item_ids],
        categories=["dairy"],
        category=np.zeros(items, np.int32),
        price=np.full(items, 2.5, np.float32),
        average_units=np.ones(items, np.float32),
        popularity=np.linspace(1, 0, items, dtype=np.float32),
        cycle_days=np.full(items, 14, np.float32),
        segment_affinity=np.ones((items, 4), np.float32),
        segment_cuts=(1.0, 2.0, 3.0),
        median_price=2.5,
    )


def some_retrieval(items: int) -> Retrieval:
    return Retrieval(
        item_factors=np.eye(items, 2, dtype=np.float32),
        neighbours=np.full((items, 1), -1, np.int32),
        neighbour_weights=np.zeros((items, 1), np.float32),
        index=INDEX,
    )


def one_shopper() -> ProfileTable:
    """Bought item 0 on two days, two units in all, for 5.00."""
    return ProfileTable(
        user_ids=["ann"],
        starts=np.array([0, 1], np.int64),
        item_rows=np.array([0], np.int32),
        purchase_counts=np.array([2], np.uint32),
        first_days=np.array([DAY - 14], np.uint32),
        last_days=np.array([DAY], np.uint32),
        units_milli=np.array([2000], np.uint64),
        spend_milli=np.array([5000], np.uint64),
        shopping_days=np.array([2], np.uint32),
        last_shopping_days=np.array([DAY], np.uint32),
        day_starts=np.array([0, 2], np.int64),
        days=np.array([DAY - 14, DAY], np.uint32),
        day_units_milli=np.array([1000, 1000], np.uint64),
        day_spend_milli=np.array([2000, 3000], np.uint64),
    )


def a_draft(*item_ids: str, through_day: int = DAY, **changes: Any) -> Draft:
    item_ids = item_ids or ("bread", "milk")
    manifest = {
        "tuning": dataclasses.asdict(TuningConfig()),
        "input_digest": "0" * 64,
        "trained_from_day": through_day - 100,
        "trained_through_day": through_day,
        "users": 1,
        "items": len(item_ids),
        "purchases": 2,
        "segment_cuts": (1.0, 2.0, 3.0),
        "median_price": 2.5,
        "index": INDEX,
        "data_quality": {},
    }
    catalogue, retrieval = a_catalogue(*item_ids), some_retrieval(len(item_ids))
    return Draft(manifest | changes, catalogue, retrieval, one_shopper(), a_table(catalogue), None)
