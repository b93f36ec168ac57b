"""Purchase lines and reports for tests."""

import numpy as np

from trainer.analysis.sales import Sales

Line = tuple[str, str, int, float, float, float]
"""Household, product, day, units, total paid, discount."""


def some_sales(
    rows: list[Line],
    categories: dict[str, str] | None = None,
    discounts: bool = True,
    dated: bool = True,
) -> Sales:
    users, items, days, units, paid, discount = (list(column) for column in zip(*rows, strict=True))
    user_ids, item_ids = sorted(set(users)), sorted(set(items))
    return Sales(
        item_ids=item_ids,
        names=[item.title() for item in item_ids],
        categories=[(categories or {}).get(item, "") for item in item_ids],
        items=np.array([item_ids.index(item) for item in items], np.int32),
        users=np.array([user_ids.index(user) for user in users], np.int32),
        days=np.array(days, np.int32),
        units=np.array(units, float),
        paid=np.array(paid, float),
        discount=np.array(discount, float) if discounts else None,
        dated=dated,
    )


def weekly_lines(
    product: str, prices: list[float], buyers: int = 4, discount: float = 0
) -> list[Line]:
    """Buyers who each take one unit a week, at that week's price, from day 700 on."""
    return [
        (f"h{buyer}", product, 700 + 7 * week + buyer % 7, 1.0, price, discount)
        for week, price in enumerate(prices)
        for buyer in range(buyers)
    ]
