"""The business rules of the seed document, over dense scores: what each costs, apart from serving.

They follow the document to the letter: cycles and prices are not shrunk, and nothing comes back to fill a
page. The rules that serve are in `restock.core.rerank`, and `served` judges those.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from restock.core.arrays import Longs
from trainer.catalogue import unit_prices
from trainer.cycles import purchase_gaps
from trainer.evaluation.methods.method import Scores
from trainer.evaluation.past import Past
from trainer.medians import group_medians

Rule = Callable[[Scores, Longs], None]
"""Changes scores, (users, catalogue) at least 0, of these users in place."""
RULE_NAMES = (
    "leave out below half a cycle",
    "15% for what is due",
    "soft price penalty",
    "hard price limit",
    "upsell",
    "all rules",
)
"""What the tables call each rule, and all of them."""


@dataclass(frozen=True, eq=False)
class SeedRules:
    """Every rule with what it must know of a past."""

    past: Past
    """What was learned from."""
    recent_cycle_share: float = 0.5
    """Share of its cycle within which a bought product is left out."""
    due_boost: float = 0.15
    """What a product gains once its cycle has passed."""
    least_item_gaps: int = 5
    """Gaps from which an item has a cycle of its own."""
    soft_price_ratio: float = 1.5
    """Item price over the household's mean from which the penalty sets in."""
    max_price_ratio: float = 2.0
    """The same from which a product is left out, and which caps the upsell."""
    upsell_gain: float = 0.1 * 0.2
    """Upsell factor times price boost weight."""

    def chains(self) -> dict[str, tuple[Rule, ...]]:
        """Rules alone and all together, in the order of `RULE_NAMES`."""
        rules = (
            self.leave_out_recent,
            self.boost_due,
            self.penalise_price,
            self.leave_out_dear,
            self.upsell,
        )
        chains = (*((rule,) for rule in rules), rules)
        return dict(zip(RULE_NAMES, chains, strict=True))

    @cached_property
    def cycle_shares(self) -> sparse.csr_matrix:
        """Days since each pair's last purchase over its cycle, (users, catalogue); no entry for no cycle.

        The cycle is the pair's mean gap, or else the item's median gap where it has enough of them.
        """
        profiles = self.past.profiles
        last, first = profiles.last_days.astype(np.int64), profiles.first_days.astype(np.int64)
        counts = profiles.purchase_counts.astype(np.int64)
        items, gaps = purchase_gaps(self.past.purchases)
        medians, sizes = group_medians(
            items, gaps.astype(np.float64), len(self.past.purchases.item_ids)
        )
        of_item = np.where(sizes >= self.least_item_gaps, medians, np.nan)[profiles.item_rows]
        own = (last - first) / np.maximum(counts - 1, 1)
        shares = (self.past.day - last) / np.where(counts > 1, own, of_item)
        known = ~np.isnan(shares) & (profiles.item_rows < self.past.catalogue_items)
        users = np.repeat(np.arange(len(profiles.user_ids)), np.diff(profiles.starts))
        shape = (len(profiles.user_ids), self.past.catalogue_items)
        places = (users[known], profiles.item_rows[known])
        return sparse.csr_matrix((shares[known], places), shape=shape)

    @cached_property
    def prices(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Households' mean unit price, (users,), and items' median one, (catalogue,); NaN for unknown."""
        purchases = self.past.purchases
        paid = purchases.spend_milli / purchases.units_milli
        sums, counts = np.bincount(purchases.users, paid), np.bincount(purchases.users)
        means = np.where(sums > 0, sums / counts, np.nan)
        medians, _ = unit_prices(purchases)
        return means, medians[: self.past.catalogue_items].astype(np.float64)

    def ratios(self, users: Longs) -> NDArray[np.float32]:
        """Item price over the household's mean, (users, catalogue) float32, NaN for unknown."""
        means, medians = self.prices
        return np.asarray(medians.astype(np.float32) / means[users].astype(np.float32)[:, None])

    def leave_out_recent(self, scores: Scores, users: Longs) -> None:
        """Leave out what was bought within half its cycle."""
        shares = self.cycle_shares[users].tocoo()
        recent = shares.data < self.recent_cycle_share
        scores[shares.row[recent], shares.col[recent]] = -np.inf

    def boost_due(self, scores: Scores, users: Longs) -> None:
        """Add 15% to what was bought a whole cycle ago or more."""
        shares = self.cycle_shares[users].tocoo()
        due = shares.data >= 1
        scores[shares.row[due], shares.col[due]] *= 1 + self.due_boost

    def penalise_price(self, scores: Scores, users: Longs) -> None:
        """Multiply by 1.5 over the price ratio where that is above 1.5."""
        ratios = self.ratios(users)
        dear = ratios > self.soft_price_ratio
        scores[dear] *= self.soft_price_ratio / ratios[dear]

    def leave_out_dear(self, scores: Scores, users: Longs) -> None:
        """Leave out what costs more than twice the household's mean."""
        scores[self.ratios(users) > self.max_price_ratio] = -np.inf

    def upsell(self, scores: Scores, users: Longs) -> None:
        """Add up to 4% by price ratio."""
        scores *= 1 + self.upsell_gain * np.fmin(
            np.nan_to_num(self.ratios(users)), self.max_price_ratio
        )
