"""Data quality: what was left out and why, what was kept, and which prices look wrong."""

from dataclasses import dataclass
from typing import Any

from restock.tuning_config import TuningConfig
from trainer.analysis.price_variance import (
    PriceVariance,
    Verdict,
    VerdictSettings,
    price_variances,
)
from trainer.analysis.sales import Sales

REASONS = {
    "returns": "returns and refunds (negative units or amount)",
    "zero_quantity": "no units",
    "duplicates": "exact duplicates",
    "unknown_product": "products without a record",
    "excluded": "products not to be recommended",
    "forgotten": "users deleted later",
    "returned": "order lines that came back whole",
}
"""What `DataQuality` counts as left out, and how people call it."""
EXAMPLES = 5
"""Products shown of each verdict."""


@dataclass(frozen=True)
class DataQualitySection:
    """The section on data quality."""

    measured_on: str
    """`files` where the files were read again, `version` where the version's own report is told."""
    raw_rows: int
    """Rows read."""
    removed: dict[str, int]
    """Rows left out, by reason."""
    removed_rows: int
    """All of them."""
    kept_rows: int
    """Rows learned from."""
    retention: float
    """Share of rows kept."""
    zero_price_kept: int
    """Rows kept that cost nothing: they say what is bought together."""
    price_variance_ratio: float
    """Highest over lowest unit price from which a product is flagged."""
    discounts_recorded: bool
    """Whether a column says what was taken off."""
    verdicts: dict[str, int]
    """Flagged products by verdict."""
    flagged: tuple[PriceVariance, ...]
    """All of them with their evidence, the widest ratio first."""

    def of_verdict(self, name: str) -> list[PriceVariance]:
        """Give examples of a verdict, the widest first."""
        return [found for found in self.flagged if found.verdict == name][:EXAMPLES]


def data_quality(
    counts: dict[str, Any], measured_on: str, sales: Sales, tuning: TuningConfig
) -> DataQualitySection:
    """Tell the counts of one cleaning, and judge the flagged prices.

    Args:
        counts: of `DataQuality.as_dict`.
        measured_on: `files` or `version`.
        sales: purchase lines after the same cleaning.
        tuning: ``price_variance_ratio``.
    """
    removed = {reason: int(counts.get(reason, 0)) for reason in REASONS}
    flagged = price_variances(sales, tuning, VerdictSettings())
    verdicts = [found.verdict for found in flagged]
    return DataQualitySection(
        measured_on=measured_on,
        raw_rows=counts.get("raw_rows", len(sales)),
        removed=removed,
        removed_rows=sum(removed.values()),
        kept_rows=counts.get("kept_rows", len(sales)),
        retention=counts.get("retention", 1.0),
        zero_price_kept=counts.get("zero_price_kept", int((sales.paid == 0).sum())),
        price_variance_ratio=tuning.price_variance_ratio,
        discounts_recorded=sales.discount is not None,
        verdicts={verdict.value: verdicts.count(verdict) for verdict in Verdict},
        flagged=tuple(flagged),
    )
