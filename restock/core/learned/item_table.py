"""What the ranker knows of items: learned when a model version is trained, looked up when it serves."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Floats, Ints, Longs
from restock.core.learned.promotion_plan import PromotionPlan, plan_fits

HAZARD_WEEKS = 20
"""Weeks since a purchase that are told apart; the last stands for all later ones."""
UNKNOWN_KIND = -1
"""Kind or brand of an item without one."""

ITEM_FEATURES = (
    "sold_7",
    "sold_28",
    "sold",
    "trend",
    "buyers",
    "new_buyers_28",
    "new_share",
    "sold_per_buyer",
    "age_days",
    "price",
    "price_14_ratio",
    "rebuy_7",
    "rebuy_28",
    "rebuy_next",
    "cycle_days",
    "kind_rebuy_28",
    "kind_sold_28",
    "share_of_kind",
    "small_basket_gain",
)
"""Features that are a fact of the item alone, in the order of `ItemTable.columns`:

- sold_7, sold_28, sold: household-days on which it was bought in the last 7 and 28 days, and ever;
- trend: the last 14 days over the pace of the last 90;
- buyers: households that ever bought it; new_buyers_28: those that did for the first time in 28 days;
- new_share: new buyers over household-days of 28 days; sold_per_buyer;
- age_days: since it was first sold; price: mean unit price; price_14_ratio: of the last 14 days over that;
- rebuy_7, rebuy_28, rebuy_next: share of purchases followed by another within 7 and 28 days, and on the next
  shopping day, shrunk towards the kind's; cycle_days: geometric mean gap, shrunk likewise;
- kind_rebuy_28, kind_sold_28: the same of its kind; share_of_kind: of the kind's household-days;
- small_basket_gain: mean of 1 / ideal DCG of the baskets it is in: high where it is bought alone.
"""
PRICE = ITEM_FEATURES.index("price")
REBUY_28 = ITEM_FEATURES.index("rebuy_28")
CYCLE = ITEM_FEATURES.index("cycle_days")
NEW_BUYERS = ITEM_FEATURES.index("new_buyers_28")
BASKET_GAIN = ITEM_FEATURES.index("small_basket_gain")


class ItemTable(NamedTuple):
    """Item facts for the ranker, row i of the catalogue's item i; a tuple, as compiled code takes it."""

    columns: Floats
    """(items, `ITEM_FEATURES`) float32, finite."""
    hazards: Floats
    """(items, `HAZARD_WEEKS`) float32: chance of a purchase in a week, by weeks since the last one."""
    kinds: Ints
    """(items,) int32: kind (the finest product class that the retailer has), `UNKNOWN_KIND` for none."""
    categories: Ints
    """(items,) int32: category code, -1 for none."""
    brands: Ints
    """(items,) int32: brand or maker, `UNKNOWN_KIND` for none."""
    kind_cycle_days: Floats
    """(kinds,) float32: geometric mean gap between a household's purchases of the kind's products."""
    kind_sold: Floats
    """(kinds,) float32: household-days in the last 28 days."""
    kind_new_buyers: Floats
    """(kinds,) float32: first purchases of a product of the kind in the last 28 days."""
    kind_price: Floats
    """(kinds,) float32: mean unit price."""
    novelties: Longs
    """(items of novelty,) int64: rows that most households bought for the first time of late, first first."""
    kind_starts: Longs
    """(kinds + 1,) int64: kind k owns `kind_rows[kind_starts[k]:kind_starts[k + 1]]`."""
    kind_rows: Longs
    """(rows,) int64: rows of each kind with the most new buyers, most first."""
    plan: PromotionPlan
    """What is going to be promoted."""


@dataclass(frozen=True)
class TableSizes:
    """How much of an item table is kept for proposals."""

    novelties: int = 200
    """Rows with the most new buyers in all (studied: 40 of them are proposed)."""
    rows_a_kind: int = 12
    """Rows with the most new buyers of each kind."""


def table_fits(table: ItemTable, items: int) -> bool:
    """Say whether the arrays belong together and to a catalogue of so many items."""
    kinds = len(table.kind_cycle_days)
    rows = np.concatenate([table.novelties, table.kind_rows])
    return bool(
        table.columns.shape == (items, len(ITEM_FEATURES))
        and table.hazards.shape == (items, HAZARD_WEEKS)
        and all(len(codes) == items for codes in (table.kinds, table.categories, table.brands))
        and table.kinds.max(initial=-1) < kinds
        and table.kinds.min(initial=0) >= UNKNOWN_KIND
        and len(table.kind_sold) == len(table.kind_new_buyers) == len(table.kind_price) == kinds
        and len(table.kind_starts) == kinds + 1
        and table.kind_starts[0] == 0
        and table.kind_starts[-1] == len(table.kind_rows)
        and bool((np.diff(table.kind_starts) >= 0).all())
        and (not rows.size or (rows.min() >= 0 and rows.max() < items))
        and finite(table)
        and plan_fits(table.plan, items)
    )


def finite(table: ItemTable) -> bool:
    """Say whether every number is one."""
    floats: list[NDArray[np.float32]] = [
        table.columns, table.hazards, table.kind_cycle_days, table.kind_sold,
        table.kind_new_buyers, table.kind_price,
    ]  # fmt: skip
    return all(bool(np.isfinite(column).all()) for column in floats)
