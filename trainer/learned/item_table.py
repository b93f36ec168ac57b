"""What the ranker knows of items, from the purchases before a day."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Floats, Ints, Longs, Mask
from restock.core.learned.item_table import (
    HAZARD_WEEKS,
    ITEM_FEATURES,
    NEW_BUYERS,
    UNKNOWN_KIND,
    ItemTable,
    TableSizes,
)
from restock.core.learned.own_features import IDEAL_GAINS, TOP
from restock.core.signals import MILLI
from trainer.catalogue import coded
from trainer.clean import user_days
from trainer.learned.fit_promotions import fit_promotions
from trainer.promotions import Promotions
from trainer.purchases import Purchases
from trainer.read import Products

Doubles = NDArray[np.float64]
WEEK_DAYS, WEEKS_2, MONTH_DAYS, QUARTER_DAYS = 7, 14, 28, 90
LEAST_UNITS = 1e-3
MOST_DAYS = 100_000
"""More than any day count: makes one number of a user and a day."""


@dataclass(frozen=True)
class Priors:
    """How much evidence an item's rates are held against its kind's, and a kind's against all (studied)."""

    rate_purchases: float = 10.0
    """Purchases that its kind's share of purchases followed by another is worth to an item's."""
    kind_rate_purchases: float = 20.0
    """Purchases that the share of all is worth to a kind's."""
    gaps: float = 3.0
    """Gaps that its kind's cycle is worth to an item's."""
    kind_gaps: float = 5.0
    """Gaps that the cycle of all is worth to a kind's."""
    hazard_gaps: float = 20.0
    """Gaps that its kind's chances by week are worth to an item's."""
    kind_hazard_gaps: float = 30.0
    """Gaps that the chances of all are worth to a kind's."""
    basket_purchases: float = 10.0
    """Purchases that the mean gain of all baskets is worth to an item's."""
    recent_price_units: float = 2.0
    """Units that an item's usual price is worth to its recent one."""


@dataclass(frozen=True, eq=False)
class ItemRecords:
    """What is told of the items of `Purchases`, in their order."""

    kinds: Ints
    """(items,) int32, `UNKNOWN_KIND` for none."""
    categories: Ints
    """(items,) int32, -1 for none."""
    brands: Ints
    """(items,) int32, `UNKNOWN_KIND` for none."""
    promotions: Promotions
    """Of the items."""
    kind_count: int = field(init=False)
    """Kinds that there are."""

    def __post_init__(self) -> None:
        """Count the kinds."""
        object.__setattr__(self, "kind_count", int(self.kinds.max(initial=UNKNOWN_KIND)) + 1)


def item_records(item_ids: list[str], products: Products) -> ItemRecords:
    """Look items up; a category stands in where the retailer has no finer kinds."""
    records = [products.row_of[item] for item in item_ids]
    categories = [products.categories[record] for record in records]
    kinds = [products.kinds[record] for record in records]
    brands = [products.brands[record] for record in records]
    return ItemRecords(
        kinds=coded(kinds if any(kinds) else categories)[1],
        categories=coded(categories)[1],
        brands=coded(brands)[1],
        promotions=products.promotions.of(np.array(records, np.int64), len(products.names)),
    )


class ItemStatistics:
    """Sums over the purchases before a day, by item and by kind."""

    def __init__(self, purchases: Purchases, records: ItemRecords, day: int) -> None:
        self.items = len(purchases.item_ids)
        self.records = records
        self.rows = purchases.items
        self.ages = day - purchases.days
        self.kinds = records.kinds[purchases.items]
        self.units = purchases.units_milli / MILLI
        self.spend = purchases.spend_milli / MILLI
        same = np.zeros(len(purchases), np.bool_)
        same[:-1] = (purchases.users[1:] == purchases.users[:-1]) & (
            self.rows[1:] == self.rows[:-1]
        )
        self.followed = same
        """(purchases,) bool: the same user bought the item again."""
        gaps = np.zeros(len(purchases), np.int64)
        gaps[:-1][same[:-1]] = (purchases.days[1:] - purchases.days[:-1])[same[:-1]]
        self.gaps = gaps
        """(purchases,) int64: days until then, 0 where never."""
        self.firsts = np.ones(len(purchases), np.bool_)
        self.firsts[1:] = ~same[:-1]
        self.trips, self.trip_gaps = trips_of(purchases)
        """Trip of each purchase, and days to the user's next trip, 0 where there is none."""

    def by_item(self, mask: Mask | None = None, weights: Doubles | None = None) -> Doubles:
        """Add up purchases by item, (items,) float64."""
        return added(self.rows, self.items, mask, weights)

    def by_kind(self, mask: Mask | None = None, weights: Doubles | None = None) -> Doubles:
        """Add up purchases by kind, (kinds,) float64."""
        known = self.kinds >= 0
        return added(
            self.kinds, self.records.kind_count, known if mask is None else known & mask, weights
        )

    def shrunk(
        self, values: Doubles, mask: Mask, item_prior: float, kind_prior: float, fallback: float
    ) -> tuple[Doubles, Doubles]:
        """Mean of values by item, held against the kind's mean, which is held against all.

        Args:
            values: (purchases,) float64.
            mask: (purchases,) bool, which count.
            item_prior: purchases that the kind's mean is worth.
            kind_prior: purchases that the mean of all is worth.
            fallback: where nothing counts.

        Returns:
            (items,) and (kinds,) float64.
        """
        overall = float(values[mask].mean()) if mask.any() else fallback
        kinds = (self.by_kind(mask, values) + kind_prior * overall) / (
            self.by_kind(mask) + kind_prior
        )
        ahead = self.of_kind(kinds, overall)
        items = (self.by_item(mask, values) + item_prior * ahead) / (
            self.by_item(mask) + item_prior
        )
        return items, kinds

    def of_kind(self, kinds: Doubles, fallback: float) -> Doubles:
        """Spread a column of kinds over the items, (items,) float64."""
        if not len(kinds):
            return np.full(self.items, fallback)
        return np.where(self.records.kinds >= 0, kinds[self.records.kinds], fallback)


