"""The item facts of a bundle, from purchases and product records."""

import numpy as np

from restock.artifacts.profiles import ProfileTable
from restock.core import segments
from restock.core.arrays import Floats, Ints
from restock.core.catalogue import NO_CATEGORY, Catalogue
from restock.core.popularity import popularity
from restock.tuning_config import TuningConfig
from trainer.cycles import item_cycles
from trainer.medians import group_medians
from trainer.profiles import pair_users, spend_per_day
from trainer.purchases import Purchases
from trainer.read import Products
from trainer.strengths import average_units


def item_facts(
    purchases: Purchases, profiles: ProfileTable, products: Products, tuning: TuningConfig
) -> Catalogue:
    """Learn every column of the catalogue; its items are those that were bought."""
    items = len(purchases.item_ids)
    records = [products.row_of[item] for item in purchases.item_ids]
    categories, category = coded([products.categories[record] for record in records])
    price, median_price = unit_prices(purchases)
    spend = spend_per_day(profiles)
    cuts = segments.cuts_of(spend[spend > 0])
    return Catalogue(
        item_ids=purchases.item_ids,
        item_names=[products.names[record] for record in records],
        categories=categories,
        category=category,
        price=price,
        average_units=average_units(profiles, items),
        popularity=popularity_now(purchases, profiles, tuning),
        cycle_days=item_cycles(purchases, category, tuning),
        segment_affinity=segment_affinity(profiles, spend, cuts, items, tuning),
        segment_cuts=cuts,
        median_price=median_price,
    )


def coded(names: list[str]) -> tuple[list[str], Ints]:
    """Turn each item's category name into a code; an empty name is no category.

    Returns:
        The names in use, sorted; and (items,) int32 positions in them, `NO_CATEGORY` for none.
    """
    known = sorted(set(names) - {""})
    code_of = {name: code for code, name in enumerate(known)} | {"": NO_CATEGORY}
    return known, np.array([code_of[name] for name in names], np.int32)


def unit_prices(purchases: Purchases) -> tuple[Floats, float]:
    """Median price of one unit over the purchases that cost something.

    Returns:
        (items,) float32 in the shop's currency, NaN where an item was always free; and the median
        over all purchases, NaN where everything was.
    """
    paid = purchases.spend_milli > 0
    prices = purchases.spend_milli[paid] / purchases.units_milli[paid]
    by_item, _ = group_medians(purchases.items[paid], prices, len(purchases.item_ids))
    return by_item, float(np.median(prices)) if prices.size else float("nan")


def popularity_now(purchases: Purchases, profiles: ProfileTable, tuning: TuningConfig) -> Floats:
    """Popularity of each item on the last day of the purchases, (items,) float32, 0 to 1."""
    return popularity(
        purchases.items,
        purchases.days,
        profiles.item_rows,
        profiles.last_days.astype(np.int32),
        len(purchases.item_ids),
        int(purchases.days.max()),
        tuning,
    )


def segment_affinity(
    profiles: ProfileTable,
    spend: Floats,
    cuts: tuple[float, float, float],
    items: int,
    tuning: TuningConfig,
) -> Floats:
    """How much more than its share each spending segment buys each item, (items, 4) float32."""
    count = len(segments.SEGMENTS)
    segment = segments.segments_of(spend, cuts)[pair_users(profiles)]
    known = segment != segments.UNKNOWN
    cells = profiles.item_rows[known].astype(np.int64) * count + segment[known]
    buyers = np.bincount(cells, minlength=items * count).reshape(items, count)
    return segments.affinity(buyers.astype(np.float32), tuning)
