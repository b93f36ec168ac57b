"""The protocol: which days to stand on, who counts, and what is to be foretold."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from restock.core.arrays import Ints, Longs, Mask
from restock.core.metrics import NOTHING
from restock.errors import InvalidFile
from trainer.clean import user_days
from trainer.evaluation.past import Past, RowLists, past_of
from trainer.purchases import Purchases, kept, run_starts
from trainer.read import Products

NEXT_BASKET = "next_basket"
"""Target: all products of the household's first shopping day in the window."""


@dataclass(frozen=True)
class Protocol:
    """Settings of an evaluation; the defaults are those of docs/quality.md."""

    window_days: int = 28
    """Days from the cut-off in which purchases are to be foretold; windows are disjoint."""
    short_window_days: int = 7
    """The same, for the target of the coming days; a window that is no longer has no such target."""
    test_windows: int = 4
    """Cut-offs that are reported, at most: the last whole windows of the data."""
    least_shopping_days: int = 3
    """Shopping days before the cut-off that a household must have."""
    least_item_days: int = 5
    """Household-days before the cut-off on which a product must have been bought to be in the catalogue
    that baselines rank. Targets outside the catalogue stay in every denominator."""
    page: int = 10
    """Products recommended to each household."""
    short_page: int = 5
    """Products that the metrics at the shorter length look at."""
    most_households: int | None = None
    """Households judged at a cut-off, sampled by `seed`; None for all."""
    seed: int = 0
    """Of every draw: sampled households, cold start, bootstrap."""

    def targets(self) -> dict[str, int]:
        """Targets by name, and the days from the cut-off that each looks at."""
        longer = {f"{days}_days": days for days in (self.short_window_days, self.window_days)}
        several = self.window_days > self.short_window_days
        return {NEXT_BASKET: self.window_days} | (longer if several else {})


BASKETS_IN_ORDER = Protocol(window_days=1, short_window_days=1)
"""For files without dates, whose pseudo-days are baskets: each household's last basket is foretold, then
the one before it, and so on."""


@dataclass(frozen=True, eq=False)
class Targets:
    """What households bought in a window, in rows of a `Past`."""

    starts: Longs
    """(households + 1,) int64: household h owns targets `starts[h]` to `starts[h + 1]`."""
    rows: Ints
    """(targets,) int32: row of the product, `NOTHING` for one that nobody had bought before."""
    repeats: Mask
    """(targets,) bool: the household had bought it before."""

    @property
    def sizes(self) -> Longs:
        """Targets of each household, (households,) int64."""
        return np.diff(self.starts)

    def where(self, mask: Mask) -> "Targets":
        """Keep some targets only; households stay, with fewer."""
        ends = np.append(0, np.cumsum(mask))[self.starts]
        return Targets(ends, self.rows[mask], self.repeats[mask])


@dataclass(frozen=True, eq=False)
class Cut:
    """One cut-off: what is known, who is judged, and by what."""

    past: Past
    """What methods are given."""
    households: list[str]
    """Ids of those judged, sorted."""
    users: Longs
    """(households,) int64: their positions in the past, -1 for one without a purchase in it."""
    shopping_days: Ints
    """(households,) int32: shopping days that they really had before the cut-off."""
    future: Purchases
    """Their purchases in the window; methods never see them."""
    targets: dict[str, Targets]
    """By name, in the order of `households`."""

    @cached_property
    def owned(self) -> RowLists:
        """Rows that each household had bought before."""
        return self.past.owned(self.users)


