"""Products whose prices lie far apart: whether by promotion, another pack or unit, or an error."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Longs, Mask
from restock.core.signals import MILLI
from restock.tuning_config import TuningConfig
from trainer.analysis.sales import Sales
from trainer.quality import price_spans

Doubles = NDArray[np.float64]


class Verdict(StrEnum):
    """What the far prices of a product look like."""

    PROMOTION = "promotion"
    PACK_OR_UNIT_CHANGE = "pack_or_unit_change"
    """Or sold by weight, or in several sizes under one id."""
    ERROR = "error"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class VerdictSettings:
    """What the verdicts go by."""

    explained_share: float = 0.8
    """Share of far rows whose list price is usual, or which share one price, for a promotion."""
    isolated_rows: int = 2
    """Far rows that no discount explains, up to which they are errors."""
    lasting_rows: int = 5
    """Unexplained far rows from which they are no accident."""
    lasting_days: int = 28
    """Days from the first to the last of them, from which a price is a lasting one."""
    priced_singly: float = 0.2
    """Different prices over rows from which a product is weighed, or of several sizes, under one id."""
    buyers: int = 3
    """Households that must have paid it, for a promotion or another pack."""


@dataclass(frozen=True)
class PriceVariance:
    """One product, its verdict, and the evidence for it."""

    item_id: str
    """The product."""
    name: str
    """Its name, empty where unknown."""
    verdict: Verdict
    """What its far prices look like."""
    lowest: float
    """Lowest unit price above 0, in the shop's currency."""
    usual: float
    """Median unit price."""
    highest: float
    """Highest unit price."""
    rows: int
    """Rows with a price."""
    far_rows: int
    """Rows whose price is at least the square root of ``price_variance_ratio`` times the usual price, or
    at most one over that."""
    discounted_rows: int
    """Far rows with a recorded discount."""
    explained_rows: int
    """Far rows whose price before the discount is not far."""
    households: int
    """Who paid the far prices that no discount explains; all far ones where every one is explained."""
    days: int | None
    """From the first to the last of those rows, both counted; None without dates."""
    common_price: float
    """The most frequent price among them."""
    common_rows: int
    """Rows at it."""
    prices: int
    """Different unit prices, to the cent, over all rows."""


def price_variances(
    sales: Sales, tuning: TuningConfig, settings: VerdictSettings
) -> list[PriceVariance]:
    """Judge every product that the data-quality report flags, the widest ratio first."""
    spans = price_spans(
        sales.items,
        np.rint(sales.units * MILLI).astype(np.int64),
        np.rint(sales.paid * MILLI).astype(np.int64),
        sales.item_ids,
        tuning,
    )
    place = {item: code for code, item in enumerate(sales.item_ids)}
    flagged = np.array([place[span.item_id] for span in spans], np.int64)
    priced = np.flatnonzero((sales.paid > 0) & np.isin(sales.items, flagged))
    order = priced[np.argsort(sales.items[priced], kind="stable")]
    starts = np.searchsorted(sales.items[order], flagged, side="left")
    ends = np.searchsorted(sales.items[order], flagged, side="right")
    far = float(np.sqrt(tuning.price_variance_ratio))
    return [
        judged(sales, order[start:end], far, settings)
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]


def judged(sales: Sales, rows: Longs, far: float, settings: VerdictSettings) -> PriceVariance:
    """Gather the evidence on one product's rows, and judge it.

    Args:
        sales: all lines.
        rows: (lines,) int64: those of the product that have a price.
        far: times the usual price, or one over that, from which a price is far.
        settings: what the verdict goes by.
    """
    discount = np.zeros(len(rows)) if sales.discount is None else sales.discount[rows]
    prices = sales.paid[rows] / sales.units[rows]
    listed = (sales.paid[rows] + discount) / sales.units[rows]
    away = far_from(prices, far)
    explained = away & (discount > 0) & ~far_from(listed, far)
    left = rows[away & ~explained] if (away & ~explained).any() else rows[away]
    cents, times = np.unique(np.round(sales.paid[left] / sales.units[left], 2), return_counts=True)
    item = int(sales.items[rows[0]])
    found = {
        "far_rows": int(away.sum()),
        "explained_rows": int(explained.sum()),
        "households": len(np.unique(sales.users[left])),
        "common_rows": int(times.max()),
        "rows": len(rows),
        "prices": len(np.unique(np.round(prices, 2))),
    }
    days = int(np.ptp(sales.days[left])) + 1 if sales.dated else None
    dips = sales.discount is None and not (away & (prices > np.median(prices))).any()
    return PriceVariance(
        item_id=sales.item_ids[item],
        name=sales.names[item],
        verdict=verdict_on(**found, days=days, only_dips=dips, settings=settings),
        lowest=round(float(prices.min()), 4),
        usual=round(float(np.median(prices)), 4),
        highest=round(float(prices.max()), 4),
        discounted_rows=int((away & (discount > 0)).sum()),
        common_price=float(cents[np.argmax(times)]),
        days=days,
        **found,
    )


def far_from(prices: Doubles, far: float) -> Mask:
    """Tell which prices are far from their median, (prices,) bool."""
    ratios = prices / np.median(prices)
    return np.asarray((ratios >= far) | (ratios <= 1 / far))


def verdict_on(
    far_rows: int,
    explained_rows: int,
    households: int,
    days: int | None,
    common_rows: int,
    rows: int,
    prices: int,
    only_dips: bool,
    settings: VerdictSettings,
) -> Verdict:
    """Judge by the first rule that fits, as docs/report.md lists them.

    Args:
        far_rows: rows with a far price.
        explained_rows: those that a recorded discount explains.
        households: who paid the others.
        days: from the first to the last of the others; None without dates: no rule that asks for them fits.
        common_rows: rows at the most frequent price of the others.
        rows: all rows with a price.
        prices: different prices among them.
        only_dips: no discounts are recorded, and every far price is a low one.
        settings: the bounds.
    """
    unexplained = far_rows - explained_rows
    several = households >= settings.buyers
    if explained_rows >= settings.explained_share * far_rows:
        return Verdict.PROMOTION
    if unexplained <= settings.isolated_rows:
        return Verdict.ERROR
    short = days is not None and days <= settings.lasting_days
    if only_dips and several and short and common_rows >= settings.explained_share * far_rows:
        return Verdict.PROMOTION
    weighed = prices >= settings.priced_singly * rows
    lasting = days is not None and days > settings.lasting_days
    if weighed or (unexplained >= settings.lasting_rows and several and lasting):
        return Verdict.PACK_OR_UNIT_CHANGE
    return Verdict.UNCLEAR
