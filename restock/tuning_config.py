"""Every knob of Restock in one place: what it does, its unit, its range and why it has its default.

The values come from the seed document unless a field says "measured" (`restock evaluate`, see
docs/quality.md), "studied" (on Complete Journey, before there was this code) or "ours".
A TOML file may set any of them::

    upsell_factor = 0.3
    max_per_category = 1
"""

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from restock.errors import InvalidTuning

N = TypeVar("N", int, float)


def knob(default: N, low: N, high: N) -> N:
    """Declare a field with its default and the closed range it may be set in."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high})


BLEND_WEIGHTS = ("als_weight", "item_cf_weight", "popularity_weight", "history_weight")
"""Knobs that weigh HYBRID's sources."""


@dataclasses.dataclass(frozen=True, slots=True)
class TuningConfig:
    """A complete setting of all knobs. Immutable; `changed` makes another.

    Raises:
        InvalidTuning: a value is not a finite number of the field's type inside its range.
    """

    # What a purchase says ---------------------------------------------------------------------
    spending_weight: float = knob(0.5, 0.0, 1.0)
    """Weight of the spending ratio (item price over the user's average price) in a strength."""
    quantity_weight: float = knob(0.5, 0.0, 1.0)
    """Weight of the quantity ratio (units over the item's average quantity) in a strength."""
    min_strength: float = knob(0.1, 0.0, 5.0)
    """Floor of one purchase's strength."""
    max_strength: float = knob(5.0, 0.1, 100.0)
    """Cap of one purchase's strength."""
    context_strength: float = knob(10.0, 0.0, 100.0)
    """Strength of a product in the request's context or in the cart: what is looked at now says as much
    as a staple bought a dozen times (ours)."""
    view_weight: float = knob(0.3, 0.0, 100.0)
    """Strength of a product that was looked at, for `view_days`; 0 leaves views out. Less than half of an
    average purchase, which has log(2) = 0.69: looking is not buying (ours)."""
    view_days: int = knob(7, 0, 365)
    """Age in days up to which a view counts: about one shopping cycle. 0 is the day itself only
    (ours)."""

    # Level 1: ALS -----------------------------------------------------------------------------
    als_factors: int = knob(64, 2, 512)
    """Length of a factor vector."""
    als_regularization: float = knob(20.0, 0.0, 1000.0)
    """L2 regularisation (studied: best of 0.05, 5, 20, 50, 100)."""
    als_alpha: float = knob(1.0, 0.001, 100.0)
    """Confidence is alpha times strength (studied: 40, as in Hu et al., ruins it)."""
    als_iterations: int = knob(15, 1, 200)
    """Alternations of the fit."""
    seed: int = knob(0, 0, 2**31 - 1)
    """Seed of the random start; the same seed and data give the same bundle, byte for byte."""

    # Level 1: item-CF -------------------------------------------------------------------------
    item_cf_neighbours: int = knob(100, 1, 1000)
    """Neighbours kept for each item."""
    item_cf_shrinkage: float = knob(10.0, 0.0, 10_000.0)
    """Added to the denominator of the cosine: chance pairs of rare items lose (measured: ADR
    0004)."""
    item_cf_history: int = knob(50, 1, 10_000)
    """Strongest history items whose neighbours are added up when serving (measured: 50 to 400 give the
    same recall@10)."""

    # Level 1: popularity ----------------------------------------------------------------------
    popularity_half_life_days: float = knob(28.0, 1.0, 3650.0)
    """Age at which a purchase counts half."""
    popularity_buyer_weight: float = knob(0.5, 0.0, 1.0)
    """Share of unique buyers in popularity; the rest is purchase count."""

    # Level 1: the shopper's own past ----------------------------------------------------------
    history_half_life_days: float = knob(60.0, 1.0, 3650.0)
    """Time since the last purchase at which own frequency counts half (studied)."""
    history_candidates: int = knob(100, 0, 1000)
    """Own past products that always become candidates, most frequent and recent first."""

    # Level 1: blend ---------------------------------------------------------------------------
    als_weight: float = knob(0.4, 0.0, 1.0)
    """HYBRID's weight of ALS."""
    item_cf_weight: float = knob(0.4, 0.0, 1.0)
    """HYBRID's weight of item-CF."""
    popularity_weight: float = knob(0.2, 0.0, 1.0)
    """HYBRID's weight of popularity."""
    history_weight: float = knob(0.0, 0.0, 1.0)
    """HYBRID's weight of the shopper's own purchase frequency. The seed has none; see
    docs/quality.md for what it brings."""
    fit_hybrid_weights: int = knob(0, 0, 1)
    """1 lets a training fit the four weights to its data, where that does better on weeks that it has not
    seen (needs `learned_windows`; what it brings: docs/quality.md). 0 is the seed's way."""
    source_candidates: int = knob(100, 1, 1000)
    """Best items that each source proposes (measured: 60 to 300 give the same recall@10)."""
    candidate_count: int = knob(200, 1, 1000)
    """Candidates that level 1 hands to level 2 (measured: 100 to 300 give the same recall@10, with
    and without the re-rank rules)."""
    learned_history: int = knob(200, 0, 1000)
    """Own past products that become candidates of LEARNED (studied)."""
    learned_affinity: int = knob(60, 0, 1000)
    """New products of the kinds that a shopper buys which become candidates of LEARNED (studied)."""
    learned_novelties: int = knob(40, 0, 200)
    """Products with the most new buyers that become candidates of LEARNED (studied)."""
    variant_novelty: float = knob(0.5, 0.0, 1.0)
    """A request's novelty from which another size or flavour of what was bought is not new (ours)."""
    learned_windows: int = knob(4, 0, 52)
    """Windows of 28 days before the last training day that the ranker learns from; below 2 none is
    learned (studied: two lose .0017 of recall@10)."""
    learned_least_shoppers: int = knob(100, 1, 1_000_000)
    """Shoppers that a window must have to be learned from (ours)."""
    learned_cut_short: float = knob(0.1, 0.0, 1.0)
    """Share of the shoppers in a window of whose history only the last 1 to 4 shopping days are shown to
    the ranker (studied: recall@10 after one shopping day rises by 5%, other shoppers' stays)."""
    index_recall_floor: float = knob(0.995, 0.0, 1.0)
    """Recall that an approximate index must reach when the bundle is built to be chosen."""

    # Level 2: price ---------------------------------------------------------------------------
    soft_price_ratio: float = knob(1.5, 1.0, 100.0)
    """Price over the shopper's average price from which the soft penalty sets in."""
    max_price_ratio: float = knob(2.0, 1.0, 100.0)
    """Price over the shopper's average price above which a product is left out."""

    # Level 2: repurchase ----------------------------------------------------------------------
    recent_cycle_share: float = knob(0.5, 0.0, 1.0)
    """Share of its cycle within which a bought product is left out."""
    due_boost: float = knob(0.15, 0.0, 1.0)
    """What a product gains once its cycle has passed."""
    cycle_rules_on_learned: int = knob(0, 0, 1)
    """1 lets the two rules above change LEARNED's scores too, which know the time since the last purchase
    (ours; what the rules cost: docs/quality.md)."""
    lapsed_cycles: float = knob(4.0, 1.0, 1000.0)
    """Cycles without a purchase after which a product counts as given up, not as due (ours)."""
    cycle_prior_gaps: float = knob(2.0, 0.0, 100.0)
    """Gaps of evidence that the item's own cycle is worth against the shopper's (ours)."""
    item_cycle_prior_gaps: float = knob(5.0, 0.0, 100.0)
    """Gaps of evidence that the category's cycle is worth against the item's (ours)."""

    # Replenishment ----------------------------------------------------------------------------
    replenishment_due_probability: float = knob(0.2, 0.0, 1.0)
    """Chance of a purchase within the horizon from which a product is said to be due (measured: at 7 days
    it claims about as many products as the shopper's mean gap would; docs/replenishment.md)."""
    replenishment_least_gaps: int = knob(1, 0, 100)
    """Own gaps between purchases below which a product's state is INSUFFICIENT_DATA (measured: of what was
    bought once, 1% is bought in a week, and never a fifth of any group that the model can tell)."""
    least_quantity_elasticity: float = knob(0.0, 0.0, 1.0)
    """Floor of the fitted exponent by which more units than usual last longer; 1 is "twice the milk lasts
    twice as long". The data say 0.13, and the rule makes due days worse (measured: docs/replenishment.md)."""
    replenishment_windows: int = knob(3, 0, 52)
    """Windows of 28 days before the last training day that timing is learned from; 0 keeps the built-in
    coefficients (measured: one to three give the same)."""
    replenishment_regularization: float = knob(10.0, 0.0, 1_000_000.0)
    """Pull towards the built-in coefficients, as 1 / variance of a coefficient around them; only a small
    shop feels it (ours)."""

    # Level 2: segments ------------------------------------------------------------------------
    segment_floor: float = knob(0.7, 0.0, 1.0)
    """Lowest factor for a product that the shopper's segment does not buy (ours)."""
    segment_prior_buyers: float = knob(20.0, 0.0, 10_000.0)
    """Buyers of evidence that "all segments buy it alike" is worth (ours)."""

    # Level 2: upsell --------------------------------------------------------------------------
    upsell_factor: float = knob(0.1, 0.0, 1.0)
    """0 no upsell, 1 most."""
    price_boost_weight: float = knob(0.2, 0.0, 1.0)
    """Weight of the price in the upsell."""

    # Level 2: the page ------------------------------------------------------------------------
    max_per_category: int = knob(2, 1, 100)
    """Products of one category in every five answered (ours: no five kinds of the same milk)."""

    # Data quality -----------------------------------------------------------------------------
    price_variance_ratio: float = knob(10.0, 1.0, 1_000_000.0)
    """Highest over lowest unit price of an item from which it is flagged ($1.99 to $40 is 20)."""

    def __post_init__(self) -> None:
        """Check every field against its declared range."""
        for field in dataclasses.fields(self):
            check(field, getattr(self, field.name))
        if self.min_strength > self.max_strength:
            allowed = f"at least min_strength ({self.min_strength}), not {self.max_strength}"
            raise InvalidTuning("tuning.max_strength", allowed)

    def changed(self, changes: Mapping[str, Any]) -> "TuningConfig":
        """Return this setting with some knobs changed; the unchanged object when none are.

        Raises:
            InvalidTuning: a knob is unknown or its value not allowed.
        """
        if not changes:
            return self
        known = {field.name for field in dataclasses.fields(self)}
        for name in changes:
            if name not in known:
                raise InvalidTuning(
                    f"tuning.{name}", f"no such knob; known: {', '.join(sorted(known))}"
                )
        return dataclasses.replace(self, **changes)

    def revision(self) -> str:
        """Name this setting: the first 12 hex digits of the SHA-256 of its values."""
        values = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(values.encode()).hexdigest()[:12]


def check(field: "dataclasses.Field[Any]", value: object) -> None:
    """Refuse a value that is not a finite number of the field's type inside its range.

    Raises:
        InvalidTuning: names ``tuning.<field>`` and the range.
    """
    low, high = field.metadata["low"], field.metadata["high"]
    kinds = (int,) if isinstance(field.default, int) else (int, float)
    fits = (
        isinstance(value, kinds)
        and not isinstance(value, bool)
        and low <= cast(float, value) <= high
    )
    if not fits:
        kind = "a whole number" if kinds == (int,) else "a number"
        raise InvalidTuning(f"tuning.{field.name}", f"{kind} from {low} to {high}, not {value!r}")


def read_changes(path: Path) -> dict[str, Any]:
    """Read the knobs that a TOML file sets.

    Raises:
        InvalidTuning: the file cannot be read or is not TOML, or sets a knob that is unknown or not allowed.
    """
    try:
        changes = tomllib.loads(path.read_text())
    except OSError as error:
        raise InvalidTuning("tuning", f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidTuning("tuning", f"{path} is not a TOML file: {error}") from error
    TuningConfig().changed(changes)
    return changes
