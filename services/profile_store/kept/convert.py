"""Ledgers and profiles to the bytes that a repository keeps, and back.

Both are protobuf messages, compressed: the ids of a profile of 1,000 products shrink to half, for 20
microseconds a read. The same profile gives the same bytes. A ledger is kept without what its profile
says as well: the ids of products in the profile, the days of those of which no day came back whole, and
the purchases of those bought on one day only.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, islice, pairwise
from types import MappingProxyType

import numpy as np
import zstandard

from restock.core.purchase_days import days_of
from restock.core.signals import average_price, unit_prices
from restock.v1 import stored_pb2, types_pb2
from services.profile_store.facts import MILLI, CartWord
from services.profile_store.ledger import Cell, Cells, Ledger, OrderPlace
from services.profile_store.profile import Profile
from services.profile_store.repository import Kept

LEVEL = 1
"""Of compression: higher ones cost three times as much and save a fortieth."""
NOTHING_TOLD: Mapping[str, int] = MappingProxyType({})


def ledger_to(ledger: Ledger, profile: Profile) -> bytes:
    """Write a ledger, to be read together with its profile."""
    shared = dict(zip(profile.product_ids, profile.purchase_counts, strict=True))
    told = {
        product
        for product, days in ledger.cells.items()
        if len(days) == 1 and product in shared and min(days.values()).spend_milli >= 0
    }
    message = whole_ledger(ledger, ledger.cells.keys() - told, shared)
    message.product_ids[:] = [one for one in message.product_ids if one not in shared]
    message.day_counts[:] = [
        0 if product in told else len(ledger.cells[product]) for product in sorted(ledger.cells)
    ]
    return zstandard.compress(message.SerializeToString(), LEVEL)


def whole_ledger(
    ledger: Ledger,
    products: Iterable[str] | None = None,
    told_days: Mapping[str, int] = NOTHING_TOLD,
) -> stored_pb2.Ledger:
    """Write a ledger's message, with the purchases of all products, or of some.

    Args:
        ledger: what to write.
        products: those with purchases; None for all.
        told_days: days that a profile tells, by product; where it tells all, they are left out.
    """
    chosen = sorted(ledger.cells if products is None else products)
    days = [sorted(ledger.cells[product].items()) for product in chosen]
    cells = [cell for one in days for _, cell in one]
    untold = [
        [day for day, _ in one]
        for product, one in zip(chosen, days, strict=True)
        if told_days.get(product) != len(one)
    ]
    message = stored_pb2.Ledger(
        revision=ledger.revision,
        last_micros=ledger.last_micros,
        log_id=ledger.log_id,
        log_length=ledger.log_length,
        product_ids=chosen,
        day_counts=[len(one) for one in days],
        day_steps=[step for one in untold for step in steps_of(one)],
        units_milli=[cell.units_milli for cell in cells],
        spend_milli=[cell.spend_milli for cell in cells],
        first_day=ledger.first_day,
    )
    add_facts(message, ledger)
    return message


def add_facts(message: stored_pb2.Ledger, ledger: Ledger) -> None:
    """Write what a ledger holds beside purchases."""
    orders = sorted(ledger.orders.items(), key=lambda order: order[1].place)
    returns = sorted(ledger.returns.items())
    views = sorted(ledger.views.items(), key=lambda view: (-view[1], view[0]))
    cart = sorted(ledger.cart.values(), key=lambda word: (-word.micros, word.product_id))
    message.order_hashes.extend(order for order, _ in orders)
    message.order_steps.extend(steps_of([known.place for _, known in orders]))
    message.order_days.extend(known.day for _, known in orders)
    message.first_order_day = ledger.first_order_day
    message.return_hashes.extend(order for (order, _), _ in returns)
    message.return_lines.extend(line for (_, line), _ in returns)
    message.return_units_milli.extend(units for _, units in returns)
    message.viewed_product_ids.extend(product for product, _ in views)
    message.viewed_micros.extend(micros for _, micros in views)
    message.cart_product_ids.extend(word.product_id for word in cart)
    message.cart_micros.extend(word.micros for word in cart)
    message.cart_days.extend(word.day for word in cart)
    message.cart_units_milli.extend(word.units_milli for word in cart)


def steps_of(numbers: list[int]) -> list[int]:
    """Differences between ascending numbers, the first to 0."""
    return [later - earlier for earlier, later in pairwise([0, *numbers])]


def ledger_from(kept: Kept) -> Ledger:
    """Read a ledger and its profile; no bytes are one of which nothing is known."""
    if not kept.ledger:
        return Ledger()
    message = stored_pb2.Ledger.FromString(zstandard.decompress(kept.ledger))
    cart = zip(
        message.cart_product_ids, message.cart_micros, message.cart_days, message.cart_units_milli,
        strict=True,
    )  # fmt: skip
    returns = zip(message.return_hashes, message.return_lines, strict=True)
    orders = map(OrderPlace, accumulate(message.order_steps), message.order_days)
    return Ledger(
        revision=message.revision,
        last_micros=message.last_micros,
        log_id=message.log_id,
        log_length=message.log_length,
        cells=cells_from(message, profile_from(kept.profile, "")),
        first_day=message.first_day,
        orders=dict(zip(message.order_hashes, orders, strict=True)),
        first_order_day=message.first_order_day,
        returns=dict(zip(returns, message.return_units_milli, strict=True)),
        views=dict(zip(message.viewed_product_ids, message.viewed_micros, strict=True)),
        cart={word[0]: CartWord(*word) for word in cart},
    )


def cells_from(message: stored_pb2.Ledger, profile: types_pb2.Profile) -> Cells:
    """Read purchases by product and day, out of the profile where it tells them."""
    told = dict(
        zip(profile.product_ids, map(Cell, profile.units_milli, profile.spend_milli), strict=True)
    )
    told_days = told_days_of(profile)
    steps = iter(message.day_steps)
    cells = map(Cell, message.units_milli, message.spend_milli)
    products = sorted([*profile.product_ids, *message.product_ids])
    found = {}
    for product, count in zip(products, message.day_counts, strict=True):
        days = told_days.get(product, ())
        if not count:
            found[product] = {days[0]: told[product]}
        elif count == len(days):
            found[product] = dict(zip(days, cells, strict=False))
        else:
            found[product] = dict(zip(accumulate(islice(steps, count)), cells, strict=False))
    return found


def told_days_of(profile: types_pb2.Profile) -> dict[str, Sequence[int]]:
    """Read the days of each product out of a profile."""
    columns = (
        profile.purchase_counts,
        profile.first_days,
        profile.last_days,
        profile.inner_day_steps,
    )
    found = days_of(*(np.array(column, np.int32) for column in columns))
    if found is None:
        raise ValueError("a profile's inner_day_steps do not fit its purchase_counts")
    days, starts = found.days.tolist(), found.starts.tolist()
    parts = [days[begin:end] for begin, end in pairwise(starts)]
    return dict(zip(profile.product_ids, parts, strict=True))


def profile_to(user_id: str, revision: int, profile: Profile) -> bytes:
    """Write a profile, with what is derived from it."""
    counts = np.array(profile.purchase_counts, np.float32)
    prices = unit_prices(
        np.array(profile.spend_milli, np.float32), np.array(profile.units_milli, np.float32)
    )
    message = types_pb2.Profile(
        user_id=user_id,
        revision=revision,
        product_ids=profile.product_ids,
        purchase_counts=profile.purchase_counts,
        first_days=profile.first_days,
        last_days=profile.last_days,
        units_milli=profile.units_milli,
        spend_milli=profile.spend_milli,
        inner_day_steps=[step for steps in profile.inner_steps for step in steps],
        shopping_days=len(profile.days),
        last_shopping_day=max(profile.days, default=0),
        average_price=average_price(prices, counts),
        spend_per_day=sum(profile.spend_milli) / (MILLI * max(len(profile.days), 1)),
        viewed_product_ids=[product for product, _ in profile.views],
        viewed_seconds=[seconds for _, seconds in profile.views],
        cart_product_ids=[product for product, _ in profile.cart],
        cart_units_milli=[units for _, units in profile.cart],
    )
    return zstandard.compress(message.SerializeToString(), LEVEL)


def profile_from(body: bytes | None, user_id: str) -> types_pb2.Profile:
    """Read a profile as it goes over the wire; without bytes one of which nothing is known."""
    if not body:
        return types_pb2.Profile(user_id=user_id)
    return types_pb2.Profile.FromString(zstandard.decompress(body))
