"""Products by weeks: what the elasticities are estimated from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Ints, Longs, Mask
from restock.core.elasticity import Panel
from trainer.analysis.sales import Sales
from trainer.purchases import run_starts

Doubles = NDArray[np.float64]
WEEK_DAYS = 7
SAME_PRICE = 0.01
"""Log prices that differ by less are one price: cents are rounded, multi-packs divided."""


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """How weeks are made of purchases."""

    least_weeks: int = 20
    """Weeks with a sale from which a product is looked at."""
    least_discount: float = 0.05
    """Share of the list price off from which a purchase counts as discounted: less is rounding or a
    card that everybody has."""
    regular_weeks: int = 9
    """Weeks, centred, among which the regular price is looked for where no discount is recorded."""
    regular_quantile: float = 0.8
    """Quantile of those weeks' prices that is the regular price: promotions are the lower ones."""
    season_weeks: int = 5
    """Weeks, centred, over which a category's season is averaged: a season is slow, a promotion of the
    whole category is not and must not be taken for one."""
    season_prior: float = 200.0
    """Purchases of evidence in such a window that "as the whole shop" is worth."""


@dataclass(frozen=True, eq=False)
class WeeklySales:
    """A panel, and which products and weeks it is about."""

    panel: Panel
    items: Longs
    """(products,) int64: position in the sales' `item_ids`."""
    first_day: int
    """First day of the first week, counted from 1970-01-01."""
    recorded: bool
    """Whether discounts are recorded, and not inferred from prices."""


