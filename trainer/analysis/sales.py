"""What was sold, line by line, as the sections on prices look at it."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from restock.artifacts.bundle import Bundle
from restock.artifacts.profiles import ProfileTable
from restock.core.arrays import Ints
from restock.core.catalogue import NO_CATEGORY
from restock.core.signals import MILLI
from restock.tuning_config import TuningConfig
from trainer.analysis.prices import read_discounts
from trainer.clean import clean, faults
from trainer.lines import read_lines
from trainer.profiles import pair_users
from trainer.purchases import compacted
from trainer.quality import DataQuality
from trainer.read import Products, Source, Transactions, read_products


@dataclass(frozen=True, eq=False)
class Sales:
    """Purchase lines after cleaning; row i of each column is one of them."""

    item_ids: list[str]
    """Products, each once."""
    names: list[str]
    """Names for people to read, empty where unknown."""
    categories: list[str]
    """Category of each product, empty for none."""
    items: Ints
    """(rows,) int32: position in `item_ids`."""
    users: Ints
    """(rows,) int32: who bought, as a code."""
    days: Ints
    """(rows,) int32: counted from 1970-01-01; of baskets in order, a made-up day a basket."""
    units: NDArray[np.float64]
    """(rows,) float64, above 0."""
    paid: NDArray[np.float64]
    """(rows,) float64: total paid, in the shop's currency; 0 for a give-away or an unknown price."""
    discount: NDArray[np.float64] | None
    """(rows,) float64: taken off the total; None where no column says so."""
    dated: bool = True
    """Whether `days` are days."""

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.items)


@dataclass(frozen=True, eq=False)
class SourceSales:
    """What a retailer's files hold."""

    sales: Sales
    """Lines kept."""
    quality: DataQuality
    """What was left out."""
    digest: str
    """Of the cleaned purchases, as a manifest names what its version was learned from."""


def sales_of_files(source: Source, tuning: TuningConfig, today: date) -> SourceSales:
    """Read a retailer's files, cleaned by the rules of training.

    Raises:
        InvalidFile: names file, row and column at fault and what is allowed.
    """
    products = read_products(source.products, source.columns.products)
    lines, _ = read_lines(source, today)
    path = source.transactions or source.events or source.products
    purchases, quality = clean(lines, products, tuning, path)
    sales = kept_sales(lines, products, discounts_of(source, len(lines)), not source.in_order)
    return SourceSales(sales, quality, purchases.digest())


def discounts_of(source: Source, rows: int) -> NDArray[np.float64] | None:
    """Discount of every line, (rows,) float64, None where no column says; events record none."""
    report, columns = source.columns.report, source.columns.transactions
    if source.transactions is None or columns is None or report is None or not report.discount:
        return None
    recorded = read_discounts(source.transactions, columns, report)
    return np.concatenate([np.zeros(rows - len(recorded)), recorded])


def kept_sales(
    lines: Transactions, products: Products, discount: NDArray[np.float64] | None, dated: bool
) -> Sales:
    """Keep the lines that training would keep."""
    kept = ~np.logical_or.reduce(list(faults(lines, products).values()))
    items, item_ids = compacted(lines.products.codes[kept], lines.products.ids)
    records = [products.row_of[item] for item in item_ids]
    return Sales(
        item_ids=item_ids,
        names=[products.names[record] for record in records],
        categories=[products.categories[record] for record in records],
        items=items,
        users=lines.users.codes[kept],
        days=lines.days[kept],
        units=lines.units_milli[kept] / MILLI,
        paid=lines.spend_milli[kept] / MILLI,
        discount=None if discount is None else discount[kept],
        dated=dated,
    )


def sales_of_version(bundle: Bundle, profiles: ProfileTable) -> Sales:
    """What a model version was learned from: a line a household, product and day, without discounts."""
    catalogue = bundle.catalogue
    pairs = np.repeat(np.arange(len(profiles.item_rows)), np.diff(profiles.day_starts))
    return Sales(
        item_ids=catalogue.item_ids,
        names=catalogue.item_names,
        categories=[
            "" if code == NO_CATEGORY else catalogue.categories[code]
            for code in catalogue.category.tolist()
        ],
        items=profiles.item_rows[pairs],
        users=pair_users(profiles)[pairs],
        days=profiles.days.astype(np.int32),
        units=profiles.day_units_milli / MILLI,
        paid=profiles.day_spend_milli / MILLI,
        discount=None,
        dated=bundle.manifest.dated,
    )
