"""All purchase lines to learn from: of the transactions file, of the event log, or of both."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from restock.errors import InvalidFile
from restock.tuning_config import TuningConfig
from trainer.clean import clean
from trainer.clock import today_in
from trainer.columns import Columns, TransactionColumns
from trainer.deletions import DEFAULT_ZONE, NOBODY, read_deletions
from trainer.event_log import read_event_log
from trainer.orders import order_lines
from trainer.purchases import Purchases
from trainer.quality import DataQuality, EventCounts
from trainer.read import Source, Transactions, read_products, read_transactions
from trainer.table import IdColumn


def read_lines(source: Source, today: date) -> tuple[Transactions, EventCounts | None]:
    """Read the purchase lines of a source; those of its files and of its events are added up.

    Whoever was deleted according to the events is forgotten in the files as well.

    Returns:
        The lines; and what the event log held, None without one.

    Raises:
        InvalidFile: names file, row and column at fault and what is allowed.
    """
    deletions, events, parts = NOBODY, None, []
    if source.events is not None:
        deletions = read_deletions(source.events, source.shop_zone or DEFAULT_ZONE)
        ordered, events = order_lines(read_event_log(source.events, today), deletions)
        parts.append(ordered)
    if source.transactions is not None:
        columns = named(source.transactions, source.columns)
        zone = source.shop_zone
        parts.append(read_transactions(source.transactions, columns, today, deletions, zone))
    return joined(parts), events


def joined(parts: Sequence[Transactions]) -> Transactions:
    """Put lines of several sources one behind another."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {}
    for field in fields(Transactions):
        entries = [getattr(part, field.name) for part in parts]
        ids = isinstance(entries[0], IdColumn)
        columns[field.name] = joined_ids(entries) if ids else np.concatenate(entries)
    return Transactions(**columns)


def joined_ids(columns: Sequence[IdColumn]) -> IdColumn:
    """Put columns of ids one behind another, with one list of ids for all."""
    ids = sorted(set().union(*(column.ids for column in columns)))
    code_of = {name: code for code, name in enumerate(ids)}
    parts = [
        np.array([code_of[name] for name in column.ids], np.int32)[column.codes]
        for column in columns
    ]
    return IdColumn(np.concatenate(parts), ids)


def read_purchases(
    transactions: Path, products: Path | None, columns: Columns, time_zone: str | None
) -> tuple[Purchases, DataQuality]:
    """Read and clean purchases by the rules of training, without learning from them.

    Args:
        transactions: a CSV or Parquet file.
        products: the products that count; None where any does.
        columns: what the columns of both are called.
        time_zone: the shop's, where `columns` name none.

    Raises:
        InvalidFile: names file, row and column at fault and what is allowed.
    """
    today = today_in(columns.timezone or time_zone)
    known = None if products is None else read_products(products, columns.products)
    names = named(transactions, columns)
    lines = read_transactions(transactions, names, today, shop_zone=time_zone)
    return clean(lines, known, TuningConfig(), transactions)


def named(transactions: Path, columns: Columns) -> TransactionColumns:
    """Return the names of a transactions file's columns.

    Raises:
        InvalidFile: the columns file does not say.
    """
    if columns.transactions is None:
        raise InvalidFile(transactions, "the columns file has no section [transactions]")
    return columns.transactions
