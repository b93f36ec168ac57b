"""Applies facts to a profile. Pure: the old profile stays as it was.

Sums are whole thousandths and days are sets, so that the order in which events arrive changes nothing.

How distinct days are counted: a product's count grows when the day of an order is not one of the
product's known days: its first day, its last day, and those in between that events brought. For a
profile made from events alone that is exact. Of an imported product only the first and last day and
their number are known, so an event that falls strictly between them counts as a day of its own. The
user's shopping days follow the same rule, with the known days of all products and the last shopping
day taken together.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from restock.errors import InvalidRequest
from services.profile_store.profiles import MAX_MILLI, OrderLine, Profile


def apply_order(
    profile: Profile, day: int, lines: Sequence[OrderLine], max_products: int
) -> Profile:
    """Return the profile with an order added.

    Args:
        profile: what was bought before.
        day: local day of the order, counted from 1970-01-01.
        lines: what was bought; a product may come more than once.
        max_products: products that a profile may hold.

    Raises:
        InvalidRequest: the profile would hold too many products, or a sum would be too large; the
            field is told from the event on.
    """
    columns = _Columns.of(profile)
    for position, line in enumerate(lines):
        columns.add(line, day)
        if len(columns.product_ids) > max_products:
            path = f"order.lines[{position}].product_id"
            raise InvalidRequest(path, f"a profile holds at most {max_products} products")
        _check_sums(columns, line, position)
    return replace(
        profile,
        **vars(columns),
        shopping_days=profile.shopping_days + (not bought_on(profile, day)),
        last_shopping_day=max(profile.last_shopping_day, day),
    )


def bought_on(profile: Profile, day: int) -> bool:
    """Tell whether a day is known as one on which the user bought something."""
    if profile.shopping_days and day == profile.last_shopping_day:
        return True
    return (
        day in profile.last_days
        or day in profile.first_days
        or any(day in days for days in profile.middle_days.values())
    )


def _check_sums(columns: "_Columns", line: OrderLine, position: int) -> None:
    row = bisect_left(columns.product_ids, line.product_id)
    if max(columns.units_milli[row], columns.spend_milli[row]) > MAX_MILLI:
        path = f"order.lines[{position}].quantity"
        raise InvalidRequest(
            path, "a product's units and money in all stay below 2**63 thousandths"
        )


@dataclass
class _Columns:
    """A profile's columns, copied to be changed."""

    product_ids: list[str]
    purchase_counts: list[int]
    first_days: list[int]
    last_days: list[int]
    units_milli: list[int]
    spend_milli: list[int]
    middle_days: dict[str, frozenset[int]]

    @classmethod
    def of(cls, profile: Profile) -> "_Columns":
        return cls(
            [*profile.product_ids],
            [*profile.purchase_counts],
            [*profile.first_days],
            [*profile.last_days],
            [*profile.units_milli],
            [*profile.spend_milli],
            {**profile.middle_days},
        )

    def add(self, line: OrderLine, day: int) -> None:
        row = bisect_left(self.product_ids, line.product_id)
        if row == len(self.product_ids) or self.product_ids[row] != line.product_id:
            self._insert(row, line.product_id, day)
        self._count_day(row, day)
        self.units_milli[row] += line.units_milli
        self.spend_milli[row] += line.spend_milli

    def _insert(self, row: int, product_id: str, day: int) -> None:
        self.product_ids.insert(row, product_id)
        self.purchase_counts.insert(row, 1)
        self.first_days.insert(row, day)
        self.last_days.insert(row, day)
        self.units_milli.insert(row, 0)
        self.spend_milli.insert(row, 0)

    def _count_day(self, row: int, day: int) -> None:
        product_id, first, last = self.product_ids[row], self.first_days[row], self.last_days[row]
        middle = self.middle_days.get(product_id, frozenset())
        if day in (first, last) or day in middle:
            return
        self.purchase_counts[row] += 1
        self.first_days[row], self.last_days[row] = min(first, day), max(last, day)
        # A day that was first or last until now is one in between from now on.
        between = {first, last, day} - {self.first_days[row], self.last_days[row]}
        if between:
            self.middle_days[product_id] = middle | between
