"""What the ranker looks at of a product that the shopper bought before, and of the shopper.

Compiled, one pass over the purchases. Half-lives, group sizes and counts were studied on Complete Journey;
TIFU is the personal part of Hu et al., "Modeling Personalized Item Frequency Information for Next-basket
Recommendation", 2020.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from restock.core.arrays import Floats, Ints, Longs
from restock.core.learned.item_table import BASKET_GAIN, CYCLE, HAZARD_WEEKS, PRICE, REBUY_28
from restock.core.purchase_days import ENDS

HALF_LIVES_DAYS = (7.0, 14.0, 30.0, 60.0, 120.0, 365.0)
LAST_TRIPS = (1, 2, 3, 5, 10, 20)
OWN_FEATURES = (
    "purchase_count", "days_since", "days_since_first",
    "decayed_7", "decayed_14", "decayed_30", "decayed_60", "decayed_120", "decayed_365",
    "trip_share", "trip_share_since_first",
    "in_last_1", "in_last_2", "in_last_3", "in_last_5", "in_last_10", "in_last_20",
    "trips_since", "mean_gap", "last_gap", "gap_variation", "since_over_cycle",
    "since_over_item_cycle", "item_hazard", "mean_trip_gap", "trips_since_over_gap", "mean_units",
    "spend", "paid_price_ratio", "tifu", "rank_60", "share_of_highest_60", "share_60", "rank_120",
    "share_120", "decayed_30_over_120", "last_20_share", "own_hazard", "rate_a_day", "rate_a_trip",
    "spend_share", "big_trip_rate", "small_trip_rate", "basket_gain_ratio", "basket_share",
)  # fmt: skip
"""One entry a feature, in the order of a row; `NEVER` holds what stands for a product never bought."""
SHOPPER_FEATURES = (
    "trips", "mean_trip_days", "since_trip", "since_trip_over_gap", "basket_size", "products",
    "repeat_share", "mean_price", "history_days", "last_basket_size", "log_size_10", "log_size_5",
    "log_size_deviation", "small_trip_share", "since_big_trip", "since_big_trip_over_gap",
)  # fmt: skip
COUNT = OWN_FEATURES.index("purchase_count")
SINCE = OWN_FEATURES.index("days_since")
SINCE_FIRST = OWN_FEATURES.index("days_since_first")
DECAYED = OWN_FEATURES.index("decayed_7")
D30 = OWN_FEATURES.index("decayed_30")
D60 = OWN_FEATURES.index("decayed_60")
D120 = OWN_FEATURES.index("decayed_120")
SHARE = OWN_FEATURES.index("trip_share")
SHARE_SINCE = OWN_FEATURES.index("trip_share_since_first")
IN_LAST = OWN_FEATURES.index("in_last_1")
IN_20 = OWN_FEATURES.index("in_last_20")
TRIPS_SINCE = OWN_FEATURES.index("trips_since")
MEAN_GAP = OWN_FEATURES.index("mean_gap")
LAST_GAP = OWN_FEATURES.index("last_gap")
VARIATION = OWN_FEATURES.index("gap_variation")
OVER_CYCLE = OWN_FEATURES.index("since_over_cycle")
OVER_ITEM = OWN_FEATURES.index("since_over_item_cycle")
HAZARD = OWN_FEATURES.index("item_hazard")
TRIP_GAP = OWN_FEATURES.index("mean_trip_gap")
OVER_TRIP_GAP = OWN_FEATURES.index("trips_since_over_gap")
UNITS = OWN_FEATURES.index("mean_units")
SPEND = OWN_FEATURES.index("spend")
PAID = OWN_FEATURES.index("paid_price_ratio")
TIFU = OWN_FEATURES.index("tifu")
RANK_60 = OWN_FEATURES.index("rank_60")
OF_HIGHEST = OWN_FEATURES.index("share_of_highest_60")
SHARE_60 = OWN_FEATURES.index("share_60")
RANK_120 = OWN_FEATURES.index("rank_120")
SHARE_120 = OWN_FEATURES.index("share_120")
PACE = OWN_FEATURES.index("decayed_30_over_120")
LAST_20 = OWN_FEATURES.index("last_20_share")
OWN_HAZARD = OWN_FEATURES.index("own_hazard")
A_DAY = OWN_FEATURES.index("rate_a_day")
A_TRIP = OWN_FEATURES.index("rate_a_trip")
SPEND_SHARE = OWN_FEATURES.index("spend_share")
BIG = OWN_FEATURES.index("big_trip_rate")
SMALL = OWN_FEATURES.index("small_trip_rate")
GAIN = OWN_FEATURES.index("basket_gain_ratio")
BASKET = OWN_FEATURES.index("basket_share")
TRIPS = SHOPPER_FEATURES.index("trips")
MEAN_TRIP_DAYS = SHOPPER_FEATURES.index("mean_trip_days")
SINCE_TRIP = SHOPPER_FEATURES.index("since_trip")
SINCE_TRIP_OVER_GAP = SHOPPER_FEATURES.index("since_trip_over_gap")
BASKET_SIZE = SHOPPER_FEATURES.index("basket_size")
PRODUCTS = SHOPPER_FEATURES.index("products")
REPEAT_SHARE = SHOPPER_FEATURES.index("repeat_share")
MEAN_PRICE = SHOPPER_FEATURES.index("mean_price")
HISTORY_DAYS = SHOPPER_FEATURES.index("history_days")
LAST_BASKET_SIZE = SHOPPER_FEATURES.index("last_basket_size")
LOG_SIZE_10 = SHOPPER_FEATURES.index("log_size_10")
LOG_SIZE_5 = SHOPPER_FEATURES.index("log_size_5")
LOG_SIZE_DEVIATION = SHOPPER_FEATURES.index("log_size_deviation")
SMALL_TRIP_SHARE = SHOPPER_FEATURES.index("small_trip_share")
SINCE_BIG_TRIP = SHOPPER_FEATURES.index("since_big_trip")
SINCE_BIG_TRIP_OVER_GAP = SHOPPER_FEATURES.index("since_big_trip_over_gap")
FAR, UNKNOWN, MANY = 999.0, -1.0, 99.0
"""What stands for days or ranks beyond all, for what has no value, and for a very high ratio."""
NEVER_BOUGHT = (
    dict.fromkeys((SINCE, SINCE_FIRST, TRIPS_SINCE, MEAN_GAP, LAST_GAP, TRIP_GAP), FAR)
    | dict.fromkeys((RANK_60, RANK_120), FAR)
    | dict.fromkeys((OVER_CYCLE, OVER_ITEM, OVER_TRIP_GAP), MANY)
    | {VARIATION: UNKNOWN}
)
"""What is not 0 of a product never bought."""
NEVER = np.array([NEVER_BOUGHT.get(place, 0.0) for place in range(len(OWN_FEATURES))], np.float32)

TIFU_GROUP, TIFU_WITHIN, TIFU_ACROSS = 3, 0.95, 0.8
"""Trips a group, decay within and across groups."""
RECENT_TRIPS, LATEST_TRIPS = 10, 5
SMALL_BASKET = 5
"""Products up to which a basket is small."""
TRIP_HALF_LIFE_DAYS = 90.0
LONG_HALF_LIFE_DAYS = 120.0
WEEK_DAYS = 7
HAZARD_PRIOR_GAPS = 2.0
RATE_PRIOR_DAYS, RATE_PRIOR = 28.0, 0.01
BIG_PRIOR, SMALL_PRIOR = 0.05, 0.02
UNKNOWN_HAZARD, UNKNOWN_GAIN = 0.02, 0.25
LEAST_GAP_DAYS = 0.5
"""A gap is at least this in a denominator."""
LEAST_AMOUNT = 1e-3
"""Units and money are at least this in a denominator."""
TINY = np.float32(1e-30)
"""Purchases of decades ago decay to nothing."""
TOP = 10
"""Length of the ideal list that a basket's gain refers to."""
IDEAL_GAINS = np.concatenate([[1.0], np.cumsum(1 / np.log2(np.arange(2, TOP + 2)))]).astype(
    np.float32
)
"""(11,) ideal DCG of so many targets at 10; 1 for none."""