def added(codes: Ints, size: int, mask: Mask | None, weights: Doubles | None) -> Doubles:
    """Add up by code, (size,) float64."""
    if mask is not None:
        codes, weights = codes[mask], None if weights is None else weights[mask]
    return np.bincount(codes, weights, minlength=size).astype(np.float64)


def trips_of(purchases: Purchases) -> tuple[Longs, Longs]:
    """Number each purchase's shopping day, and tell the days from it to the user's next one."""
    users, days = user_days(purchases)
    moments = users.astype(np.int64) * MOST_DAYS + days
    trips = np.searchsorted(moments, purchases.users.astype(np.int64) * MOST_DAYS + purchases.days)
    ahead = np.zeros(len(days), np.int64)
    follows = users[1:] == users[:-1]
    ahead[:-1][follows] = (days[1:] - days[:-1])[follows]
    return trips, ahead[trips]


def fit_item_table(
    purchases: Purchases,
    records: ItemRecords,
    day: int,
    priors: Priors = Priors(),
    sizes: TableSizes = TableSizes(),  # noqa: B008 - frozen
) -> ItemTable:
    """Learn the item facts as they stand on a day.

    Args:
        purchases: made before the day.
        records: classes of their items.
        day: counted from 1970-01-01.
        priors: of the shrinkage.
        sizes: of the proposals.
    """
    known = ItemStatistics(purchases, records, day)
    cycles, kind_cycles = mean_gaps(known, priors)
    columns = np.stack(item_columns(known, cycles, priors), axis=1).astype(np.float32)
    month = known.ages <= MONTH_DAYS
    newest = np.argsort(-columns[:, NEW_BUYERS], kind="stable")
    starts, rows = best_of_kinds(columns[:, NEW_BUYERS], records, sizes.rows_a_kind)
    return ItemTable(
        columns=columns,
        hazards=hazards(known, priors),
        kinds=records.kinds,
        categories=records.categories,
        brands=records.brands,
        kind_cycle_days=kind_cycles.astype(np.float32),
        kind_sold=known.by_kind(month).astype(np.float32),
        kind_new_buyers=known.by_kind(month & known.firsts).astype(np.float32),
        kind_price=(
            known.by_kind(None, known.spend) / positive(known.by_kind(None, known.units))
        ).astype(np.float32),
        novelties=newest[: sizes.novelties],
        kind_starts=starts,
        kind_rows=rows,
        plan=fit_promotions(purchases, records.kinds, records.promotions, day),
    )


def positive(units: Doubles) -> Doubles:
    """Denominators that are above 0."""
    return np.maximum(units, LEAST_UNITS)


def item_columns(known: ItemStatistics, cycles: Doubles, priors: Priors) -> list[Doubles]:
    """Columns of `ITEM_FEATURES`, in their order, (items,) float64 each."""
    ages = known.ages
    sold = {
        days: known.by_item(ages <= days) for days in (WEEK_DAYS, WEEKS_2, MONTH_DAYS, QUARTER_DAYS)
    }
    ever, buyers = known.by_item(), known.by_item(known.firsts)
    new_buyers = known.by_item(known.firsts & (ages <= MONTH_DAYS))
    first_sold = np.zeros(known.items)
    np.maximum.at(first_sold, known.rows, ages)
    price, recent_price = prices(known, priors)
    rebuys = {
        days: known.shrunk(
            (known.followed & (known.gaps <= days)).astype(np.float64), ages > days,
            priors.rate_purchases, priors.kind_rate_purchases, 0.0,
        )
        for days in (WEEK_DAYS, MONTH_DAYS)
    }  # fmt: skip
    next_trip = known.followed & (known.gaps == known.trip_gaps)
    rebuy_next, _ = known.shrunk(
        next_trip.astype(np.float64), known.trip_gaps > 0,
        priors.rate_purchases, priors.kind_rate_purchases, 0.0,
    )  # fmt: skip
    kind_sold = known.of_kind(known.by_kind(), 0.0)
    named = {
        "sold_7": sold[WEEK_DAYS],
        "sold_28": sold[MONTH_DAYS],
        "sold": ever,
        "trend": (sold[WEEKS_2] + 1) / (sold[QUARTER_DAYS] * WEEKS_2 / QUARTER_DAYS + 1),
        "buyers": buyers,
        "new_buyers_28": new_buyers,
        "new_share": new_buyers / (sold[MONTH_DAYS] + 1),
        "sold_per_buyer": ever / np.maximum(buyers, 1),
        "age_days": first_sold,
        "price": price,
        "price_14_ratio": recent_price,
        "rebuy_7": rebuys[WEEK_DAYS][0],
        "rebuy_28": rebuys[MONTH_DAYS][0],
        "rebuy_next": rebuy_next,
        "cycle_days": cycles,
        "kind_rebuy_28": known.of_kind(rebuys[MONTH_DAYS][1], 0.0),
        "kind_sold_28": known.of_kind(known.by_kind(ages <= MONTH_DAYS), 0.0),
        "share_of_kind": ever / np.maximum(kind_sold, 1),
        "small_basket_gain": basket_gains(known, priors),
    }
    return [named[name] for name in ITEM_FEATURES]


