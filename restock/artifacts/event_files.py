"""Events in Parquet files: one row a line of an order, return or product shown. Wants pyarrow.

Readers take `day=*/part-*.parquet` and leave out rows of users in `deleted_users.parquet` up to the
moment of their deletion.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from restock.artifacts.event_folder import DELETED_USERS, EventFolder
from restock.artifacts.whole_file import sync_folder, whole_file
from restock.core.user_hash import user_hash
from restock.errors import InvalidFile

COMPRESSION = "zstd"
TIME = pa.timestamp("us", tz="UTC")


class EventRow(NamedTuple):
    """One row of a part file."""

    event_id: str
    """The event's idempotency key; rows of one event share it."""
    user_id: str
    """Who."""
    event_time: int
    """When, in microseconds since 1970-01-01 UTC."""
    kind: str
    """order, return, view, add_to_cart, remove_from_cart, impression or click."""
    order_id: str | None = None
    """Of an order or a return."""
    line: int | None = None
    """Line of an order or a return, or position among the products shown, counted from 0."""
    product_id: str | None = None
    """None for a return: the order's line says it."""
    quantity: float | None = None
    """Units of an order, a return or a cart."""
    unit_price: float | None = None
    """Of an order, as paid for one unit."""
    unit_discount: float | None = None
    """Of an order, what was taken off the list price of one unit."""
    recommendation_id: str | None = None
    """Of an impression or a click."""


SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("event_time", TIME, nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("order_id", pa.string()),
        pa.field("line", pa.int32()),
        pa.field("product_id", pa.string()),
        pa.field("quantity", pa.float64()),
        pa.field("unit_price", pa.float64()),
        pa.field("unit_discount", pa.float64()),
        pa.field("recommendation_id", pa.string()),
    ]
)
"""Columns of a part file, in the order of `EventRow`."""
DELETED_SCHEMA = pa.schema(
    [
        pa.field("user_hash", pa.string(), nullable=False),
        pa.field("deleted_time", TIME, nullable=False),
    ]
)
"""Columns of `deleted_users.parquet`."""


def table_of(rows: Sequence[EventRow]) -> pa.Table:
    """Turn rows into columns."""
    columns = list(zip(*rows, strict=True)) or [()] * len(SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.table(arrays, schema=SCHEMA)


def write_portion(
    folder: EventFolder, portion: int, table: pa.Table, days: NDArray[np.int32]
) -> list[date]:
    """Write a portion's rows, a part file a day, in place of whatever a crash left of it.

    Args:
        folder: where to.
        portion: its number, which names the files.
        table: its rows.
        days: (rows,) ordinal of each row's local day.

    Returns:
        The days that have a part now.
    """
    left = folder.parts_of(portion)
    order = np.argsort(days, kind="stable")
    table = table.combine_chunks().take(order)
    ordinals, starts, counts = np.unique(days[order], return_index=True, return_counts=True)
    written = [date.fromordinal(ordinal) for ordinal in ordinals.tolist()]
    for day, start, count in zip(written, starts.tolist(), counts.tolist(), strict=True):
        path = folder.part(day, portion)
        path.parent.mkdir(exist_ok=True)
        write_table(path, table.slice(start, count))
        left.discard(path)
    sync_folder(folder.root)
    for path in sorted(left):
        remove(path)
    return written


def write_table(path: Path, table: pa.Table) -> None:
    """Write a Parquet file, whole or not at all."""
    with whole_file(path) as file:
        pq.write_table(table, file, compression=COMPRESSION)


def remove(path: Path) -> None:
    """Remove a part file, and its day's folder when it was the last one."""
    path.unlink()
    if any(path.parent.iterdir()):
        sync_folder(path.parent)
    else:
        path.parent.rmdir()
        sync_folder(path.parent.parent)


def write_deleted(folder: EventFolder, deleted: Mapping[str, int]) -> None:
    """Replace the list of deleted users.

    Args:
        folder: where to.
        deleted: microseconds since 1970-01-01 UTC of each deletion, by the hash of the user id.
    """
    arrays = [
        pa.array(values, field.type)
        for values, field in zip(
            (list(deleted), list(deleted.values())), DELETED_SCHEMA, strict=True
        )
    ]
    write_table(folder.root / DELETED_USERS, pa.table(arrays, schema=DELETED_SCHEMA))


def forget(folder: EventFolder, deleted: Mapping[str, int]) -> Iterator[int]:
    """Take what deleted users did up to their deletion out of all part files, one file after another.

    Args:
        folder: where.
        deleted: as in `write_deleted`.

    Yields:
        Rows taken out of each file, oldest day first.

    Raises:
        InvalidFile: a part file cannot be read.
    """
    for path in folder.parts():
        keep = kept(read_part(path, ["user_id", "event_time"]), deleted)
        taken = len(keep) - int(keep.sum())
        if taken == len(keep):
            remove(path)
        elif taken:
            write_table(path, read_part(path).filter(pa.array(keep)))
        yield taken


def kept(people: Any, deleted: Mapping[str, int]) -> NDArray[np.bool_]:
    """Say of each row of `user_id` and `event_time` whether it lies after its user's deletion."""
    users = pc.dictionary_encode(people["user_id"].combine_chunks())
    last_moments = np.array(
        [deleted.get(user_hash(user), -1) for user in users.dictionary.to_pylist()], np.int64
    )
    moments = people["event_time"].cast(pa.int64()).to_numpy()
    return np.asarray(moments > last_moments[users.indices.to_numpy()])


def read_part(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Read a part file, or some of its columns.

    Raises:
        InvalidFile: it is not one.
    """
    try:
        with path.open("rb") as file:
            return pq.read_table(file, columns=columns)
    except pa.ArrowException as error:
        raise InvalidFile(path, f"not a readable part file: {error}") from error
