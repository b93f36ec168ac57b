"""The profile that follows from a ledger: what the other services see of a shopper."""

from dataclasses import dataclass, field

from services.profile_store.ledger import Cell, Ledger

MICROS = 1_000_000


@dataclass(frozen=True)
class Profile:
    """What a shopper bought; entry i of each column belongs to ``product_ids[i]``."""

    product_ids: list[str] = field(default_factory=list)
    """Products of which not everything came back, sorted, each once."""
    purchase_counts: list[int] = field(default_factory=list)
    """Days on which the product was bought, at least 1."""
    first_days: list[int] = field(default_factory=list)
    """First of them, counted from 1970-01-01."""
    last_days: list[int] = field(default_factory=list)
    """Last of them."""
    units_milli: list[int] = field(default_factory=list)
    """Units in all, in thousandths."""
    spend_milli: list[int] = field(default_factory=list)
    """Money in all, in thousandths of the currency."""
    last_units_milli: list[int] = field(default_factory=list)
    """Units of the last day, in thousandths."""
    days: frozenset[int] = frozenset()
    """Days on which anything was bought."""
    views: list[tuple[str, int]] = field(default_factory=list)
    """Products looked at, newest first, and when, in seconds since 1970-01-01."""
    cart: list[tuple[str, int]] = field(default_factory=list)
    """Products in the cart, newest first, and their units in thousandths."""


def profile_of(ledger: Ledger) -> Profile:
    """Work out the profile. The same facts give the same profile, whichever way they came."""
    profile = Profile(views=views_of(ledger), cart=cart_of(ledger), days=shopping_days(ledger))
    for product in sorted(ledger.cells):
        live = bought_days(ledger, product)
        if not live:
            continue
        profile.product_ids.append(product)
        profile.purchase_counts.append(len(live))
        profile.first_days.append(live[0][0])
        profile.last_days.append(live[-1][0])
        profile.units_milli.append(sum(cell.units_milli for _, cell in live))
        profile.spend_milli.append(max(sum(cell.spend_milli for _, cell in live), 0))
        profile.last_units_milli.append(live[-1][1].units_milli)
    return profile


def bought_days(ledger: Ledger, product_id: str) -> list[tuple[int, Cell]]:
    """Days of a product of which not everything came back, ascending."""
    days = ledger.cells.get(product_id, {})
    return sorted((day, cell) for day, cell in days.items() if cell.units_milli > 0)


def shopping_days(ledger: Ledger) -> frozenset[int]:
    """Days on which anything was bought that did not all come back."""
    return frozenset(
        day for days in ledger.cells.values() for day, cell in days.items() if cell.units_milli > 0
    )


def views_of(ledger: Ledger) -> list[tuple[str, int]]:
    """Products looked at and when, in seconds, newest first."""
    newest = sorted(ledger.views.items(), key=lambda view: (-view[1], view[0]))
    return [(product, micros // MICROS) for product, micros in newest]


def cart_of(ledger: Ledger) -> list[tuple[str, int]]:
    """Products in the cart and their units, newest first; what was bought since is not in it."""
    words = sorted(ledger.cart.values(), key=lambda word: (-word.micros, word.product_id))
    found = []
    for word in words:
        # A purchase that came back took it out as well; before the first day remembered some may have.
        bought = max(ledger.cells.get(word.product_id, ()), default=-1)
        since = max(bought + 1, ledger.first_day)
        if word.units_milli and word.day >= since:
            found.append((word.product_id, word.units_milli))
    return found
