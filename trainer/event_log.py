"""Orders and returns of the event log, as `restock events export` writes it, read and checked."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from restock.artifacts.event_folder import DELETED_USERS, EventFolder
from restock.core.arrays import Ints, Longs, Mask
from restock.core.signals import MILLI
from restock.days import EPOCH, day_of
from restock.errors import InvalidFile
from restock.ids import LONGEST_ID_BYTES, is_id
from trainer.table import IdColumn
from trainer.typed_parquet import TypedTable, mask_of, read_typed

TEXT = pa.large_string()
TYPES = {
    "event_id": TEXT,
    "user_id": TEXT,
    "event_time": pa.timestamp("us", tz="UTC"),
    "kind": TEXT,
    "order_id": TEXT,
    "line": pa.int32(),
    "product_id": TEXT,
    "quantity": pa.float64(),
    "unit_price": pa.float64(),
}
"""Columns that are read; what else an event has is not learned from."""
ORDER, RETURN = "order", "return"
OF_BOTH = ("event_id", "user_id", "event_time", "order_id", "line", "quantity")
"""Columns that neither an order nor a return leaves empty."""
OF_ORDERS = ("product_id", "unit_price")
"""Columns that an order does not leave empty either."""
MOST_UNITS, MOST_PRICE = 1_000_000, 10_000_000
"""What the profile store takes of one line, and of one unit."""
AHEAD = timedelta(days=1)
"""The profile store takes events so far ahead of its clock."""
DAY_PREFIX = "day="
NO_CODE = -1


@dataclass(frozen=True, eq=False)
class EventRows:
    """Lines of orders and returns, in any order, one entry a row."""

    count: int
    """Rows of the log, those of all other events among them."""
    is_order: Mask
    """(rows,) bool: a line of an order; else a return."""
    users: IdColumn
    """Who."""
    products: IdColumn
    """What was bought; the code of a return is -1."""
    events: Ints
    """(rows,) int32: place of the event's id among all, sorted."""
    orders: Ints
    """(rows,) int32: place of the order's id likewise. Two users may have the same."""
    lines: Ints
    """(rows,) int32: line of the order, counted from 0."""
    moments: Longs
    """(rows,) int64: when, in microseconds since 1970-01-01 UTC."""
    days: Ints
    """(rows,) int32: local calendar day, counted from 1970-01-01."""
    units_milli: Longs
    """(rows,) int64: units bought or returned, in thousandths, at least 0."""
    price_milli: Longs
    """(rows,) int64: price of one unit as paid, in thousandths of the currency; 0 for a return."""


def read_event_log(folder: Path, today: date) -> EventRows:
    """Read the orders and returns of an export.

    Args:
        folder: the export's.
        today: where the shop is; an event may lie one day ahead of it.

    Raises:
        InvalidFile: it is not an export, or a part of it is cut short, corrupt or lacks a column;
            names file, row and column.
    """
    parts = EventFolder(folder).parts()
    if not parts and not (folder / DELETED_USERS).is_file():
        raise InvalidFile(folder, "a folder that `restock events export` has written is needed")
    count = 0
    tables: list[pa.Table] = [pa.schema([*TYPES.items(), ("day", pa.int32())]).empty_table()]
    for path in parts:
        day = day_of_folder(path.parent, today + AHEAD)
        table = read_typed(path, TYPES)
        count += len(table.numbers)
        found = purchases_of(table)
        days = np.full(len(found), day, np.int32)
        tables.append(found.append_column("day", pa.array(days)))
    return rows_of(pa.concat_tables(tables), count)


def day_of_folder(folder: Path, last: date) -> int:
    """Day whose events lie in a folder, counted from 1970-01-01.

    Raises:
        InvalidFile: its name does not say, or says a day before 1970 or after the last one allowed.
    """
    try:
        day = date.fromisoformat(folder.name.removeprefix(DAY_PREFIX))
    except ValueError as error:
        raise InvalidFile(folder, "a folder of events is named day=YYYY-MM-DD") from error
    if not EPOCH <= day <= last:
        raise InvalidFile(folder, f"a day from {EPOCH} to {last}")
    return day_of(day)


