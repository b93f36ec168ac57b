"""Applies facts to a ledger. Pure: the old ledger stays as it was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from restock.errors import InvalidRequest
from services.profile_store.bounds import (
    Bounds,
    check_day,
    newest_views,
    newest_words,
    within_days,
    within_orders,
)
from services.profile_store.facts import CartWord, Fact, Impression, Order, Return, View
from services.profile_store.ledger import MAX_MILLI, Cell, Cells, Ledger, OrderPlace

NOTHING = Cell(0, 0)
Day = dict[int, Cell]
Returns = Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Amount:
    """What a fact adds to a product's day, or takes from it."""

    product_id: str
    """Of which product."""
    cell: Cell
    """How much."""


def applied(ledger: Ledger, fact: Fact, orders: Mapping[int, Order], bounds: Bounds) -> Ledger:
    """Return the ledger with one more accepted fact.

    Args:
        ledger: what was known before.
        fact: what happened.
        orders: orders of the user that are known already, by hash, as far as `fact` names them.
        bounds: most entries of each kind.

    Raises:
        InvalidRequest: the fact cannot be; its field is told from the event on.
    """
    after = with_fact(ledger, fact, orders, bounds)
    revision = ledger.revision + (not isinstance(fact, Impression))
    return replace(after, revision=revision, log_length=ledger.log_length + 1)


def with_fact(ledger: Ledger, fact: Fact, orders: Mapping[int, Order], bounds: Bounds) -> Ledger:
    """Return the ledger with what a fact changes, without counting it."""
    match fact:
        case Order():
            return with_order(ledger, fact, bounds)
        case Return():
            return with_return(ledger, fact, orders, bounds)
        case View():
            return with_view(ledger, fact, bounds)
        case CartWord():
            return with_cart_word(ledger, fact, bounds)
        case Impression():
            return ledger


def with_order(ledger: Ledger, order: Order, bounds: Bounds) -> Ledger:
    """Add an order, less what came back of it before it came; of an old day nothing counts."""
    ledger = replace(ledger, returns=with_lines(ledger.returns, order, ledger.first_order_day))
    if order.day < ledger.first_order_day:
        return ledger
    amounts = []
    for place, line in enumerate(order.lines):
        returned = ledger.returns.get((order.order_hash, place), 0)
        units = max(line.units_milli - returned, 0)
        amounts.append(Amount(line.product_id, Cell(units, line.spend_milli(units))))
    orders = {**ledger.orders, order.order_hash: OrderPlace(ledger.log_length, order.day)}
    after = replace(ledger, orders=orders, cells=with_amounts(ledger, order.day, amounts))
    check_day(after, order.day, bounds)
    after = within_orders(after, bounds.orders)
    return within_days(after, bounds.product_days)


def with_lines(returns: Returns, order: Order, first_order_day: int) -> Returns:
    """Forget what was held of lines that an order, now that it is known, does not have.

    Args:
        returns: what came back.
        order: the one that is known now.
        first_order_day: an order of a day before it has no lines that count.
    """
    lines = len(order.lines) if order.day >= first_order_day else 0
    none = {key for key in returns if key[0] == order.order_hash and key[1] >= lines}
    return {key: units for key, units in returns.items() if key not in none} if none else returns


def with_return(
    ledger: Ledger, given_back: Return, orders: Mapping[int, Order], bounds: Bounds
) -> Ledger:
    """Take units off their order's day; hold them when the order is not known yet."""
    key = given_back.order_hash, given_back.line
    before = ledger.returns.get(key, 0)
    returned = before + given_back.units_milli
    if returned > MAX_MILLI:
        raise InvalidRequest(
            "order_return.quantity", "all returns of a line below 2**63 thousandths"
        )
    after = replace(ledger, returns={**ledger.returns, key: returned})
    order = orders.get(given_back.order_hash)
    if order is None:
        return held(after, bounds)
    if order.day < ledger.first_order_day or given_back.line >= len(order.lines):
        return ledger  # as when it is held: it never applies
    line = order.lines[given_back.line]
    kept, left = max(line.units_milli - before, 0), max(line.units_milli - returned, 0)
    less = Cell(left - kept, line.spend_milli(left) - line.spend_milli(kept))
    after = replace(after, cells=with_amounts(ledger, order.day, [Amount(line.product_id, less)]))
    # A day is new here only where an import replaced the order.
    return within_days(after, bounds.product_days)


def held(ledger: Ledger, bounds: Bounds) -> Ledger:
    """Keep a return whose order is not known yet.

    Raises:
        InvalidRequest: too many are kept.
    """
    most = bounds.returns
    if len(ledger.returns) > most and count_held(ledger) > most:
        allowed = f"of an order that is known: {most:,} lines wait for their orders already"
        raise InvalidRequest("order_return.order_id", allowed)
    return ledger


def count_held(ledger: Ledger) -> int:
    """Count lines that wait for their orders."""
    return sum(order not in ledger.orders for order, _ in ledger.returns)


def with_amounts(ledger: Ledger, day: int, amounts: Iterable[Amount]) -> Cells:
    """Return the cells with amounts added to a day, unless that day was forgotten.

    Raises:
        InvalidRequest: a product's sum would be too large.
    """
    if day < ledger.first_day:
        return ledger.cells
    cells = {**ledger.cells}
    touched: dict[str, Day] = {}
    for amount in amounts:
        days = touched.get(amount.product_id)
        if days is None:
            days = touched[amount.product_id] = {**cells.get(amount.product_id, {})}
        old, more = days.get(day, NOTHING), amount.cell
        days[day] = Cell(old.units_milli + more.units_milli, old.spend_milli + more.spend_milli)
    for days in touched.values():
        check_sums(days, days[day])
    return cells | touched


def check_sums(days: Mapping[int, Cell], changed: Cell) -> None:
    """Check a product's sums, and the cell that was changed: it may be below 0.

    Raises:
        InvalidRequest: one is out of range.
    """
    live = [cell for cell in days.values() if cell.units_milli > 0]
    units = sum(cell.units_milli for cell in live)
    spend = sum(max(cell.spend_milli, 0) for cell in live)
    if max(units, spend) > MAX_MILLI or min(changed) < -MAX_MILLI:
        allowed = "a product's units and money in all below 2**63 thousandths"
        raise InvalidRequest("order.lines", allowed)


def with_view(ledger: Ledger, view: View, bounds: Bounds) -> Ledger:
    """Note a view, unless the product was looked at later."""
    last = max(view.micros, ledger.views.get(view.product_id, 0))
    views = {**ledger.views, view.product_id: last}
    return replace(ledger, views=newest_views(views, bounds.views))


def with_cart_word(ledger: Ledger, word: CartWord, bounds: Bounds) -> Ledger:
    """Note a word on the cart, unless a newer one is known."""
    known = ledger.cart.get(word.product_id)
    if known is not None and not word.is_newer_than(known):
        return ledger
    return replace(ledger, cart=newest_words({**ledger.cart, word.product_id: word}, bounds.cart))
