"""Why a product is shown: facts of the shopper's own purchases first, then what scored most."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from services.gateway.peers import Candidates, Profile, Ranked

MIN_SHARE = 0.2
"""Share of the level-1 score from which a source is worth naming."""


class Why(IntEnum):
    """Kind of a reason; numbered as ReasonKind in the proto."""

    DUE = 1
    BOUGHT_BEFORE = 2
    BECAUSE_YOU_BOUGHT = 3
    GOES_WITH_CONTEXT = 4
    SHOPPERS_LIKE_YOU = 5
    POPULAR = 6
    BACKFILL = 7
    BECAUSE_YOU_VIEWED = 8


class Reason(NamedTuple):
    """One reason, with what it hangs on."""

    why: Why
    text: str
    anchor: str = ""
    """Product id, for BECAUSE_YOU_BOUGHT, GOES_WITH_CONTEXT and BECAUSE_YOU_VIEWED."""
    cycle_days: float = 0.0
    days_since: int = 0


class Anchor(NamedTuple):
    """The product to which a candidate's item-CF score is owed most."""

    product_id: str
    """Empty when there is none."""
    why: Why
    """Says where it comes from."""


Signals = tuple[tuple[Why, Sequence[str]], ...]
"""Products that anchors count through, list by list, with the kind of reason that each list gives."""
NO_ANCHOR = Anchor("", Why.BECAUSE_YOU_BOUGHT)
GOES_WITH = {
    Why.BECAUSE_YOU_BOUGHT: "because you bought",
    Why.GOES_WITH_CONTEXT: "goes with",
    Why.BECAUSE_YOU_VIEWED: "because you looked at",
}
"""How an anchor is introduced."""
POPULAR = Reason(Why.POPULAR, "popular now")
SHOPPERS_LIKE_YOU = Reason(Why.SHOPPERS_LIKE_YOU, "shoppers like you take it")
BACKFILL = Reason(Why.BACKFILL, "fills the page")


def reasons_of(product: Ranked, bought: bool, anchor: Anchor) -> list[Reason]:
    """Explain one result, strongest reason first; there is always one.

    Args:
        product: the result, with its breakdown.
        bought: whether the shopper bought it before.
        anchor: what its item-CF score hangs on.
    """
    reasons = [BACKFILL] if fills_page(product) else []
    if product.due:
        reasons.append(due(product.cycle_days, product.days_since))
    elif bought:
        reasons.append(bought_before(product.days_since))
    reasons += by_share(product, anchor)
    if product.breakdown.learned > 0 and not bought:
        reasons.append(goes_with(anchor) if anchor.product_id else SHOPPERS_LIKE_YOU)
    return reasons or [SHOPPERS_LIKE_YOU]


def fills_page(product: Ranked) -> bool:
    """Tell whether a result is there for want of others: a rule left it out, or nothing speaks for it."""
    return product.backfilled or product.score <= 0


def by_share(product: Ranked, anchor: Anchor) -> list[Reason]:
    """Reasons for the sources that scored, the largest part first."""
    parts = product.breakdown
    als, item_cf, popularity = parts.als, parts.item_cf, parts.popularity
    least = MIN_SHARE * (als + item_cf + popularity + parts.history)
    shares = []
    if als > 0 and als >= least:
        shares.append((als, SHOPPERS_LIKE_YOU))
    if item_cf > 0 and item_cf >= least and anchor.product_id:
        shares.append((item_cf, goes_with(anchor)))
    if popularity > 0 and popularity >= least:
        shares.append((popularity, POPULAR))
    shares.sort(key=lambda share: -share[0])
    return [reason for _, reason in shares]


def goes_with(anchor: Anchor) -> Reason:
    """Explain by the product that others buy it with."""
    product_id, why = anchor
    return Reason(why, f"{GOES_WITH[why]} {product_id}", anchor=product_id)


def due(cycle_days: float, days_since: int) -> Reason:
    """Explain by a repurchase cycle that has passed."""
    text = f"due: every {days(round(cycle_days))}, last {days(days_since)} ago"
    return Reason(Why.DUE, text, cycle_days=cycle_days, days_since=days_since)


def bought_before(days_since: int) -> Reason:
    """Explain by an earlier purchase."""
    text = f"bought before, last {days(days_since)} ago"
    return Reason(Why.BOUGHT_BEFORE, text, days_since=days_since)


def days(count: int) -> str:
    """Spell a number of days."""
    return f"{count} day" if count == 1 else f"{count} days"


def bought(candidates: Candidates, position: int) -> bool:
    """Tell whether the shopper bought a candidate before."""
    return bool(entry(candidates.purchase_counts, position))


def entry(column: Sequence[Any], position: int) -> Any:
    """Read one entry of a column that is empty when all of it is zero."""
    return column[position] if column else 0


def signals_of(profile: Profile, context: Sequence[str]) -> Signals:
    """List what anchors point into: purchases, then context, then cart, then views."""
    return (
        (Why.BECAUSE_YOU_BOUGHT, profile.product_ids),
        (Why.GOES_WITH_CONTEXT, context),
        (Why.GOES_WITH_CONTEXT, profile.cart_product_ids),
        (Why.BECAUSE_YOU_VIEWED, profile.viewed_product_ids),
    )


def anchor_of(candidates: Candidates, position: int, signals: Signals) -> Anchor:
    """Find the product that a candidate's item-CF score hangs on most."""
    anchor = candidates.anchors[position] if candidates.anchors else -1
    if anchor < 0:
        return NO_ANCHOR
    for why, product_ids in signals:
        if anchor < len(product_ids):
            return Anchor(product_ids[anchor], why)
        anchor -= len(product_ids)
    return NO_ANCHOR
