"""Cleaning: what is left out before learning, and how much of it there was."""

from pathlib import Path
from typing import Any, cast

import numpy as np

from restock.core.arrays import Ints, Mask
from restock.errors import InvalidFile
from restock.tuning_config import TuningConfig
from trainer.purchases import (
    Purchases,
    compacted,
    most_bought_first,
    run_starts,
    summed_by_day,
)
from trainer.quality import EXAMPLES, DataQuality, price_spans
from trainer.read import Products, Transactions
from trainer.report import left_out_told

NO_PRODUCT = -1


def clean(
    transactions: Transactions, products: Products | None, tuning: TuningConfig, path: Path
) -> tuple[Purchases, DataQuality]:
    """Leave out what would distort the model, and add up each user's purchases of an item on a day.

    Rows that cost nothing stay: they say what is bought together.

    Args:
        transactions: purchase lines.
        products: product records; None where any product may be bought.
        tuning: ``price_variance_ratio``.
        path: the file they come from, for messages.

    Raises:
        InvalidFile: nothing is left.
    """
    kept = np.ones(len(transactions), np.bool_)
    left_out: dict[str, int] = {}
    for reason, at_fault in faults(transactions, products).items():
        left_out[reason] = int(np.count_nonzero(at_fault & kept))
        kept &= ~at_fault
    if not kept.any():
        told = left_out_told(left_out)
        raise InvalidFile(path, f"at least one purchase must be left after cleaning ({told})")
    purchases = kept_purchases(transactions, kept)
    return purchases, measured(transactions, kept, left_out, purchases, tuning)


def faults(transactions: Transactions, products: Products | None) -> dict[str, Mask]:
    """Reasons to leave rows out, in the order in which they are counted, each (rows,) bool."""
    unknown = excluded = np.zeros(len(transactions), np.bool_)
    if products is not None:
        record = product_records(transactions, products)
        unknown = record == NO_PRODUCT
        excluded = ~unknown & products.excluded[record]
    return {
        "forgotten": transactions.forgotten,
        "returned": transactions.returned,
        "returns": (transactions.units_milli < 0) | (transactions.spend_milli < 0),
        "zero_quantity": transactions.units_milli == 0,
        "duplicates": transactions.repeats,
        "unknown_product": unknown,
        "excluded": excluded,
    }


def product_records(transactions: Transactions, products: Products) -> Ints:
    """Entry in `products` of each row's product, (rows,) int32, `NO_PRODUCT` for none."""
    row_of = products.row_of
    records = [row_of.get(product, NO_PRODUCT) for product in transactions.products.ids]
    return np.array(records, np.int32)[transactions.products.codes]


def kept_purchases(transactions: Transactions, kept: Mask) -> Purchases:
    """Add up the rows kept by user, item and day."""
    users, user_ids = compacted(transactions.users.codes[kept], transactions.users.ids)
    items, item_ids = most_bought_first(
        *compacted(transactions.products.codes[kept], transactions.products.ids)
    )
    columns = summed_by_day(
        users,
        items,
        transactions.days[kept],
        transactions.units_milli[kept],
        transactions.spend_milli[kept],
    )
    return Purchases(user_ids, item_ids, *columns)


def measured(
    transactions: Transactions,
    kept: Mask,
    left_out: dict[str, int],
    purchases: Purchases,
    tuning: TuningConfig,
) -> DataQuality:
    """Count what was kept, and look for extreme prices among it."""
    spend = transactions.spend_milli[kept]
    units = transactions.units_milli[kept]
    products = transactions.products
    spans = price_spans(products.codes[kept], units, spend, products.ids, tuning)
    return DataQuality(
        raw_rows=len(transactions),
        **cast(dict[str, Any], left_out),
        kept_rows=len(spend),
        zero_price_kept=int(np.count_nonzero(spend == 0)),
        price_variance_items=len(spans),
        price_variance_examples=tuple(spans[:EXAMPLES]),
        users=len(purchases.user_ids),
        items=len(purchases.item_ids),
        purchases=len(purchases),
        shopping_days=len(user_days(purchases)[0]),
        users_forgotten=len(np.unique(transactions.users.codes[transactions.forgotten])),
    )


def user_days(purchases: Purchases) -> tuple[Ints, Ints]:
    """Users and days of all shopping days, each once, sorted by user, then day."""
    order = np.lexsort((purchases.days, purchases.users))
    users, days = purchases.users[order], purchases.days[order]
    starts = run_starts(users, days)
    return users[starts], days[starts]
