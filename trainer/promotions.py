"""Promotions of a retailer, past and planned, read and checked."""

import datetime
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.days import day_of
from trainer.columns import PromotionColumns, entry_told
from trainer.table import Table, read_distinct

Doubles = NDArray[np.float64]
AHEAD_DAYS = 366
"""How far ahead a plan may look."""
LAST_WEEK = 10_000
WEEK_DAYS = 7
LEAST_SHARE, HIGH_SHARE = 0.03, 0.15
"""Of the shops: below the first an item counts as not promoted; from the second on its effect is one of its
own (studied)."""
LEVELS = 2
"""Below and from `HIGH_SHARE`."""


@dataclass(frozen=True, eq=False)
class Promotions:
    """One entry a product and span of days, sorted by product and first day."""

    products: Ints
    """(promotions,) int32: record of the product in `Products`."""
    first_days: Ints
    """(promotions,) int32: counted from 1970-01-01."""
    last_days: Ints
    """(promotions,) int32: inclusive."""
    effects: Ints
    """(promotions, ways) int32: for each way of promoting how it was done, 0 for not at all. What has one
    number has one effect on sales."""
    shares: Floats
    """(promotions,) float32: share of the shops that take part, of the way that most do."""

    def __len__(self) -> int:
        """Count the promotions."""
        return len(self.products)

    def where(self, mask: Mask) -> "Promotions":
        """Keep some promotions only."""
        return Promotions(
            self.products[mask], self.first_days[mask], self.last_days[mask],
            self.effects[mask], self.shares[mask],
        )  # fmt: skip

    def known_on(self, day: int, ahead_days: int) -> "Promotions":
        """Forget those that begin so many days after a day, or later: nobody has planned them yet."""
        return self.where(self.first_days < day + ahead_days)

    def of(self, records: Longs, count: int) -> "Promotions":
        """Keep promotions of some products and number these anew.

        Args:
            records: (products,) int64 the present number of each.
            count: products that there are at present.
        """
        place = np.full(count, -1, np.int32)
        place[records] = np.arange(len(records), dtype=np.int32)
        kept = self.where(place[self.products] >= 0)
        products = place[kept.products]
        order = np.lexsort((kept.first_days, products))
        return Promotions(
            products[order], kept.first_days[order], kept.last_days[order],
            kept.effects[order], kept.shares[order],
        )  # fmt: skip


NO_PROMOTIONS = Promotions(
    np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32),
    np.empty((0, 0), np.int32), np.empty(0, np.float32),
)  # fmt: skip
"""Of a shop that has none, or tells none."""


def read_promotions(
    path: Path, columns: PromotionColumns, row_of: dict[str, int], today: datetime.date
) -> Promotions:
    """Read promotions; those of products without a record are left out.

    Args:
        path: a CSV or Parquet file, one row a product, shop and span of days.
        columns: what its columns are called.
        row_of: record of a product id.
        today: a plan may look a year ahead of it.

    Raises:
        InvalidFile: names the row and column at fault and what is allowed.
    """
    with entry_told(columns):
        table, counts = read_distinct(path, columns.apart)
    ids = table.ids(columns.product)
    records = np.array([row_of.get(name, -1) for name in ids.ids], np.int64)[ids.codes]
    firsts, lasts = spans_of(table, columns, today)
    with entry_told(columns):
        shops = len(read_distinct(path, [columns.store])[1]) if columns.store else 1
    counts = counts if columns.store else np.ones_like(counts)
    ways = [way_of(table, column, columns.none) for column in columns.ways]
    if not ways:
        ways = [np.ones(len(records), np.int64)]
    return by_product_and_span(records, firsts, lasts, ways, counts / shops)


def spans_of(table: Table, columns: PromotionColumns, today: datetime.date) -> tuple[Longs, Longs]:
    """First and last day of each row, (rows,) int64.

    Raises:
        InvalidFile: a day is none, or a promotion ends before it begins.
    """
    if columns.week is not None and columns.week_1_begins is not None:
        weeks = table.numbers(columns.week)
        at_fault = (weeks < 1) | (weeks > LAST_WEEK) | (weeks != np.rint(weeks))
        table.refuse(at_fault, columns.week, f"a whole number of a week from 1 to {LAST_WEEK:,}")
        begin = day_of(columns.week_1_begins)
        first = begin + WEEK_DAYS * (weeks.astype(np.int64) - 1)
        return first, first + WEEK_DAYS - 1
    latest = today + datetime.timedelta(days=AHEAD_DAYS)
    first, last = (
        table.days(column or "", None, latest).astype(np.int64)
        for column in (columns.first_day, columns.last_day)
    )
    table.refuse(last < first, columns.last_day or "", f"not before {columns.first_day}")
    return first, last


def way_of(table: Table, column: str, none: str | None) -> Longs:
    """Number the values of a column, (rows,) int64: 0 for `none` and for nothing."""
    codes, values = pd.factorize(table.frame[column])
    texts = ["" if pd.isna(value) else str(value) for value in values]
    told = sorted({text for text in texts if text not in ("", none)})
    number = {text: place + 1 for place, text in enumerate(told)}
    return np.array([*(number.get(text, 0) for text in texts), 0], np.int64)[codes]


def by_product_and_span(
    records: Longs, firsts: Longs, lasts: Longs, ways: list[Longs], shares: Doubles
) -> Promotions:
    """Gather what different shops do.

    Args:
        records: (rows,) int64 record of the product, -1 for none.
        firsts: (rows,) int64 first day.
        lasts: (rows,) int64 last day.
        ways: (rows,) int64 each, how the product was promoted there, 0 for not in this way.
        shares: (rows,) float64 share of the shops that do it.
    """
    days, width = int(lasts.max(initial=0)) + 1, int(records.max(initial=0)) + 1
    cells, spans = pd.factorize((firsts * days + lasts) * (width + 1) + records)
    spans = np.asarray(spans, np.int64)
    products, when = spans % (width + 1), spans // (width + 1)
    found = [foremost(cells, way, shares, len(spans)) for way in ways]
    told = np.stack([share for _, share in found], axis=1)
    values = np.stack([values for values, _ in found], axis=1)
    high = (told >= HIGH_SHARE).astype(np.int64)
    effects = np.where(told >= LEAST_SHARE, 1 + LEVELS * (values - 1) + high, 0)
    kept = (products < width) & (effects > 0).any(axis=1)
    order = np.flatnonzero(kept)[np.lexsort((when[kept], products[kept]))]
    return Promotions(
        products=products[order].astype(np.int32),
        first_days=(when[order] // days).astype(np.int32),
        last_days=(when[order] % days).astype(np.int32),
        effects=effects[order].astype(np.int32),
        shares=told[order].max(axis=1).astype(np.float32),
    )


def foremost(
    cells: NDArray[np.int64], way: Longs, shares: Doubles, count: int
) -> tuple[Longs, Doubles]:
    """Say how most shops promote in each cell.

    Returns:
        (cells,) int64 the way that most do, the first of several, 1 where none; and the share that does so
        in any way, (cells,) float64.
    """
    done = way > 0
    width = int(way.max(initial=0)) + 1
    keys, places = np.unique(cells[done] * width + way[done], return_inverse=True)
    shops = np.bincount(places, shares[done], minlength=len(keys))
    cell, value = keys // width, keys % width
    order = np.lexsort((value, -shops, cell))
    firsts = order[np.unique(cell[order], return_index=True)[1]]
    values = np.ones(count, np.int64)
    values[cell[firsts]] = value[firsts]
    told: Doubles = np.bincount(cells[done], shares[done], minlength=count).astype(np.float64)
    return values, told
