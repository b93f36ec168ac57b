"""A CSV or Parquet file in memory, and its columns as checked arrays.

Rows in messages count from 1: in a CSV file with the header, as an editor shows them (a quoted field
that spans lines counts as one), in a Parquet file from the first record.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.days import EPOCH, day_of
from restock.errors import InvalidFile
from restock.ids import LONGEST_ID_BYTES, is_id
from trainer.parquet_files import (
    FIRST_ROW,
    ROW,
    ROWS,
    distinct_rows,
    pandas_frame,
    parquet_frame,
    require,
)  # fmt: skip

OFFSET = r"[Tt ]\d{2}.*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)\s*$"
"""How a time of day in ISO 8601 ends where it carries a UTC offset."""
OTHER_SEPARATORS = (";", "\t", "|")
"""What stands between columns in files that are called CSV and are none."""
LARGEST_NUMBER = 1e9
"""Bound of a quantity or an amount, so that sums in thousandths stay exact."""


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
        at_fault = (days < 0) | (days > day_of(today))
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
        offsets = (
            "timestamps with a UTC offset need the shop's time zone: "
            "`timezone` in the columns file, or --time-zone"
        )
        try:
            moments = pd.to_datetime(series, errors="coerce", format="ISO8601", utc=utc)
        except ValueError as error:
            raise InvalidFile(self.path, offsets, column=column) from error
        if not utc and moments.dt.tz is not None:
            raise InvalidFile(self.path, offsets, column=column)
        return moments

    def has_offsets(self, column: str) -> bool:
        """Tell whether timestamps carry a UTC offset.

        Raises:
            InvalidFile: some do and others do not, so that nobody can tell which moments are meant.
        """
        series = self.frame[column]
        if series.dtype.kind in "iufb" or pd.api.types.is_datetime64_dtype(series.dtype):
            return False
        if isinstance(series.dtype, pd.DatetimeTZDtype):
            return True
        carry = series.astype(str).str.contains(OFFSET).to_numpy(np.bool_)
        if not carry.any():
            return False
        self.refuse(~carry, column, "a timestamp with a UTC offset, as other rows have")
        return True

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


def one_line(parts: Sequence[object]) -> str:
    """Join values to one line of text."""
    return " ".join(" ".join(str(part) for part in parts).split())


def read_table(path: Path, columns: Sequence[str]) -> Table:
    """Read columns of a CSV (UTF-8, with a header) or Parquet file; nothing in it can run.

    Raises:
        InvalidFile: it is not there, of another kind, broken, without rows, or lacks a column.
    """
    readers = {".csv": csv_frame, ".parquet": parquet_frame}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise InvalidFile(path, f"a {' or '.join(readers)} file is needed")
    try:
        frame = read(path, columns)
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror or error}") from error
    if frame.empty:
        raise InvalidFile(path, "empty: at least one row is needed")
    return Table(path, frame)


def csv_frame(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read columns of a CSV file as text, indexed by row number, without its blank lines.

    Raises:
        InvalidFile: it is broken, a row is longer or shorter than the header, or lacks a column.
        OSError: it cannot be opened.
    """
    header = csv_header(path)
    refuse_other_separators(path, header, columns)
    require(path, header, columns)
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
    frame: pd.DataFrame = table.to_pandas().set_axis(pd.RangeIndex(2, len(table) + 2))
    blank = (frame == "").all(axis=1)
    return frame[~blank] if blank.any() else frame


def refuse_other_separators(path: Path, header: list[str], columns: Sequence[str]) -> None:
    """Refuse a CSV file whose columns are not separated by commas.

    Raises:
        InvalidFile: says by what they are.
    """
    if len(header) != 1 or set(columns) <= set(header):
        return
    for separator in OTHER_SEPARATORS:
        if separator in header[0]:
            allowed = f"columns are separated by commas, not by {separator!r}"
            raise InvalidFile(path, f"not readable as CSV: {allowed}", row=1)


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
        told = found.agg(["min", "count"]).set_axis([FIRST_ROW, ROWS], axis=1).reset_index()
    else:
        told = pandas_frame(path, distinct_rows(path, columns))
    told = told.set_index(FIRST_ROW).sort_index()
    counts = told.pop(ROWS).to_numpy(np.int64)
    return Table(path, told), counts


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