def weekly_sales(sales: Sales, settings: PanelSettings) -> WeeklySales:
    """Lay out whole weeks of the products that were sold in enough of them.

    Weeks end on the last day of the data; what is left at its beginning is no whole week and not used.
    """
    last_day = int(sales.days.max())
    weeks = max((last_day - int(sales.days.min()) + 1) // WEEK_DAYS, 1)
    first_day = last_day + 1 - weeks * WEEK_DAYS
    week = (sales.days - first_day) // WEEK_DAYS
    usable = (sales.days >= first_day) & (sales.paid > 0)
    often = sold_weeks(sales, week, usable, weeks) >= settings.least_weeks
    items = np.flatnonzero(often)
    cells = cells_of(sales, week, items, usable, weeks)
    season = seasons(sales, week, items, usable, weeks, settings)
    panel = panel_of(sales, cells, season, settings)
    return WeeklySales(panel, items, first_day, sales.discount is not None)


def sold_weeks(sales: Sales, week: Ints, usable: Mask, weeks: int) -> Longs:
    """Weeks in which each product was sold at a price, (items,) int64."""
    keys = np.unique(sales.items[usable].astype(np.int64) * weeks + week[usable])
    return np.bincount(keys // weeks, minlength=len(sales.item_ids)) if weeks else keys[:0]


@dataclass(frozen=True, eq=False)
class Cells:
    """Purchase lines gathered by product and week."""

    rows: Longs
    """(lines,) int64: lines of the sales, by cell, the cheapest first."""
    starts: Longs
    """(cells,) int64: where each cell begins among them."""
    keys: Longs
    """(cells,) int64: product * weeks + week."""
    shape: tuple[int, int]
    """Products and weeks."""


def cells_of(sales: Sales, week: Ints, items: Longs, usable: Mask, weeks: int) -> Cells:
    """Gather the usable lines of some products."""
    place = np.full(len(sales.item_ids), -1, np.int64)
    place[items] = np.arange(len(items))
    rows = np.flatnonzero(usable & (place[sales.items] >= 0))
    keys = place[sales.items[rows]] * weeks + week[rows]
    order = np.lexsort((sales.paid[rows] / sales.units[rows], keys))
    rows, keys = rows[order], keys[order]
    starts = run_starts(keys) if len(keys) else keys
    return Cells(rows, starts, keys[starts], (len(items), weeks))


def panel_of(sales: Sales, cells: Cells, season: Doubles, settings: PanelSettings) -> Panel:
    """Fill the panel's columns."""
    rows, starts = cells.rows, cells.starts
    lines = np.diff(np.append(starts, len(rows)))
    units = laid_out(np.add.reduceat(sales.units[rows], starts) if len(rows) else rows, cells)
    purchases = laid_out(lines, cells)
    # The median price is the shelf's; total over units would put a miscounted unit on both sides.
    middle = rows[starts + (lines - 1) // 2]
    prices = laid_out(np.log(sales.paid[middle] / sales.units[middle]), cells)
    usual_units = units.sum(axis=1) / np.maximum(purchases.sum(axis=1), 1)
    seen = purchases > 0
    if sales.discount is None:
        promotion = inferred_promotion(prices, seen, settings)
    else:
        off = discounted(sales.paid[rows], sales.discount[rows], settings)
        at_discount = np.add.reduceat(off.astype(np.float64), starts) if len(rows) else rows
        promotion = laid_out(at_discount, cells) / np.maximum(purchases, 1)
    posted = posted_shares(sales, cells, prices)
    return Panel(units / usual_units[:, None], prices, promotion, season, seen, posted)


def posted_shares(sales: Sales, cells: Cells, log_prices: Doubles) -> Doubles:
    """Share of purchases that pay the price of their week, (products,) float64, NaN where no week has two.

    The purchase that the week's price was taken from does not count.
    """
    rows, (products, weeks) = cells.rows, cells.shape
    keys = np.repeat(cells.keys, np.diff(np.append(cells.starts, len(rows))))
    away = np.abs(np.log(sales.paid[rows] / sales.units[rows]) - log_prices.flat[keys])
    pays = np.bincount(keys // weeks, away <= SAME_PRICE, products) if len(rows) else away
    lines = np.bincount(keys // weeks, minlength=products)
    others = lines - np.bincount(cells.keys // weeks, minlength=products)
    shares = np.full(products, np.nan)
    np.divide(pays - (lines - others), others, out=shares, where=others > 0)
    return shares


def laid_out(values: NDArray[np.generic], cells: Cells) -> Doubles:
    """Values of cells as (products, weeks) float64, 0 where there is no cell."""
    table = np.zeros(cells.shape)
    table.flat[cells.keys] = values
    return table


def discounted(paid: Doubles, discount: Doubles, settings: PanelSettings) -> Mask:
    """Tell which lines had enough taken off their list price, (lines,) bool."""
    return np.asarray(discount >= settings.least_discount * (paid + discount)) & (discount > 0)


def inferred_promotion(prices: Doubles, seen: Mask, settings: PanelSettings) -> Doubles:
    """1 in weeks whose price lies well below the regular one, else 0, (products, weeks) float64.

    The regular price is a high quantile of the product's own prices in the weeks around.
    """
    reach = settings.regular_weeks // 2
    padded = np.pad(
        np.where(seen, prices, np.nan), ((0, 0), (reach, reach)), constant_values=np.nan
    )
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1)
    in_order = np.sort(around, axis=2)  # NaN last
    known = np.maximum((~np.isnan(around)).sum(axis=2), 1)
    place = np.ceil(settings.regular_quantile * known).astype(np.int64) - 1
    regular = np.take_along_axis(in_order, place[:, :, None], axis=2)[:, :, 0]
    return np.where(seen & (prices <= regular + np.log1p(-settings.least_discount)), 1.0, 0.0)


def seasons(
    sales: Sales, week: Ints, items: Longs, usable: Mask, weeks: int, settings: PanelSettings
) -> Doubles:
    """Season of each product's category without itself, (products, weeks) float64, log, mean 0.

    The whole shop's week by week (holidays), times the category's slow share of it.
    """
    names, codes = np.unique(np.array(sales.categories, object).astype(str), return_inverse=True)
    rows_week, rows_item = week[usable], sales.items[usable]
    belongs = np.isin(rows_item, items)
    own = counted(np.searchsorted(items, rows_item[belongs]), rows_week[belongs], len(items), weeks)
    by_category = counted(codes[rows_item], rows_week, len(names), weeks)
    shop = by_category.sum(axis=0, keepdims=True)
    others = smoothed(by_category[codes[items]] - own, settings.season_weeks)
    whole = smoothed(shop, settings.season_weeks)
    # In a product without a category, "the others" are all others without one: the prior decides.
    share = (others + settings.season_prior * whole / np.maximum(whole.mean(), 1)) / np.maximum(
        whole, 1
    )
    index = np.log(np.maximum(share, np.finfo(np.float64).tiny)) + np.log(np.maximum(shop, 1))
    return np.asarray(index - index.mean(axis=1, keepdims=True))


def counted(groups: NDArray[np.integer], week: Ints, count: int, weeks: int) -> Doubles:
    """Lines of each group in each week, (groups, weeks) float64."""
    cells = groups.astype(np.int64) * weeks + week
    return np.bincount(cells, minlength=count * weeks).reshape(count, weeks).astype(np.float64)


def smoothed(values: Doubles, weeks: int) -> Doubles:
    """Mean over a centred window, shorter at the ends, (groups, weeks) float64."""
    reach = weeks // 2
    padded = np.pad(values, ((0, 0), (reach + 1, reach)))
    sums = np.cumsum(padded, axis=1)
    width = 2 * reach + 1
    inside = np.minimum(np.arange(values.shape[1]) + reach + 1, values.shape[1])
    inside = inside - np.maximum(np.arange(values.shape[1]) - reach, 0)
    return np.asarray((sums[:, width:] - sums[:, :-width]) / inside)
