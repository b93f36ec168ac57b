"""A small shop for tests: its files, its columns, and purchases without files."""

from datetime import date
from pathlib import Path

import numpy as np

from restock.tuning_config import TuningConfig
from trainer.clean import clean
from trainer.columns import Columns
from trainer.purchases import Purchases
from trainer.read import Products, Source, Transactions
from trainer.table import IdColumn

TODAY = date(2024, 6, 30)
TUNING = TuningConfig()
SMALL = TuningConfig(als_factors=4, als_iterations=3, item_cf_neighbours=5)
COLUMNS = Columns.model_validate(
    {
        "transactions": {
            "user": "customer",
            "product": "sku",
            "order": "receipt",
            "timestamp": "sold_at",
            "timezone": "Europe/Berlin",
            "quantity": "units",
            "amount": "total",
        },
        "products": {
            "product": "sku",
            "category": "category",
            "name": ["brand", "title"],
            "excluded": {"category": ["bags"]},
        },
    }
)
HEADER = "customer,sku,receipt,sold_at,units,total\n"
PRODUCTS = """\
sku,category,brand,title
milk,dairy,Alp,Whole milk
oat milk,dairy,,Oat drink
bread,bakery,Korn,Rye bread
bag,bags,,Carrier bag
"""
Row = tuple[str, str, int, float, float]
"""User, product, day, units, total paid."""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def a_source(folder: Path, rows: str, products: str = PRODUCTS) -> Source:
    """Write a shop's files, the header of the purchases put in front of `rows`."""
    folder.mkdir(exist_ok=True)
    return Source(
        write(folder / "sales.csv", HEADER + rows),
        write(folder / "products.csv", products),
        COLUMNS,
    )


def many_rows(users: int = 12, weeks: int = 8) -> str:
    """Purchases of users who each come weekly for their own mix of products."""
    lines = []
    for user in range(users):
        for week in range(weeks):
            day = f"2024-0{1 + week // 4}-{1 + 7 * (week % 4) + user % 3:02d}"
            for product in ("milk", "bread", "oat milk")[: 1 + (user + week) % 3]:
                lines.append(f"u{user},{product},{user}-{week},{day}T10:00:00Z,1,{1 + user % 4}.50")
    return "\n".join(lines) + "\n"


def a_column(values: list[str]) -> IdColumn:
    ids = sorted(set(values))
    return IdColumn(np.array([ids.index(value) for value in values], np.int32), ids)


def some_transactions(rows: list[Row], repeats: list[int] | None = None) -> Transactions:
    users, products, days, units, spend = ([*column] for column in zip(*rows, strict=True))
    return Transactions(
        users=a_column(users),
        products=a_column(products),
        days=np.array(days, np.int32),
        units_milli=np.rint(np.array(units, float) * 1000).astype(np.int64),
        spend_milli=np.rint(np.array(spend, float) * 1000).astype(np.int64),
        repeats=np.isin(np.arange(len(rows)), repeats or []),
        forgotten=np.zeros(len(rows), np.bool_),
        returned=np.zeros(len(rows), np.bool_),
    )


def some_products(
    ids: list[str], categories: dict[str, str] | None = None, excluded: tuple[str, ...] = ()
) -> Products:
    named = categories or {}
    return Products(
        row_of={name: row for row, name in enumerate(ids)},
        names=[name.title() for name in ids],
        categories=[named.get(name, "") for name in ids],
        excluded=np.isin(ids, excluded),
        kinds=[""] * len(ids),
        brands=[""] * len(ids),
    )


def some_purchases(rows: list[Row]) -> Purchases:
    products = some_products(sorted({row[1] for row in rows}))
    purchases, _ = clean(some_transactions(rows), products, TUNING, Path("sales.csv"))
    return purchases
