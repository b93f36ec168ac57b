"""Parquet files: columns whole, or the distinct rows of files too long to be held."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from restock.errors import InvalidFile
from trainer.columns import NoSuchColumn

PORTION_ROWS = 1_000_000
"""Rows of a long file that are held at once."""
FIRST_RECORD = 1
"""Number of a file's first row."""
KINDS_OF_BYTES = (
    pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)  # fmt: skip
DAY_SECONDS = 86_400
FIRST_SECOND = -62_135_596_800 + DAY_SECONDS
"""Begin of the year 1 in UTC, and a day, so that every zone's clock can show it; counted from 1970."""
LAST_SECOND = 253_402_300_799 - DAY_SECONDS
"""End of the year 9999 in UTC, less a day."""
UNITS_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
SINGLE_VALUES = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, *KINDS_OF_BYTES,
    pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean,
    pa.types.is_date, pa.types.is_timestamp, pa.types.is_null,
)  # fmt: skip
ROW, FIRST_ROW, ROWS = "number of the row", "number of the first row", "number of rows"
"""Names of columns that no file has."""


def parquet_frame(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns of a file, indexed by row number; metadata that pandas or others left in it is ignored.

    Raises:
        InvalidFile: it is broken, lacks a column, or has one that cannot be read.
        OSError: it cannot be opened.
    """
    try:
        with pq.ParquetFile(path) as file:
            require(path, file.schema_arrow.names, columns)
            check_types(path, file.schema_arrow, columns)
            table = as_text(path, file.read(columns=list(columns)), FIRST_RECORD)
        check_moments(path, table, FIRST_RECORD)
    except pa.ArrowException as error:
        raise InvalidFile(path, f"not readable as Parquet: {error}") from error
    frame = pandas_frame(path, table)
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].astype(frame[name].cat.categories.dtype)
    frame.index = pd.RangeIndex(FIRST_RECORD, FIRST_RECORD + len(frame))
    return frame


def distinct_rows(path: Path, columns: Sequence[str]) -> pa.Table:
    """Read the distinct rows of a Parquet file, with the columns `FIRST_ROW` and `ROWS` behind the others.

    Raises:
        InvalidFile: it is not there, broken, lacks a column, or has one that cannot be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            require(path, schema.names, columns)
            check_types(path, schema, columns)
        texts = [name for name in columns if pa.types.is_large_string(schema.field(name).type)]
        texts += [name for name in columns if pa.types.is_string(schema.field(name).type)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            portions = list(distinct_portions(path, file, columns))
    except pa.ArrowException as error:
        raise InvalidFile(path, f"not readable as Parquet: {error}") from error
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror or error}") from error
    if not any(map(len, portions)):
        raise InvalidFile(path, "empty: at least one row is needed")
    merged = pa.concat_tables(portions).group_by(list(columns))
    found = merged.aggregate([(FIRST_ROW, "min"), (ROWS, "sum")])
    return found.rename_columns([*columns, FIRST_ROW, ROWS])


def distinct_portions(
    path: Path, file: pq.ParquetFile, columns: Sequence[str]
) -> Iterator[pa.Table]:
    """Give out the distinct rows of each portion of a file; texts as such, as portions number them anew."""
    first = FIRST_RECORD
    for batch in file.iter_batches(PORTION_ROWS, columns=list(columns)):
        numbers = pa.array(np.arange(first, first + len(batch)))
        texts = as_text(path, pa.table(batch), first)
        check_moments(path, texts, first)
        rows = texts.append_column(ROW, numbers).group_by(list(columns))
        found = rows.aggregate([(ROW, "min"), (ROW, "count")])
        plain = [pa.field(n, pa.string()) if pa.types.is_dictionary(t) else pa.field(n, t)
                 for n, t in zip(found.schema.names, found.schema.types, strict=True)]  # fmt: skip
        cast = found.cast(pa.schema(plain))
        yield cast.select([*columns, f"{ROW}_min", f"{ROW}_count"]).rename_columns(
            [*columns, FIRST_ROW, ROWS]
        )
        first += len(batch)


def check_types(path: Path, schema: pa.Schema, columns: Sequence[str]) -> None:
    """Refuse columns of a Parquet file whose entries are not text, numbers, truth values, days or moments.

    Raises:
        InvalidFile: names the column and its type.
    """
    for column in columns:
        found = schema.field(column).type
        kind = found.value_type if pa.types.is_dictionary(found) else found
        if not any(is_one(kind) for is_one in SINGLE_VALUES):
            allowed = "text, numbers, truth values, days or timestamps are allowed"
            raise InvalidFile(path, f"{allowed}, not {found}", column=column)


def as_text(path: Path, table: pa.Table, first_row: int) -> pa.Table:
    """Read columns of bytes, as some writers leave text, as the UTF-8 that they are.

    Args:
        path: the file.
        table: rows of it.
        first_row: number of the first.

    Raises:
        InvalidFile: names the row and column of bytes that are no UTF-8.
    """
    for place, field in enumerate(table.schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not any(is_bytes(kind) for is_bytes in KINDS_OF_BYTES):
            continue
        try:
            text = table.column(place).cast(kind).cast(pa.binary()).cast(pa.string())
        except pa.ArrowInvalid as error:
            entries = table.column(place).to_pylist()
            row = first_row + next(i for i, entry in enumerate(entries) if not is_utf8(entry))
            raise InvalidFile(path, "UTF-8 text is allowed", row, field.name) from error
        table = table.set_column(place, field.name, text)
    return table


def check_moments(path: Path, table: pa.Table, first_row: int) -> None:
    """Refuse moments that no calendar holds, as when a file says seconds and means microseconds.

    Args:
        path: the file.
        table: rows of it.
        first_row: number of the first.

    Raises:
        InvalidFile: names the row and column.
    """
    for field, column in zip(table.schema, table.columns, strict=True):
        if not pa.types.is_timestamp(field.type):
            continue
        counts = column.cast(pa.int64()).fill_null(0).to_numpy()
        second = UNITS_A_SECOND[field.type.unit]
        at_fault = (counts < FIRST_SECOND * second) | (counts > LAST_SECOND * second)
        if at_fault.any():
            row = first_row + int(np.argmax(at_fault))
            raise InvalidFile(path, "a moment of the years 1 to 9999 is allowed", row, field.name)


def pandas_frame(path: Path, table: pa.Table) -> pd.DataFrame:
    """Turn columns that have been checked into those of pandas.

    Raises:
        InvalidFile: names a column whose time zone nobody knows.
    """
    for field in table.schema:
        zone = field.type.tz if pa.types.is_timestamp(field.type) else None
        try:
            pa.lib.string_to_tzinfo(zone or "UTC")
        except pa.ArrowInvalid as error:
            allowed = "a time zone by its IANA name or offset is allowed"
            raise InvalidFile(path, f"{allowed}, not {zone!r}", column=field.name) from error
    frame: pd.DataFrame = table.to_pandas(
        ignore_metadata=True, integer_object_nulls=True, date_as_object=False
    )
    return frame


def is_utf8(entry: bytes | None) -> bool:
    """Tell whether bytes are text; a missing entry is none."""
    try:
        (entry or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def require(path: Path, present: list[str], wanted: Sequence[str]) -> None:
    """Refuse a file that lacks a column, or has it twice.

    Raises:
        InvalidFile: names the column and those that are there.
    """
    for column in wanted:
        if present.count(column) > 1:
            raise InvalidFile(path, "each column has a name of its own", column=column)
        if column not in present:
            raise NoSuchColumn(path, column, present)
