"""How good the data is: what was left out and why, what was kept, which prices look wrong."""

import dataclasses
from typing import Any

import numpy as np

from restock.core.arrays import Ints, Longs
from restock.tuning_config import TuningConfig
from trainer.purchases import run_starts

EXAMPLES = 5
"""Flagged items that are shown."""


@dataclasses.dataclass(frozen=True)
class PriceSpan:
    """An item whose unit prices lie far apart."""

    item_id: str
    """The item."""
    lowest: float
    """Lowest unit price above 0, in the shop's currency."""
    highest: float
    """Highest unit price."""


@dataclasses.dataclass(frozen=True)
class EventCounts:
    """What the event log held."""

    rows: int
    """Rows of the log: one a line of an order, a return, or a product shown."""
    orders: int
    """Orders counted, each once."""
    returns_applied: int
    """Returns that were taken out of their order's line."""
    returns_without_order: int
    """Left out: returns of a line that is not there."""


@dataclasses.dataclass(frozen=True)
class DataQuality:
    """Counts of one cleaning. Each row left out is counted once, under the first reason that fits."""

    raw_rows: int
    """Purchase rows: those of the transactions file and the lines of the event log's orders."""
    forgotten: int
    """Left out: of a user who was deleted later."""
    returned: int
    """Left out: lines of orders of which everything came back."""
    returns: int
    """Left out: negative units or amount."""
    zero_quantity: int
    """Left out: no units; some retailers zero their returns."""
    duplicates: int
    """Left out: equal to an earlier row in every column, the order included; or of an order that the
    event log holds already."""
    unknown_product: int
    """Left out: no record in the products file."""
    excluded: int
    """Left out: the columns file excludes the product."""
    kept_rows: int
    """Rows learned from."""
    zero_price_kept: int
    """Rows among them that cost nothing: promotions, kept for what they were bought with."""
    price_variance_items: int
    """Items with highest over lowest unit price of at least ``price_variance_ratio``."""
    price_variance_examples: tuple[PriceSpan, ...]
    """The widest of them."""
    users: int
    """Users with a purchase left."""
    items: int
    """Items with a purchase left."""
    purchases: int
    """User-item-days."""
    shopping_days: int
    """User-days."""
    users_forgotten: int
    """Users of whom something was left out because they were deleted."""
    events: EventCounts | None = None
    """What the event log held; None without one."""

    @property
    def retention(self) -> float:
        """Share of rows kept, 0 to 1."""
        return self.kept_rows / self.raw_rows

    def as_dict(self) -> dict[str, Any]:
        """Give all counts as JSON can hold them, the retention rounded to six digits."""
        counts = dataclasses.asdict(self)
        counts["price_variance_examples"] = list(counts["price_variance_examples"])
        return {**counts, "retention": round(self.retention, 6)}


def price_spans(
    items: Ints, units_milli: Longs, spend_milli: Longs, item_ids: list[str], tuning: TuningConfig
) -> list[PriceSpan]:
    """Find items with extreme price variance.

    Args:
        items: (rows,) int32, position in `item_ids`.
        units_milli: (rows,) int64, above 0.
        spend_milli: (rows,) int64; rows that cost nothing do not count.
        item_ids: ids.
        tuning: ``price_variance_ratio``.

    Returns:
        Those items, the widest ratio first, equal ones by id.
    """
    paid = np.flatnonzero(spend_milli > 0)
    order = paid[np.argsort(items[paid], kind="stable")]
    if not order.size:
        return []
    prices = spend_milli[order] / units_milli[order]
    starts = run_starts(items[order])
    lowest = np.minimum.reduceat(prices, starts)
    highest = np.maximum.reduceat(prices, starts)
    ratios = highest / lowest
    wide = np.flatnonzero(ratios >= tuning.price_variance_ratio)
    wide = wide[np.argsort(-ratios[wide], kind="stable")]
    ids = [item_ids[item] for item in items[order][starts[wide]].tolist()]
    bounds = zip(ids, lowest[wide].tolist(), highest[wide].tolist(), strict=True)
    return [PriceSpan(item, round(low, 4), round(high, 4)) for item, low, high in bounds]
