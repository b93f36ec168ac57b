"""Discounts as a retailer's files record them, and discounts inferred where they record none."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trainer.columns import ReportColumns, TransactionColumns, entry_told
from trainer.table import LARGEST_NUMBER, Table, read_table


def read_discounts(
    path: Path, columns: TransactionColumns, report: ReportColumns
) -> NDArray[np.float64]:
    """Read what was taken off each line, (rows,) float64, rows as `read_transactions` counts them.

    The columns are added up; their sign does not matter, and an empty cell is no discount.

    Raises:
        InvalidFile: names the row and column at fault and what is allowed.
    """
    with entry_told(columns, report):
        table = read_table(path, list(dict.fromkeys([*columns.names(), *report.discount])))
    # A line that is blank but for its discount is no line for the reader of purchases.
    blank = (table.frame[columns.names()] == "").all(axis=1)
    table = Table(path, table.frame[~blank]) if blank.any() else table
    total = np.zeros(len(table.frame))
    for column in report.discount:
        total += np.abs(amounts(table, column))
    return total


def amounts(table: Table, column: str) -> NDArray[np.float64]:
    """Read a column of money in which a cell may be empty, (rows,) float64, 0 for those.

    Raises:
        InvalidFile: names the row and what is allowed.
    """
    cells = table.frame[column]
    empty = (cells.isna() | (cells == "")).to_numpy(np.bool_)
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    at_fault = ~empty & ~(np.abs(numbers) <= LARGEST_NUMBER)
    allowed = f"empty or a number up to {LARGEST_NUMBER:,.0f} either way"
    table.refuse(at_fault, column, allowed)
    return np.where(empty, 0.0, numbers)