def cut_at(
    purchases: Purchases, products: Products, day: int, protocol: Protocol, path: Path
) -> Cut:
    """Stand on a day: split what was before from what came in the window.

    Args:
        purchases: of the whole file.
        products: records.
        day: the cut-off, the window's first day.
        protocol: who counts.
        path: the file, for messages.

    Raises:
        InvalidFile: nobody counts.
    """
    window = (purchases.days >= day) & (purchases.days < day + protocol.window_days)
    if not (window.any() and (purchases.days < day).any()):
        raise InvalidFile(path, f"no purchases on both sides of cut-off day {day}")
    past = past_of(purchases, products, day, protocol.least_item_days)
    days_of = dict(zip(past.purchases.user_ids, past.profiles.shopping_days.tolist(), strict=True))
    bought = {purchases.user_ids[user] for user in np.unique(purchases.users[window]).tolist()}
    judged = sorted(user for user in bought if days_of.get(user, 0) >= protocol.least_shopping_days)
    if not judged:
        wanted = f"with {protocol.least_shopping_days} shopping days before and one after it"
        raise InvalidFile(path, f"no household {wanted} at cut-off day {day}")
    judged = sampled(judged, protocol.most_households, protocol.seed)
    wanted_users = np.isin(purchases.users, positions_of(judged, purchases.user_ids))
    future = kept(purchases, window & wanted_users)
    shopping_days = np.array([days_of[user] for user in judged], np.int32)
    return cut_of(past, judged, shopping_days, future, protocol)


def cut_of(
    past: Past, households: list[str], shopping_days: Ints, future: Purchases, protocol: Protocol
) -> Cut:
    """Put the future of households into rows of a past."""
    targets = {}
    for name, days in protocol.targets().items():
        near = future.days < past.day + days
        if name == NEXT_BASKET:
            near &= future.days == first_days(future)[future.users]
        targets[name] = targets_of(past, households, future, near)
    return Cut(past, households, past.users_of(households), shopping_days, future, targets)


def first_days(purchases: Purchases) -> Ints:
    """First shopping day of each user, (users,) int32."""
    users, days = user_days(purchases)
    return days[run_starts(users)]


def targets_of(past: Past, households: list[str], future: Purchases, mask: Mask) -> Targets:
    """List each household's products among some purchases of the future, each once."""
    row_of = {item: row for row, item in enumerate(past.purchases.item_ids)}
    place = {household: position for position, household in enumerate(households)}
    users = np.array([place[user] for user in future.user_ids], np.int64)[future.users[mask]]
    items = future.items[mask]
    pairs = np.unique(users * len(future.item_ids) + items)
    users, items = np.divmod(pairs, len(future.item_ids))
    rows = np.array([row_of.get(item, NOTHING) for item in future.item_ids], np.int32)[items]
    starts = np.searchsorted(users, np.arange(len(households) + 1)).astype(np.int64)
    owned = past.owned(past.users_of(households))
    width = len(row_of) + 1
    before = owned.of_each() * width + owned.rows
    repeats = np.isin(users * width + rows, before) & (rows != NOTHING)
    return Targets(starts, rows, repeats)


def sampled(names: list[str], most: int | None, seed: int) -> list[str]:
    """Draw at most so many names, kept in their order."""
    if most is None or len(names) <= most:
        return names
    drawn = np.random.default_rng(seed).choice(len(names), most, replace=False)
    return [names[place] for place in np.sort(drawn).tolist()]


def positions_of(names: list[str], all_names: list[str]) -> Longs:
    """Positions of names in a list that holds them all, (names,) int64."""
    place = {name: position for position, name in enumerate(all_names)}
    return np.array([place[name] for name in names], np.int64)


def cutoffs_of(purchases: Purchases, protocol: Protocol, path: Path) -> list[int]:
    """Choose cut-offs: the last whole disjoint windows, oldest first.

    Before the earliest one there is at least a window's length of history.

    Raises:
        InvalidFile: the purchases are not even two windows long.
    """
    first, end = int(purchases.days.min()), int(purchases.days.max()) + 1
    days = protocol.window_days
    windows = min((end - first) // days - 1, protocol.test_windows)
    if windows < 1:
        allowed = f"at least {2 * days} days of purchases are needed to evaluate, not {end - first}"
        raise InvalidFile(path, allowed)
    return [end - days * back for back in range(windows, 0, -1)]
