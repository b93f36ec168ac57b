"""Purchases and products of a retailer, read and checked."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.core.signals import MILLI
from restock.errors import InvalidFile
from trainer.baskets import pseudo_days
from trainer.columns import (
    Columns,
    ProductColumns,
    PromotionColumns,
    TransactionColumns,
    entry_told,
)
from trainer.deletions import NOBODY, Deletions
from trainer.promotions import NO_PROMOTIONS, Promotions, read_promotions
from trainer.table import LARGEST_NUMBER, IdColumn, Table, read_table


@dataclass(frozen=True)
class Source:
    """The files to learn from."""

    transactions: Path | None
    """Purchases; None where the events have them all."""
    products: Path
    """Products."""
    columns: Columns
    """Which of their columns hold what."""
    events: Path | None = None
    """Folder that `restock events export` has written."""
    time_zone: str | None = None
    """The shop's, where `columns` name none."""
    promotions: Path | None = None
    """Promotions, past and planned; None without."""

    def __post_init__(self) -> None:
        """Refuse to add up baskets in order with events, which have dates.

        Raises:
            InvalidFile: both are there; or promotions, which have dates as well.
        """
        if self.transactions is not None and self.events is not None and self.in_order:
            allowed = "baskets in order have no dates: they cannot be added to events"
            raise InvalidFile(self.transactions, allowed)
        if self.promotions is not None and self.in_order:
            raise InvalidFile(self.promotions, "baskets in order have no dates that it could mean")

    @property
    def shop_zone(self) -> str | None:
        """The shop's time zone; None where nobody names it."""
        named = self.columns.timezone if self.transactions else None
        return named or self.time_zone

    @property
    def in_order(self) -> bool:
        """Whether purchases have no dates, only an order of baskets."""
        columns = self.columns.transactions if self.transactions else None
        return columns is not None and columns.basket_order is not None


