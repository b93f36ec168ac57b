"""A CSV or Parquet file in memory, and its columns as checked arrays.

Rows in messages count from 1: in a CSV file with the header, as an editor shows them (a quoted field
that spans lines counts as one), in a Parquet file from the first record.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.errors import InvalidFile

LONGEST_ID_BYTES = 128
LARGEST_NUMBER = 1e9
"""Bound of a quantity or an amount, so that sums in thousandths stay exact."""
EPOCH = date(1970, 1, 1)
PORTION_ROWS = 1_000_000
"""Rows of a long file that are held at once."""
FIRST_RECORD = 1
"""Number of a Parquet file's first row."""
ROW = "number of the row"
"""Name of a column that no file has."""


@dataclass(frozen=True, eq=False)
class IdColumn:
    """A column of ids: row i holds `ids[codes[i]]`."""

    codes: Ints
    """(rows,) int32: position in `ids`."""
    ids: list[str]
    """Every id of the column, sorted, each once."""


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file as they were read; its methods check them."""

    path: Path
    """The file."""
    frame: pd.DataFrame
    """Its columns, indexed by row number."""

    def refuse(self, at_fault: Mask, column: str, allowed: str) -> None:
        """Raise for the first row at fault, if there is one.

        Raises:
            InvalidFile: names the row, the column, what is allowed and what is there.
        """
        if not at_fault.any():
            return
        first = int(np.argmax(at_fault))
        found = self.frame[column].iloc[first]
        text = "empty" if pd.isna(found) or found == "" else repr(str(found))
        row = int(self.frame.index[first])
        raise InvalidFile(self.path, f"{allowed}, not {text}", row, column)

    def ids(self, column: str) -> IdColumn:
        """Read a column of ids: text or whole numbers, no control characters, up to 128 bytes.

        Raises:
            InvalidFile: names the row and what is allowed.
        """
        series = self.frame[column]
        if series.dtype.kind in "fbM":
            self.refuse_column(column, "ids are text or whole numbers")
        codes, uniques = pd.factorize(series)
        names = np.array([str(name) for name in uniques], object)
        usable = np.array([is_id(name) for name in names], np.bool_)
        at_fault = ~np.append(usable, False)[codes]
        limit = f"1 to {LONGEST_ID_BYTES} bytes without control characters"
        self.refuse(at_fault, column, f"an id is {limit}")
        order = np.argsort(names, kind="stable")
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return IdColumn(rank[codes], names[order].tolist())

    def refuse_column(self, column: str, allowed: str) -> NoReturn:
        """Raise for a column of the wrong type.

        Raises:
            InvalidFile: always.
        """
        found = self.frame[column].dtype
        raise InvalidFile(self.path, f"{allowed}, not {found}", column=column)

    def numbers(self, column: str) -> Floats:
        """Read a column of numbers, (rows,) float64, finite and up to `LARGEST_NUMBER` either way.

        Raises:
            InvalidFile: names the row and what is allowed.
        """
        numbers = self.numeric(column)
        at_fault = ~(np.abs(numbers) <= LARGEST_NUMBER)
        self.refuse(at_fault, column, f"a number up to {LARGEST_NUMBER:,.0f} either way")
        return numbers

    def numeric(self, column: str) -> Floats:
        """Parse a column, (rows,) float64, NaN for what is no number; refuse truth values and times."""
        if self.frame[column].dtype.kind in "bM":
            self.refuse_column(column, "numbers are allowed")
        numbers = pd.to_numeric(self.frame[column], errors="coerce")
        return numbers.to_numpy(np.float64, na_value=np.nan)

    def days(self, column: str, timezone: str | None, today: date) -> Ints:
        """Read a column of timestamps or days as calendar days.

        Args:
            column: ISO 8601 text, timestamps or dates.
            timezone: the zone whose calendar counts, for timestamps in UTC; None for local ones.
            today: the last day allowed.

        Returns:
            (rows,) int32, counted from 1970-01-01.

        Raises:
            InvalidFile: names the row and what is allowed.
        """
        moments = self.moments(column, utc=timezone is not None)
        self.refuse(moments.isna().to_numpy(), column, "an ISO 8601 timestamp or day")
        if moments.dt.tz is not None:
            moments = moments.dt.tz_convert(timezone).dt.tz_localize(None)
        days = moments.to_numpy().astype("datetime64[D]").astype(np.int64)
        at_fault = (days < 0) | (days > (today - EPOCH).days)
        self.refuse(at_fault, column, f"a day from {EPOCH} to {today}")
        return days.astype(np.int32)

    def moments(self, column: str, utc: bool) -> pd.Series:
        """Parse a column as timestamps; what cannot be parsed is NaT.

        Raises:
            InvalidFile: it holds numbers, or UTC offsets where local times belong.
        """
        series = self.frame[column]
        if series.dtype.kind in "iufb":
            self.refuse_column(column, "ISO 8601 timestamps or days are allowed")
        offsets = "timestamps with a UTC offset need `timezone` in the columns file"
        try:
            moments = pd.to_datetime(series, errors="coerce", format="ISO8601", utc=utc)
        except ValueError as error:
            raise InvalidFile(self.path, offsets, column=column) from error
        if not utc and moments.dt.tz is not None:
            raise InvalidFile(self.path, offsets, column=column)
        return moments

    def micros(self, column: str, local_zone: str | None) -> Longs:
        """Read a column of timestamps or days that `days` has found valid as moments.

        Args:
            column: as in `days`; a day stands for its beginning.
            local_zone: the zone that it is local to; None for timestamps in UTC. Of two moments that
                a clock shows alike, the earlier one is meant.

        Returns:
            (rows,) int64 microseconds since 1970-01-01 UTC.
        """
        moments = self.moments(column, utc=local_zone is None)
        if local_zone is not None:
            summer = np.ones(len(moments), np.bool_)
            moments = moments.dt.tz_localize(
                local_zone, ambiguous=summer, nonexistent="shift_forward"
            ).dt.tz_convert("UTC")
        in_utc = moments.dt.tz_localize(None).to_numpy()
        return np.asarray(in_utc.astype("datetime64[us]"), np.int64)

    def texts(self, columns: Sequence[str]) -> list[str]:
        """Join columns by spaces, row by row; what is empty is left out, white space made single."""
        parts = [self.frame[column].astype(object).fillna("").tolist() for column in columns]
        if not parts:
            return [""] * len(self.frame)
        return [one_line(row) for row in zip(*parts, strict=True)]

    def repeats(self) -> Mask:
        """Tell which rows are equal to an earlier one in all columns, (rows,) bool."""
        return self.frame.duplicated().to_numpy()


def is_id(name: str) -> bool:
    """Tell whether a text may be an id."""
    if name.isascii() and name.isprintable():  # most are, and this is quick
        return 0 < len(name) <= LONGEST_ID_BYTES
    controls = any(unicodedata.category(character) == "Cc" for character in name)
    return 0 < len(name.encode(errors="replace")) <= LONGEST_ID_BYTES and not controls


def one_line(parts: Sequence[object]) -> str:
    """Join values to one line of text."""
    return " ".join(" ".join(str(part) for part in parts).split())


def read_table(path: Path, columns: Sequence[str]) -> Table:
    """Read columns of a CSV (UTF-8, with a header) or Parquet file; nothing in it can run.

    Raises:
        InvalidFile: it is not there, of another kind, broken, without rows, or lacks a column.
    """
    readers = {".csv": read_csv, ".parquet": read_parquet}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise InvalidFile(path, f"a {' or '.join(readers)} file is needed")
    try:
        table = read(path, columns)
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror or error}") from error
    if table.frame.empty:
        raise InvalidFile(path, "empty: at least one row is needed")
    return table


def read_csv(path: Path, columns: Sequence[str]) -> Table:
    """Read columns of a CSV file as text, without its blank lines.

    Raises:
        InvalidFile: it is broken, a row is longer or shorter than the header, or lacks a column.
        OSError: it cannot be opened.
    """
    require(path, csv_header(path), columns)
    try:
        table = arrow_csv.read_csv(
            path,
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=list(columns),
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
            ),
            read_options=arrow_csv.ReadOptions(use_threads=False),  # else errors name no row
        )
    except pa.ArrowInvalid as error:
        row = re.search(r"Row #(\d+): ", str(error))
        reason = str(error).split(row.group() if row else ": ", 1)[-1]
        number = int(row.group(1)) if row else None
        raise InvalidFile(path, f"not readable as CSV: {reason}", number) from error
    frame = table.to_pandas().set_axis(pd.RangeIndex(2, len(table) + 2))
    blank = (frame == "").all(axis=1)
    return Table(path, frame[~blank] if blank.any() else frame)


def read_distinct(path: Path, columns: Sequence[str]) -> tuple[Table, Longs]:
    """Read the distinct rows of a file that may be too long to be held whole.

    Args:
        path: a CSV or Parquet file, the latter read in portions.
        columns: in which rows may differ.

    Returns:
        The distinct rows, each with the number of the first such row; and (rows,) int64 how many there are.

    Raises:
        InvalidFile: as `read_table`.
    """
    if path.suffix.lower() != ".parquet":
        frame = read_table(path, columns).frame
        numbers = pd.Series(frame.index, frame.index, name=ROW)
        found = numbers.groupby([frame[name] for name in columns], dropna=False, sort=False)
        told = found.agg(["min", "count"]).reset_index()
    else:
        told = distinct_rows(path, columns).to_pandas(
            integer_object_nulls=True, date_as_object=False
        )
    told = told.set_index("min").sort_index()
    counts = told.pop("count").to_numpy(np.int64)
    if told.empty:
        raise InvalidFile(path, "empty: at least one row is needed")
    return Table(path, told), counts


def distinct_rows(path: Path, columns: Sequence[str]) -> pa.Table:
    """Read the distinct rows of a Parquet file, with the columns `min` and `count` of their numbers.

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
    merged = pa.concat_tables(portions).group_by(list(columns))
    found = merged.aggregate([("min", "min"), ("count", "sum")])
    return found.rename_columns([*columns, "min", "count"])


