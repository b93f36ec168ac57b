"""The ranker's files in a bundle: item table and trees, plain arrays, checked before anything uses them."""

from pathlib import Path
from typing import Any, cast

import numpy as np

from restock.artifacts.files import read_array, write_array
from restock.artifacts.manifest import RankerFacts
from restock.core.arrays import Ints
from restock.core.learned.features import FEATURES
from restock.core.learned.item_table import HAZARD_WEEKS, ITEM_FEATURES, ItemTable, table_fits
from restock.core.learned.promotion_plan import PromotionPlan
from restock.core.learned.ranker import Head, Ranker
from restock.core.trees import LEAVES, Trees, trees_fit
from restock.errors import BundleCorrupt

Shape = tuple[int, ...]
FOLDER = "ranker"
ANY = -1
TABLE_ARRAYS: dict[str, tuple[type[np.generic], Shape]] = {
    "columns": (np.float32, (ANY, len(ITEM_FEATURES))),
    "hazards": (np.float32, (ANY, HAZARD_WEEKS)),
    "kinds": (np.int32, (ANY,)),
    "brands": (np.int32, (ANY,)),
    "kind_cycle_days": (np.float32, (ANY,)),
    "kind_sold": (np.float32, (ANY,)),
    "kind_new_buyers": (np.float32, (ANY,)),
    "kind_price": (np.float32, (ANY,)),
    "novelties": (np.int64, (ANY,)),
    "kind_starts": (np.int64, (ANY,)),
    "kind_rows": (np.int64, (ANY,)),
}
PLAN_ARRAYS: dict[str, tuple[type[np.generic], Shape]] = {
    "starts": (np.int64, (ANY,)),
    "first_days": (np.int32, (ANY,)),
    "last_days": (np.int32, (ANY,)),
    "lifts": (np.float32, (ANY,)),
    "shares": (np.float32, (ANY,)),
    "responses": (np.float32, (ANY,)),
    "usual_lifts": (np.float32, (ANY,)),
}
TREE_ARRAYS: dict[str, tuple[type[np.generic], Shape]] = {
    "starts": (np.uint32, (len(FEATURES) + 1,)),
    "thresholds": (np.float32, (ANY,)),
    "owners": (np.uint32, (ANY,)),
    "masks": (np.uint32, (ANY,)),
    "values": (np.float64, (ANY, LEAVES)),
}
HEADS = ("own", "new")
TABLE_FILES = frozenset(
    f"{FOLDER}/{name}.npy" for name in [*TABLE_ARRAYS, *(f"plan_{name}" for name in PLAN_ARRAYS)]
)
"""Of every bundle."""
TREE_FILES = frozenset(f"{FOLDER}/{head}_{name}.npy" for head in HEADS for name in TREE_ARRAYS)
"""Of a bundle with a ranker."""


def write_ranker(folder: Path, table: ItemTable, ranker: Ranker | None) -> None:
    """Write the table, and the trees where there are any."""
    (folder / FOLDER).mkdir()
    for name in TABLE_ARRAYS:
        write_array(folder / FOLDER / f"{name}.npy", getattr(table, name))
    for name in PLAN_ARRAYS:
        write_array(folder / FOLDER / f"plan_{name}.npy", getattr(table.plan, name))
    for head in HEADS if ranker else ():
        for name in TREE_ARRAYS:
            column = getattr(getattr(ranker, head).trees, name)
            write_array(folder / FOLDER / f"{head}_{name}.npy", column)


def read_table(folder: Path, category: Ints) -> ItemTable:
    """Map the item table into memory.

    Args:
        folder: the bundle's.
        category: of the catalogue.

    Raises:
        BundleCorrupt: an array is not what it should be, or they do not fit together.
    """
    arrays = {
        name: read_array(folder / FOLDER / f"{name}.npy", dtype, shape)
        for name, (dtype, shape) in TABLE_ARRAYS.items()
    }
    told = {
        name: read_array(folder / FOLDER / f"plan_{name}.npy", dtype, shape)
        for name, (dtype, shape) in PLAN_ARRAYS.items()
    }
    plan = PromotionPlan(**cast(dict[str, Any], told))
    table = ItemTable(categories=category, plan=plan, **cast(dict[str, Any], arrays))
    if not table_fits(table, len(category)):
        raise BundleCorrupt(f"{folder / FOLDER}: the item table's arrays do not fit together")
    return table


def read_ranker(folder: Path, facts: RankerFacts) -> Ranker:
    """Map the trees into memory.

    Raises:
        BundleCorrupt: an array is not what it should be, or they do not fit together.
    """
    own = Head(read_trees(folder, "own"), facts.own_slope, facts.own_intercept)
    new = Head(read_trees(folder, "new"), facts.new_slope, facts.new_intercept)
    return Ranker(own, new, facts.leads)


def read_trees(folder: Path, head: str) -> Trees:
    """Map one head's trees into memory.

    Raises:
        BundleCorrupt: an array is not what it should be, or they do not fit together.
    """
    arrays = {
        name: read_array(folder / FOLDER / f"{head}_{name}.npy", dtype, shape)
        for name, (dtype, shape) in TREE_ARRAYS.items()
    }
    trees = Trees(**cast(dict[str, Any], arrays))
    if not trees_fit(trees, len(FEATURES)):
        raise BundleCorrupt(f"{folder / FOLDER}: the arrays of {head!r} trees do not fit together")
    return trees