@dataclass(frozen=True, eq=False)
class Transactions:
    """Purchase lines as they stand in the file, one entry a row."""

    users: IdColumn
    """Who bought."""
    products: IdColumn
    """What."""
    days: Ints
    """(rows,) int32: local calendar day, counted from 1970-01-01."""
    units_milli: Longs
    """(rows,) int64: units, in thousandths."""
    spend_milli: Longs
    """(rows,) int64: total paid, in thousandths of the currency."""
    repeats: Mask
    """(rows,) bool: equal to an earlier row, the order included; all False without an order."""
    forgotten: Mask
    """(rows,) bool: of a user who was deleted later."""
    returned: Mask
    """(rows,) bool: everything of it came back."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.days)


@dataclass(frozen=True, eq=False)
class Products:
    """Product records, one entry a record."""

    row_of: dict[str, int]
    """Entry of a product id."""
    names: list[str]
    """Names for people to read."""
    categories: list[str]
    """Category of each; empty for none."""
    excluded: Mask
    """(products,) bool: not to be recommended."""
    kinds: list[str]
    """Finest class of each; empty for none."""
    brands: list[str]
    """Brand or maker of each; empty for none."""
    promotions: Promotions = NO_PROMOTIONS
    """When each was and is going to be promoted."""


def read_transactions(
    path: Path,
    columns: TransactionColumns,
    today: date,
    deletions: Deletions = NOBODY,
    shop_zone: str | None = None,
) -> Transactions:
    """Read purchase lines.

    Args:
        path: a CSV or Parquet file.
        columns: what its columns are called.
        today: the last day that a purchase may have.
        deletions: who was deleted. Of a row that has only its day, that day's beginning counts.
        shop_zone: the shop's time zone, where `columns` name none.

    Raises:
        InvalidFile: names the row and column at fault and what is allowed.
    """
    with entry_told(columns):
        table = read_table(path, columns.names())
    zone = calendar_of(table, columns, shop_zone)
    units = units_of(table, columns)
    users = table.ids(columns.user)
    none = np.zeros(len(units), np.bool_)
    return Transactions(
        users=users,
        products=table.ids(columns.product),
        days=days_of(table, columns, users, today, zone),
        units_milli=to_milli(units),
        spend_milli=to_milli(amounts(table, columns, units)),
        repeats=none if columns.order is None else table.repeats(),
        forgotten=forgotten_rows(table, columns, users, deletions, zone),
        returned=none,
    )


def calendar_of(table: Table, columns: TransactionColumns, shop_zone: str | None) -> str | None:
    """Name the zone on whose calendar moments count; None where they are local times or days already.

    Raises:
        InvalidFile: some timestamps carry a UTC offset and others do not.
    """
    if columns.timezone is not None or columns.basket_order is not None or shop_zone is None:
        return columns.timezone
    return shop_zone if table.has_offsets(columns.moment) else None


def days_of(
    table: Table, columns: TransactionColumns, users: IdColumn, today: date, zone: str | None
) -> Ints:
    """Day of each row, (rows,) int32; a pseudo-day where only an order of baskets is known.

    Raises:
        InvalidFile: names the row and column at fault and what is allowed.
    """
    if columns.basket_order is not None:
        return pseudo_days(table, columns.basket_order, users)
    return table.days(columns.moment, zone, today)


def forgotten_rows(
    table: Table,
    columns: TransactionColumns,
    users: IdColumn,
    deletions: Deletions,
    zone: str | None,
) -> Mask:
    """Tell which rows are of a user who was deleted later, (rows,) bool; without dates, all of them."""
    if not deletions or columns.basket_order is not None:
        return deletions.forgotten(users, np.zeros(len(table.frame), np.int64))
    moments = table.micros(columns.moment, deletions.time_zone if zone is None else None)
    return deletions.forgotten(users, moments)


def units_of(table: Table, columns: TransactionColumns) -> Floats:
    """Units of each line, (rows,) float64; one where no quantity is known.

    Raises:
        InvalidFile: a line's quantity is not a number, or too large.
    """
    if columns.quantity is None:
        return np.ones_like(table.frame.index, np.float64)
    return table.numbers(columns.quantity)


def amounts(table: Table, columns: TransactionColumns, units: Floats) -> Floats:
    """Total paid for each line, (rows,) float64; 0 where no price is known, and then no price rule applies.

    Raises:
        InvalidFile: a line's amount or price is not a number, or too large.
    """
    if columns.money is None:
        return np.zeros_like(units)
    money = table.numbers(columns.money)
    if columns.amount is not None:
        return money
    totals = money * np.abs(units)
    too_large = np.abs(totals) > LARGEST_NUMBER
    table.refuse(too_large, columns.money, f"quantity times price up to {LARGEST_NUMBER:,.0f}")
    return totals


def read_products(path: Path, columns: ProductColumns) -> Products:
    """Read product records.

    Raises:
        InvalidFile: names the row and column at fault and what is allowed.
    """
    with entry_told(columns):
        table = read_table(path, columns.names())
    ids = table.ids(columns.product)
    again = table.frame.duplicated([columns.product]).to_numpy()
    table.refuse(again, columns.product, "each product has one row")
    return Products(
        row_of={ids.ids[code]: row for row, code in enumerate(ids.codes.tolist())},
        names=table.texts(columns.name),
        categories=table.texts([columns.category] if columns.category else []),
        excluded=excluded(table, columns),
        kinds=table.texts([columns.kind] if columns.kind else []),
        brands=table.texts([columns.brand] if columns.brand else []),
    )


ReadPromotions = Callable[[Path, PromotionColumns, dict[str, int], date], Promotions]


def read_records(
    source: Source, today: date, promotions_of: ReadPromotions = read_promotions
) -> Products:
    """Read product records and, where there are any, promotions.

    Args:
        source: the files and their columns.
        today: the last day that a purchase may have.
        promotions_of: does what `read_promotions` does, or knows it already.

    Raises:
        InvalidFile: names the file, row and column at fault and what is allowed.
    """
    products = read_products(source.products, source.columns.products)
    if source.promotions is None:
        return products
    if source.columns.promotions is None:
        raise InvalidFile(
            source.promotions, "the columns file needs a section [promotions] to read it"
        )
    promotions = promotions_of(source.promotions, source.columns.promotions, products.row_of, today)
    return replace(products, promotions=promotions)


def excluded(table: Table, columns: ProductColumns) -> Mask:
    """Tell which products are not to be recommended, (products,) bool."""
    mask = np.zeros(len(table.frame), np.bool_)
    for column, values in columns.excluded.items():
        mask |= table.frame[column].astype(str).isin(values).to_numpy()
    return mask


def to_milli(values: Floats) -> Longs:
    """Round to whole thousandths, (rows,) int64, so that sums do not depend on the order of rows."""
    return np.asarray(np.rint(values * MILLI), np.int64)