class Bought(NamedTuple):
    """A shopper's purchases as compiled code takes them, products in parallel."""

    rows: Longs
    """(products,) int64 catalogue rows, -1 for a product that the catalogue does not hold."""
    starts: Longs
    """(products + 1,) int64: where each product's days begin."""
    days: Ints
    """(purchases,) int32, ascending within a product, none after the day asked for."""
    units: Floats
    """(products,) float32 units in all."""
    spend: Floats
    """(products,) float32 money in all."""


class Trips(NamedTuple):
    """A shopper's shopping days."""

    days: Ints
    """(trips,) int32, ascending."""
    sizes: Ints
    """(trips,) int32: products bought on each."""
    repeats: Ints
    """(trips,) int32: of these, bought before."""


@njit(cache=True)
def trips_of(bought: Bought) -> Any:
    """Gather the purchases by day."""
    days = np.unique(bought.days)
    sizes = np.zeros(len(days), np.int32)
    repeats = np.zeros(len(days), np.int32)
    for product in range(len(bought.rows)):
        for place in range(bought.starts[product], bought.starts[product + 1]):
            trip = np.searchsorted(days, bought.days[place])
            sizes[trip] += 1
            repeats[trip] += place > bought.starts[product]
    return Trips(days, sizes, repeats)


@njit(cache=True)
def shopper_features(bought: Bought, trips: Trips, day: int) -> Any:
    """Describe the shopper, (`SHOPPER_FEATURES`,) float32; all 0 for one without purchases."""
    found = np.zeros(len(SHOPPER_FEATURES), np.float32)
    count = len(trips.days)
    if not count:
        return found
    first, last = trips.days[0], trips.days[-1]
    gap = (last - first) / (count - 1) if count > 1 else float(WEEK_DAYS)
    recent = max(count - RECENT_TRIPS, 0)
    logs = np.log(trips.sizes.astype(np.float64))
    median = np.median(trips.sizes.astype(np.float64))
    big = np.flatnonzero(trips.sizes >= median)
    found[TRIPS] = count
    found[MEAN_TRIP_DAYS] = gap
    found[SINCE_TRIP] = day - last
    found[SINCE_TRIP_OVER_GAP] = (day - last) / max(gap, LEAST_GAP_DAYS)
    found[BASKET_SIZE] = trips.sizes.sum() / count
    found[PRODUCTS] = len(bought.rows)
    found[REPEAT_SHARE] = trips.repeats[recent:].sum() / max(trips.sizes[recent:].sum(), 1)
    found[MEAN_PRICE] = bought.spend.sum() / max(bought.units.sum(), LEAST_AMOUNT)
    found[HISTORY_DAYS] = day - first
    found[LAST_BASKET_SIZE] = trips.sizes[-1]
    found[LOG_SIZE_10] = logs[recent:].mean()
    found[LOG_SIZE_5] = logs[max(count - LATEST_TRIPS, 0) :].mean()
    found[LOG_SIZE_DEVIATION] = logs[recent:].std()
    found[SMALL_TRIP_SHARE] = (trips.sizes[recent:] <= SMALL_BASKET).mean()
    found[SINCE_BIG_TRIP] = day - trips.days[big[-1]]
    found[SINCE_BIG_TRIP_OVER_GAP] = found[SINCE_BIG_TRIP] / max((day - first) / len(big), 1.0)
    return found