def distinct_portions(
    path: Path, file: pq.ParquetFile, columns: Sequence[str]
) -> Iterator[pa.Table]:
    """Give out the distinct rows of each portion of a file; texts as such, as portions number them anew."""
    first = FIRST_RECORD
    for batch in file.iter_batches(PORTION_ROWS, columns=list(columns)):
        numbers = pa.array(np.arange(first, first + len(batch)))
        texts = as_text(path, pa.table(batch), first)
        rows = texts.append_column(ROW, numbers).group_by(list(columns))
        found = rows.aggregate([(ROW, "min"), (ROW, "count")])
        plain = [pa.field(n, pa.string()) if pa.types.is_dictionary(t) else pa.field(n, t)
                 for n, t in zip(found.schema.names, found.schema.types, strict=True)]  # fmt: skip
        cast = found.cast(pa.schema(plain))
        yield cast.select([*columns, f"{ROW}_min", f"{ROW}_count"]).rename_columns(
            [*columns, "min", "count"]
        )
        first += len(batch)


def csv_header(path: Path) -> list[str]:
    """Column names of a CSV file.

    Raises:
        InvalidFile: it is empty or its first line is not CSV.
        OSError: it cannot be opened.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            return next(csv.reader(file))
    except StopIteration as error:
        raise InvalidFile(path, "empty: a header and at least one row are needed") from error
    except csv.Error as error:
        raise InvalidFile(path, f"not readable as CSV: {error}", row=1) from error


def read_parquet(path: Path, columns: Sequence[str]) -> Table:
    """Read columns of a Parquet file; metadata that pandas or others left in it is ignored.

    Raises:
        InvalidFile: it is broken, lacks a column, or has one that cannot be read.
        OSError: it cannot be opened.
    """
    try:
        with pq.ParquetFile(path) as file:
            require(path, file.schema_arrow.names, columns)
            check_types(path, file.schema_arrow, columns)
            table = as_text(path, file.read(columns=list(columns)), FIRST_RECORD)
    except pa.ArrowException as error:
        raise InvalidFile(path, f"not readable as Parquet: {error}") from error
    frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True, date_as_object=False)
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].astype(frame[name].cat.categories.dtype)
    rows = pd.RangeIndex(FIRST_RECORD, FIRST_RECORD + len(frame))
    return Table(path, frame.set_axis(rows))


def check_types(path: Path, schema: pa.Schema, columns: Sequence[str]) -> None:
    """Refuse columns of a Parquet file whose entries are not one value each.

    Raises:
        InvalidFile: names the column and its type.
    """
    for column in columns:
        found = schema.field(column).type
        if pa.types.is_nested(found):
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
        if not (pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)):
            continue
        try:
            text = table.column(place).cast(pa.string())
        except pa.ArrowInvalid as error:
            entries = table.column(place).to_pylist()
            row = first_row + next(i for i, entry in enumerate(entries) if not is_utf8(entry))
            raise InvalidFile(path, "UTF-8 text is allowed", row, field.name) from error
        table = table.set_column(place, field.name, text)
    return table


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
            raise InvalidFile(
                path,
                f"no such column; a columns file says which to read of: {', '.join(present)}",
                column=column,
            )
