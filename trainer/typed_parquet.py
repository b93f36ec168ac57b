"""A Parquet file of an agreed layout, as Arrow columns of agreed types."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from restock.core.arrays import Longs, Mask
from restock.errors import InvalidFile


@dataclass(frozen=True, eq=False)
class TypedTable:
    """Rows of a file."""

    path: Path
    """The file."""
    columns: pa.Table
    """Its columns."""
    numbers: Longs
    """(rows,) int64: number of each row in the file, counted from 1."""

    def where(self, kept: Mask) -> "TypedTable":
        """Keep some rows only."""
        return TypedTable(self.path, self.columns.filter(pa.array(kept)), self.numbers[kept])

    def refuse(self, at_fault: Mask, column: str, allowed: str) -> None:
        """Raise for the first row at fault, if there is one.

        Raises:
            InvalidFile: names the row, the column, what is allowed and what is there.
        """
        if not at_fault.any():
            return
        first = int(np.argmax(at_fault))
        found = self.columns[column][first].as_py()
        text = "empty" if found is None else repr(found)
        raise InvalidFile(self.path, f"{allowed}, not {text}", int(self.numbers[first]), column)

    def missing(self, column: str) -> Mask:
        """Tell which rows have nothing in a column, (rows,) bool."""
        return mask_of(self.columns[column].is_null())


def mask_of(column: pa.ChunkedArray) -> Mask:
    """Turn truth values into an array; what is missing is False."""
    return np.asarray(pc.fill_null(column, False).to_numpy(), np.bool_)


def read_typed(path: Path, types: Mapping[str, pa.DataType]) -> TypedTable:
    """Read columns and bring each to its type; other columns and metadata are ignored.

    Raises:
        InvalidFile: it is not there, cut short or corrupt, lacks a column, has it twice, or holds
            what is not of the column's type; names file and column.
    """
    try:
        with pq.ParquetFile(path) as file:
            for column in types:
                if file.schema_arrow.names.count(column) != 1:
                    raise InvalidFile(path, "there is one such column in each file", column=column)
            table = file.read(columns=list(types))
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror or error}") from error
    except pa.ArrowException as error:
        raise InvalidFile(path, f"not readable as Parquet: {error}") from error
    columns = {name: typed(path, table, name, wanted) for name, wanted in types.items()}
    return TypedTable(path, pa.table(columns), np.arange(1, len(table) + 1))


def typed(path: Path, table: pa.Table, name: str, wanted: pa.DataType) -> pa.ChunkedArray:
    """Bring one column to its type, without losing anything.

    Raises:
        InvalidFile: a value does not fit.
    """
    try:
        return table[name].cast(wanted)
    except pa.ArrowException as error:
        found = table[name].type
        raise InvalidFile(path, f"{wanted} is allowed, not {found}", column=name) from error
