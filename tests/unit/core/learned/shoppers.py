"""Purchases for the ranker, written down by product and day."""

import numpy as np

from restock.core.learned.own_features import Bought

DAY = 200


def bought(days_by_row: dict[int, list[int]], units: float = 1.0, price: float = 2.0) -> Bought:
    """Products by catalogue row (below -1 for several unknown ones), each bought on some days."""
    days = list(days_by_row.values())
    counts = [len(some) for some in days]
    total = np.array(counts, np.float32)
    return Bought(
        rows=np.array([max(row, -1) for row in days_by_row], np.int64),
        starts=np.append(0, np.cumsum(counts)).astype(np.int64),
        days=np.array([day for some in days for day in some], np.int32),
        units=total * np.float32(units),
        spend=total * np.float32(units * price),
    )