class Habit(NamedTuple):
    """What of a shopper's trips every product is held against."""

    trip_days: float
    """Mean days from trip to trip, at least 1."""
    history_days: float
    """Days since the first trip."""
    median_size: float
    """Products of a usual trip: as many make a big one."""
    big_trips: float
    """Big trips, the older the less."""
    small_trips: float
    """All others."""
    exposure_days: float
    """Days in which purchases could have been made, the older the less."""


class ItemFacts(NamedTuple):
    """What is known of one product's item, or stands in for it."""

    cycle_days: float
    basket_gain: float
    rebuy_28: float
    price: float
    """0 when unknown."""


@njit(cache=True)
def habit_of(trips: Trips, day: int) -> Any:
    """Sum a shopper's trips up; there is at least one."""
    count = len(trips.days)
    first, last = trips.days[0], trips.days[-1]
    trip_days = max((last - first) / (count - 1) if count > 1 else float(WEEK_DAYS), 1.0)
    median = np.median(trips.sizes.astype(np.float64))
    big = small = 0.0
    for trip in range(count):
        weight = 0.5 ** ((day - trips.days[trip]) / TRIP_HALF_LIFE_DAYS)
        if trips.sizes[trip] >= median:
            big += weight
        else:
            small += weight
    exposure = LONG_HALF_LIFE_DAYS / np.log(2.0)
    exposure *= 1 - 0.5 ** ((day - first) / LONG_HALF_LIFE_DAYS)
    return Habit(trip_days, float(day - first), median, big, small, exposure)