def prices(known: ItemStatistics, priors: Priors) -> tuple[Doubles, Doubles]:
    """Mean unit price of each item, and that of the last two weeks over it; 1 where there was none."""
    price = known.by_item(None, known.spend) / positive(known.by_item(None, known.units))
    lately = known.ages <= WEEKS_2
    units, extra = known.by_item(lately, known.units), priors.recent_price_units
    recent = (known.by_item(lately, known.spend) + extra * price) / (units + extra)
    return price, np.where((units > 0) & (price > 0), recent / positive(price), 1.0)


def mean_gaps(known: ItemStatistics, priors: Priors) -> tuple[Doubles, Doubles]:
    """Geometric mean days between a user's purchases of an item, and of a kind's items, shrunk."""
    logs = np.log(np.maximum(known.gaps, 1).astype(np.float64))
    items, kinds = known.shrunk(
        logs, known.followed, priors.gaps, priors.kind_gaps, float(np.log(MONTH_DAYS))
    )
    return np.exp(items), np.exp(kinds)


def basket_gains(known: ItemStatistics, priors: Priors) -> Doubles:
    """Mean of 1 / ideal DCG of the baskets that an item is in, shrunk to the mean of all."""
    sizes = np.bincount(known.trips)
    gains = 1 / IDEAL_GAINS[np.minimum(sizes[known.trips], TOP)].astype(np.float64)
    prior = priors.basket_purchases
    found: Doubles = (known.by_item(None, gains) + prior * gains.mean()) / (known.by_item() + prior)
    return found


def hazards(known: ItemStatistics, priors: Priors) -> Floats:
    """Chance of a purchase in a week by weeks since the last one, (items, weeks) float32.

    A purchase that no other followed is at risk until the day, and then no longer seen.
    """
    seen = np.where(known.followed, known.gaps, known.ages)
    weeks = np.minimum(seen // WEEK_DAYS, HAZARD_WEEKS - 1)
    everybody = np.zeros(len(weeks), np.int64)
    overall = rates(everybody, 1, weeks, known.followed, np.zeros((1, HAZARD_WEEKS)), 0.0)
    held = known.kinds >= 0
    kinds = rates(
        known.kinds[held], known.records.kind_count, weeks[held], known.followed[held],
        overall, priors.kind_hazard_gaps,
    )  # fmt: skip
    ahead = np.repeat(overall, known.items, axis=0)
    classed = known.records.kinds >= 0
    ahead[classed] = kinds[known.records.kinds[classed]]
    found = rates(known.rows, known.items, weeks, known.followed, ahead, priors.hazard_gaps)
    return found.astype(np.float32)


def rates(
    codes: Ints | Longs, size: int, weeks: Longs, followed: Mask, ahead: Doubles, prior: float
) -> Doubles:
    """Ended gaps over gaps at risk, by code and week, (size, weeks) float64, held against `ahead`."""
    cells = codes.astype(np.int64) * HAZARD_WEEKS + weeks
    shape = (size, HAZARD_WEEKS)
    ended = np.bincount(cells[followed], minlength=size * HAZARD_WEEKS).reshape(shape)
    last = np.bincount(cells, minlength=size * HAZARD_WEEKS).reshape(shape)
    at_risk = last[:, ::-1].cumsum(axis=1)[:, ::-1]
    return (ended + prior * ahead) / np.maximum(at_risk + prior, 1)


def best_of_kinds(new_buyers: Floats, records: ItemRecords, most: int) -> tuple[Longs, Longs]:
    """Rows of each kind with the most new buyers, and where each kind's begin."""
    classed = np.flatnonzero((records.kinds >= 0) & (new_buyers > 0))
    order = classed[np.lexsort((-new_buyers[classed], records.kinds[classed]))]
    kinds = records.kinds[order]
    begins = np.searchsorted(kinds, np.arange(records.kind_count + 1))
    place = np.arange(len(order)) - begins[kinds] if len(order) else np.empty(0, np.int64)
    kept = place < most
    starts = np.searchsorted(kinds[kept], np.arange(records.kind_count + 1))
    return starts.astype(np.int64), order[kept]