def purchases_of(table: TypedTable) -> pa.Table:
    """Take the rows of orders and returns, checked.

    Raises:
        InvalidFile: names the row and column at fault and what is allowed.
    """
    kind = table.columns["kind"]
    table = table.where(mask_of(pc.is_in(kind, value_set=pa.array([ORDER, RETURN], TEXT))))
    is_order = mask_of(pc.equal(table.columns["kind"], ORDER))
    for column in OF_BOTH:
        table.refuse(table.missing(column), column, "every order and return has one")
    for column in OF_ORDERS:
        table.refuse(table.missing(column) & is_order, column, "every line of an order has one")
    table.refuse(outside(table, "line", None), "line", "a place counted from 0")
    for column, most in (("quantity", MOST_UNITS), ("unit_price", MOST_PRICE)):
        table.refuse(outside(table, column, most), column, f"a number from 0 to {most:,}")
    for column in ("user_id", "product_id"):
        limit = f"1 to {LONGEST_ID_BYTES} bytes without control characters"
        table.refuse(no_ids(table, column), column, f"an id is {limit}")
    return table.columns


def outside(table: TypedTable, column: str, most: float | None) -> Mask:
    """Tell which rows have a number that is not from 0 to `most`, (rows,) bool."""
    numbers = table.columns[column]
    inside = pc.greater_equal(numbers, 0)
    if most is not None:
        inside = pc.and_(inside, pc.less_equal(numbers, most))
    return mask_of(pc.invert(inside))


def no_ids(table: TypedTable, column: str) -> Mask:
    """Tell which rows have a text that is no id, (rows,) bool."""
    found = pc.unique(table.columns[column]).drop_null()
    wrong = [name for name in found.to_pylist() if not is_id(name)]
    return mask_of(pc.is_in(table.columns[column], value_set=pa.array(wrong, TEXT)))


def rows_of(table: pa.Table, count: int) -> EventRows:
    """Turn the rows of all parts into arrays."""
    return EventRows(
        count=count,
        is_order=mask_of(pc.equal(table["kind"], ORDER)),
        users=IdColumn(*coded(table["user_id"])),
        products=IdColumn(*coded(table["product_id"])),
        events=ranked(table["event_id"])[0],
        orders=ranked(table["order_id"])[0],
        lines=np.asarray(table["line"].to_numpy(), np.int32),
        moments=np.asarray(table["event_time"].cast(pa.int64()).to_numpy(), np.int64),
        days=np.asarray(table["day"].to_numpy(), np.int32),
        units_milli=milli_of(table["quantity"]),
        price_milli=milli_of(table["unit_price"]),
    )


def coded(column: pa.ChunkedArray) -> tuple[Ints, list[str]]:
    """Turn texts into positions in a sorted list of them; `NO_CODE` where there is none."""
    codes, texts = ranked(column)
    return codes, texts.to_pylist()


def ranked(column: pa.ChunkedArray) -> tuple[Ints, Any]:
    """Turn texts into positions among all of them sorted, (rows,) int32; `NO_CODE` for none."""
    texts = pc.unique(column).drop_null()
    texts = texts.take(pc.sort_indices(texts))
    codes = pc.fill_null(pc.index_in(column, value_set=texts), NO_CODE)
    return np.asarray(codes.to_numpy(), np.int32), texts


def milli_of(column: pa.ChunkedArray) -> Longs:
    """Round to whole thousandths, (rows,) int64; what is missing is 0."""
    numbers = np.asarray(pc.fill_null(column, 0.0).to_numpy(), np.float64)
    return np.rint(numbers * MILLI).astype(np.int64)
