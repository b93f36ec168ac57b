"""Purchases to apply."""

from dataclasses import replace

from services.profile_store.apply import apply_order
from services.profile_store.profiles import OrderEvent, OrderLine, Profile

DAY = 17_500
MAX_PRODUCTS = 20_000


def a_line(product_id: str = "milk", units_milli: int = 1000, spend_milli: int = 1500) -> OrderLine:
    return OrderLine(product_id, units_milli, spend_milli)


def after(profile: Profile, *orders: tuple[int, str]) -> Profile:
    """Apply orders of one unit for 1.50: a day and the products bought on it, parted by spaces."""
    for day, products in orders:
        lines = [a_line(product) for product in products.split()]
        profile = apply_order(profile, day, lines, MAX_PRODUCTS)
    return profile


def an_imported_profile() -> Profile:
    """Milk on three days, of which the first and the last are known."""
    return replace(
        after(Profile("ann"), (DAY, "milk"), (DAY + 20, "milk")),
        purchase_counts=[3],
        shopping_days=3,
    )


def an_order(event_id: str, user_id: str = "ann", row: int = 0, day: int = DAY) -> OrderEvent:
    return OrderEvent(row, event_id, user_id, day, (a_line(),), event_id.encode())
