"""A model version of a dozen products and two shoppers, for tests of whole services."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from restock.artifacts.bundle import Retrieval
from restock.artifacts.manifest import IndexChoice
from restock.artifacts.profiles import ProfileTable
from restock.artifacts.store import BundleStore, Draft
from restock.core.catalogue import Catalogue
from restock.core.learned.ranker import Ranker
from restock.tuning_config import TuningConfig
from tests.a_ranker import a_table, facts_of

DAY = 18_000
"""Last training day."""
CYCLE_DAYS = 10.0
"""Repurchase cycle of every product."""
MEDIAN_PRICE = 3.0
SEGMENT_CUTS = (10.0, 20.0, 40.0)

PRODUCTS: dict[str, tuple[str, float, float]] = {
    "bread": ("bakery", 2.0, 0.9),
    "brie": ("dairy", 4.0, 0.4),
    "butter": ("dairy", 3.0, 0.7),
    "cake": ("bakery", 6.0, 0.3),
    "eggs": ("dairy", 2.5, 0.8),
    "gift": ("", float("nan"), 0.05),
    "ham": ("meat", 3.5, 0.5),
    "milk": ("dairy", 1.0, 1.0),
    "salami": ("meat", 5.0, 0.35),
    "salt": ("pantry", 0.5, 0.2),
    "water": ("drinks", 0.75, 0.6),
    "wine": ("drinks", 9.0, 0.45),
}
"""Category, price and popularity by id; the gift has neither category nor known price."""
BY_POPULARITY = sorted(PRODUCTS, key=lambda item: -PRODUCTS[item][2])
"""milk, bread, eggs, butter, water, ham, wine, brie, salami, cake, salt, gift."""
TOGETHER: dict[str, dict[str, float]] = {
    "bread": {"butter": 0.75, "milk": 0.5},
    "butter": {"bread": 0.75},
    "milk": {"eggs": 0.5, "bread": 0.25},
    "wine": {"brie": 0.8, "salami": 0.4},
}
"""Item-CF: neighbours by product, most similar first."""
TASTES: dict[str, list[float]] = {
    "bakery": [2, 0, 0],
    "dairy": [1, 1, 0],
    "meat": [0, 1, 1],
    "drinks": [0, 0, 2],
    "pantry": [0.5, 0, 0.5],
    "": [0, 0, 0],
}
"""ALS factors of a category; its products differ a little."""
KINDS_AND_BRANDS = {"ham": (0, 0), "salami": (0, 0), "brie": (1, 1), "butter": (1, 0)}
"""Salami is ham in another size; brie and butter are of one kind."""
FLAT = IndexChoice(kind="flat", recall=1, scanned_share=1)
WINE_AFFINITY = (0.5, 0.8, 1.2, 1.5)
"""Wine is bought by high spenders; everything else by all alike."""


def a_draft(through_day: int = DAY, ranker: Ranker | None = None, **knobs: float) -> Draft:
    """Another day, another ranker or another tuning is another version."""
    manifest: dict[str, Any] = {
        "tuning": dataclasses.asdict(TuningConfig().changed(knobs)),
        "input_digest": "0" * 64,
        "trained_from_day": through_day - 100,
        "trained_through_day": through_day,
        "users": 2,
        "items": len(PRODUCTS),
        "purchases": 5,
        "segment_cuts": SEGMENT_CUTS,
        "median_price": MEDIAN_PRICE,
        "index": FLAT,
        "data_quality": {},
        "ranker": facts_of(ranker) if ranker else None,
    }
    catalogue = the_catalogue()
    table = a_table(catalogue, **KINDS_AND_BRANDS)
    profiles = two_shoppers(through_day)
    return Draft(manifest, catalogue, the_retrieval(), profiles, table, ranker)


def published(
    home: Path, through_day: int = DAY, ranker: Ranker | None = None, **knobs: float
) -> str:
    """Publish a version below a service's home and make it the active one."""
    store = BundleStore(home / "models")
    version = store.publish(a_draft(through_day, ranker, **knobs))
    store.activate(version)
    return version


def the_catalogue() -> Catalogue:
    items = len(PRODUCTS)
    named = [category for category, _, _ in PRODUCTS.values()]
    categories = sorted({category for category in named if category})
    affinity = np.ones((items, 4), np.float32)
    affinity[list(PRODUCTS).index("wine")] = WINE_AFFINITY
    return Catalogue(
        item_ids=list(PRODUCTS),
        item_names=[item.title() for item in PRODUCTS],
        categories=categories,
        category=np.array([categories.index(c) if c else -1 for c in named], np.int32),
        price=np.array([price for _, price, _ in PRODUCTS.values()], np.float32),
        average_units=np.ones(items, np.float32),
        popularity=np.array([popular for _, _, popular in PRODUCTS.values()], np.float32),
        cycle_days=np.full(items, CYCLE_DAYS, np.float32),
        segment_affinity=affinity,
        segment_cuts=SEGMENT_CUTS,
        median_price=MEDIAN_PRICE,
    )


def the_retrieval() -> Retrieval:
    rows = {item: row for row, item in enumerate(PRODUCTS)}
    width = max(len(found) for found in TOGETHER.values())
    neighbours = np.full((len(PRODUCTS), width), -1, np.int32)
    weights = np.zeros((len(PRODUCTS), width), np.float32)
    for item, found in TOGETHER.items():
        neighbours[rows[item], : len(found)] = [rows[other] for other in found]
        weights[rows[item], : len(found)] = list(found.values())
    factors = [
        np.array(TASTES[category]) * (1 + 0.01 * popular)
        for category, _, popular in PRODUCTS.values()
    ]
    return Retrieval(np.array(factors, np.float32), neighbours, weights, FLAT)


def two_shoppers(day: int = DAY) -> ProfileTable:
    """Ann buys bread and milk every week, Bob once bought bread, ham and wine."""
    bread, ham, milk, wine = (list(PRODUCTS).index(i) for i in ("bread", "ham", "milk", "wine"))
    weekly = [day - 14, day - 7, day]
    return ProfileTable(
        user_ids=["ann", "bob"],
        starts=np.array([0, 2, 5], np.int64),
        item_rows=np.array([bread, milk, bread, ham, wine], np.int32),
        purchase_counts=np.array([3, 3, 1, 1, 1], np.uint32),
        first_days=np.array([day - 14, day - 14, day, day, day], np.uint32),
        last_days=np.array([day, day, day, day, day], np.uint32),
        units_milli=np.array([3000, 3000, 1000, 1000, 1000], np.uint64),
        spend_milli=np.array([6000, 3000, 2000, 3500, 9000], np.uint64),
        shopping_days=np.array([3, 1], np.uint32),
        last_shopping_days=np.array([day, day], np.uint32),
        day_starts=np.array([0, 3, 6, 7, 8, 9], np.int64),
        days=np.array([*weekly, *weekly, day, day, day], np.uint32),
        day_units_milli=np.full(9, 1000, np.uint64),
        day_spend_milli=np.array([2000] * 3 + [1000] * 3 + [2000, 3500, 9000], np.uint64),
    )