@njit(cache=True)
def own_features(
    bought: Bought, trips: Trips, columns: Any, hazards: Any, median_cycle: float, day: int
) -> Any:
    """Describe each product bought.

    Args:
        bought: the shopper's purchases.
        trips: of them.
        columns: `ItemTable.columns`.
        hazards: `ItemTable.hazards`.
        median_cycle: stands in for the cycle of a product that the catalogue does not hold, days.
        day: the day asked for.

    Returns:
        (products, `OWN_FEATURES`) float32.
    """
    found = np.zeros((len(bought.rows), len(OWN_FEATURES)), np.float32)
    if not len(trips.days):
        return found
    habit = habit_of(trips, day)
    for product in range(len(bought.rows)):
        row = bought.rows[product]
        item = ItemFacts(median_cycle, UNKNOWN_GAIN, 0.0, 0.0)
        if row >= 0:
            item = ItemFacts(
                np.float64(columns[row, CYCLE]), np.float64(columns[row, BASKET_GAIN]),
                np.float64(columns[row, REBUY_28]), np.float64(columns[row, PRICE]),
            )  # fmt: skip
        own = found[product]
        days = bought.days[bought.starts[product] : bought.starts[product + 1]]
        since = day - days[-1]
        week = min(since // WEEK_DAYS, HAZARD_WEEKS - 1)
        own[HAZARD] = hazards[row, week] if row >= 0 else UNKNOWN_HAZARD
        own[OWN_HAZARD] = own_hazard(days, since, own[HAZARD])
        own[UNITS] = bought.units[product] / len(days)
        own[SPEND] = bought.spend[product]
        paid = bought.spend[product] / max(bought.units[product], LEAST_AMOUNT)
        own[PAID] = min(paid / max(item.price, LEAST_AMOUNT), MANY) if item.price > 0 else 1.0
        add_days(own, days, trips, habit, item, day)
        add_gaps(own, days, trips, habit, item, day)
    compare(found)
    return found


@njit(cache=True)
def add_days(own: Any, days: Any, trips: Trips, habit: Habit, item: ItemFacts, day: int) -> None:
    """Write what adds up over a product's days, the older the less."""
    count = len(trips.days)
    gains = by_size = big = small = 0.0
    for bought_on in days:
        age = float(day - bought_on)
        for half_life in range(len(HALF_LIVES_DAYS)):
            own[DECAYED + half_life] += 0.5 ** (age / HALF_LIVES_DAYS[half_life])
        trip = np.searchsorted(trips.days, bought_on)
        back = count - 1 - trip
        for window in range(len(LAST_TRIPS)):
            own[IN_LAST + window] += back < LAST_TRIPS[window]
        own[TIFU] += TIFU_WITHIN ** (back % TIFU_GROUP) * TIFU_ACROSS ** (back // TIFU_GROUP)
        weight = 0.5 ** (age / LONG_HALF_LIFE_DAYS)
        gains += weight / IDEAL_GAINS[min(trips.sizes[trip], TOP)]
        by_size += weight / trips.sizes[trip]
        weight = 0.5 ** (age / TRIP_HALF_LIFE_DAYS)
        if trips.sizes[trip] >= habit.median_size:
            big += weight
        else:
            small += weight
    own[TIFU] /= max(count / TIFU_GROUP, 1.0)
    own[PACE] = own[D30] / max(own[D120], TINY)
    own[LAST_20] = own[IN_20] / min(count, LAST_TRIPS[-1])
    prior = RATE_PRIOR_DAYS * RATE_PRIOR * item.rebuy_28
    own[A_DAY] = (own[D120] + prior) / (habit.exposure_days + 1 + RATE_PRIOR_DAYS)
    own[A_TRIP] = own[A_DAY] * habit.history_days / count
    own[BIG] = (big + BIG_PRIOR) / (habit.big_trips + 1)
    own[SMALL] = (small + SMALL_PRIOR) / (habit.small_trips + 1)
    own[GAIN] = (gains + item.basket_gain) / (own[D120] + 1)
    own[BASKET] = by_size


@njit(cache=True)
def add_gaps(own: Any, days: Any, trips: Trips, habit: Habit, item: ItemFacts, day: int) -> None:
    """Write what is said by the times between a product's days, in days and in trips."""
    times, count = len(days), len(trips.days)
    since, span = float(day - days[-1]), float(days[-1] - days[0])
    first_trip = np.searchsorted(trips.days, days[0])
    last_trip = np.searchsorted(trips.days, days[-1])
    own[COUNT] = times
    own[SINCE] = since
    own[SINCE_FIRST] = day - days[0]
    own[SHARE] = times / count
    own[SHARE_SINCE] = times / (count - first_trip)
    own[TRIPS_SINCE] = count - 1 - last_trip
    own[MEAN_GAP] = own[LAST_GAP] = own[TRIP_GAP] = FAR
    own[VARIATION] = UNKNOWN
    if times > 1:
        own[MEAN_GAP] = span / (times - 1)
        own[LAST_GAP] = days[-1] - days[-2]
        own[TRIP_GAP] = (last_trip - first_trip) / (times - 1)
    if times > ENDS:
        own[VARIATION] = variation(days)
    own[OVER_CYCLE] = since / ((span + item.cycle_days) / times)
    own[OVER_ITEM] = since / item.cycle_days
    trips_a_cycle = (last_trip - first_trip + item.cycle_days / habit.trip_days) / times
    own[OVER_TRIP_GAP] = own[TRIPS_SINCE] / trips_a_cycle


@njit(cache=True)
def variation(days: Any) -> float:
    """Standard deviation of the gaps over their mean, which counts as a day at least."""
    gaps = len(days) - 1
    squares = 0.0
    for place in range(1, len(days)):
        squares += float(days[place] - days[place - 1]) ** 2
    mean = (days[-1] - days[0]) / gaps
    return float(np.sqrt(max(squares / gaps - mean * mean, 0.0)) / max(mean, 1.0))


@njit(cache=True)
def own_hazard(days: Any, since: float, item_hazard: float) -> float:
    """Share of the shopper's own gaps, of those as long as now, that ended within the week after."""
    longer = ended = 0.0
    for place in range(1, len(days)):
        gap = days[place] - days[place - 1]
        if gap >= since:
            longer += 1
            ended += gap < since + WEEK_DAYS
    return (ended + HAZARD_PRIOR_GAPS * item_hazard) / (longer + HAZARD_PRIOR_GAPS)


@njit(cache=True)
def compare(found: Any) -> None:
    """Set a shopper's products against one another: ranks from 0, and shares."""
    by_60, by_120 = np.sort(found[:, D60]), np.sort(found[:, D120])
    total_60, total_120, spend = found[:, D60].sum(), found[:, D120].sum(), found[:, SPEND].sum()
    highest = by_60[-1]
    products = len(found)
    for product in range(products):
        own = found[product]
        own[RANK_60] = products - np.searchsorted(by_60, own[D60], side="right")
        own[RANK_120] = products - np.searchsorted(by_120, own[D120], side="right")
        own[OF_HIGHEST] = own[D60] / max(highest, TINY)
        own[SHARE_60] = own[D60] / max(total_60, TINY)
        own[SHARE_120] = own[D120] / max(total_120, TINY)
        own[SPEND_SHARE] = own[SPEND] / max(spend, LEAST_AMOUNT)
