"""Events as `restock events export` writes them, a folder a day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from restock.artifacts.event_files import DELETED_SCHEMA, EventRow, table_of
from restock.core.user_hash import user_hash

MICROS = 1_000_000
EPOCH = date(1970, 1, 1)
NOON = 12.0
Line = tuple[str, float, float]
"""Product, quantity, unit price."""
ByDay = dict[int, list[EventRow]]
"""Rows by their day, counted from 1970-01-01."""


def micros(day: float, hour: float = NOON) -> int:
    return round((day * 24 + hour) * 3600 * MICROS)


def an_order(
    day: int, user: str, order: str, *lines: Line, event: str = "", hour: float = NOON
) -> list[EventRow]:
    head = (event or f"e-{user}-{order}", user, micros(day, hour), "order", order)
    return [
        EventRow(*head, place, product, quantity, price)
        for place, (product, quantity, price) in enumerate(lines)
    ]


def a_return(
    day: int, user: str, order: str, line: int, quantity: float, event: str = "", hour: float = NOON
) -> list[EventRow]:
    event = event or f"r-{user}-{order}-{line}-{day}"
    return [EventRow(event, user, micros(day, hour), "return", order, line, quantity=quantity)]


def a_view(day: int, user: str, product: str) -> list[EventRow]:
    return [EventRow(f"v-{user}-{product}", user, micros(day), "view", product_id=product)]


def write_part(folder: Path, day: int, table: pa.Table, part: int = 0) -> Path:
    path = folder / f"day={EPOCH + timedelta(days=day)}" / f"part-{part:010}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    return path


def an_export(folder: Path, by_day: ByDay, deleted: dict[str, int] | None = None) -> Path:
    """Write an export: one part a day, and who was deleted when, in microseconds."""
    folder.mkdir(parents=True, exist_ok=True)
    for day, rows in by_day.items():
        write_part(folder, day, table_of(rows))
    hashes = {user_hash(user): moment for user, moment in (deleted or {}).items()}
    columns = [list(hashes), [datetime.fromtimestamp(m / MICROS, UTC) for m in hashes.values()]]
    pq.write_table(pa.table(columns, schema=DELETED_SCHEMA), folder / "deleted_users.parquet")
    return folder
