"""Checks whole profiles before they are loaded. Columns of numbers that are empty are all zero."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from restock.errors import InvalidRequest
from restock.serving.convert import check_id
from services.profile_store.fields import check_many_ids, check_size
from services.profile_store.profiles import MAX_DAY, MAX_MILLI, Profile

NUMBERS = ("purchase_counts", "first_days", "last_days", "units_milli", "spend_milli")
"""Columns that stand beside `product_ids`."""


def checked(profile: Profile, max_products: int, path: str) -> Profile:
    """Return a profile fit to be stored: every column full, in order of product id.

    Args:
        profile: as sent.
        max_products: products that a profile may hold.
        path: of the profile, such as ``profiles[3]``.

    Raises:
        InvalidRequest: a field is outside what is allowed; it says which, and whose profile.
    """
    check_id(profile.user_id, f"{path}.user_id")
    try:
        check_size(len(profile.product_ids), max_products, f"{path}.product_ids", least=0)
        check_many_ids(profile.product_ids, f"{path}.product_ids")
        full = _filled(profile, path)
        _check_unique(full.product_ids, path)
        _check_days(full, path)
        _check_sums(full, path)
        _check_totals(full, path)
    except InvalidRequest as error:
        raise InvalidRequest(error.field, f"{error.allowed} (user {profile.user_id})") from error
    return _in_order(full)


def _filled(profile: Profile, path: str) -> Profile:
    wanted = len(profile.product_ids)
    columns = {name: getattr(profile, name) for name in NUMBERS}
    for name, column in columns.items():
        if len(column) not in (0, wanted):
            raise InvalidRequest(
                f"{path}.{name}", f"{wanted:,} entries, one a product, or none; not {len(column):,}"
            )
    full: dict[str, Any] = {name: column or [0] * wanted for name, column in columns.items()}
    return replace(profile, **full)


def _check_unique(product_ids: list[str], path: str) -> None:
    if len(set(product_ids)) == len(product_ids):
        return
    seen: set[str] = set()
    for position, product_id in enumerate(product_ids):
        if product_id in seen:
            raise InvalidRequest(f"{path}.product_ids[{position}]", "each product once")
        seen.add(product_id)


def _check_days(profile: Profile, path: str) -> None:
    columns = zip(profile.purchase_counts, profile.first_days, profile.last_days, strict=True)
    for position, (count, first, last) in enumerate(columns):
        if not first <= last <= MAX_DAY:
            allowed = f"from its first day, {first:,}, to {MAX_DAY:,}; not {last:,}"
            raise InvalidRequest(f"{path}.last_days[{position}]", allowed)
        # One day is both first and last; with two or more purchases the two differ.
        if not (count > 0 and (count > 1) == (last > first) and count <= last - first + 1):
            allowed = "1 on a single day, else 2 to the number of days from first to last"
            raise InvalidRequest(f"{path}.purchase_counts[{position}]", allowed)


def _check_sums(profile: Profile, path: str) -> None:
    for name in ("units_milli", "spend_milli"):
        column = getattr(profile, name)
        if max(column, default=0) > MAX_MILLI:
            position = next(row for row, value in enumerate(column) if value > MAX_MILLI)
            raise InvalidRequest(f"{path}.{name}[{position}]", "below 2**63")


def _check_totals(profile: Profile, path: str) -> None:
    least_days = max(profile.purchase_counts, default=0)
    if not least_days <= profile.shopping_days <= MAX_DAY + 1:
        allowed = f"from {least_days:,}, the highest of purchase_counts, to {MAX_DAY + 1:,}"
        raise InvalidRequest(f"{path}.shopping_days", allowed)
    first = max(profile.last_days, default=0)
    if not first <= profile.last_shopping_day <= MAX_DAY:
        allowed = f"from {first:,}, the highest of last_days, to {MAX_DAY:,}"
        raise InvalidRequest(f"{path}.last_shopping_day", allowed)


def _in_order(profile: Profile) -> Profile:
    ids = profile.product_ids
    order = sorted(range(len(ids)), key=ids.__getitem__)
    if order == list(range(len(ids))):
        return profile
    columns: dict[str, Any] = {name: _taken(getattr(profile, name), order) for name in NUMBERS}
    return replace(profile, product_ids=[ids[row] for row in order], **columns)


def _taken(column: list[int], order: Iterable[int]) -> list[int]:
    return [column[row] for row in order]
