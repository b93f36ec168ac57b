"""A bundle made ready for level 2."""

from dataclasses import dataclass

import numpy as np

from restock.artifacts.bundle import Bundle
from restock.core.catalogue import Catalogue, FilterMasks
from restock.core.rerank import RankQuery, rerank
from restock.errors import BundleCorrupt
from restock.tuning_config import TuningConfig

SELF_QUERY_ITEMS = 3


@dataclass(frozen=True, eq=False)
class RankModel:
    """What one model version ranks with."""

    catalogue: Catalogue
    """Item facts."""
    tuning: TuningConfig
    """The version's knobs."""
    masks: FilterMasks
    """Rows that pass a filter."""


def build(bundle: Bundle) -> RankModel:
    """Make a bundle ready, and rank once before anyone else asks.

    Raises:
        BundleCorrupt: the model does not rank its own items.
    """
    catalogue = bundle.catalogue
    rows = np.arange(min(SELF_QUERY_ITEMS, len(catalogue)))
    ones = np.ones(len(rows), np.float32)
    day = bundle.manifest.trained_through_day
    query = RankQuery(
        rows=rows, scores=ones, purchase_counts=ones, first_days=ones * day, last_days=ones * day,
        average_price=1.0, spend_per_day=1.0, page_size=len(rows), as_of_day=day + 1, mask=None,
        tuning=bundle.tuning,
    )  # fmt: skip
    if not len(rows) or not np.isfinite(rerank(query, catalogue).scores).all():
        raise BundleCorrupt(f"model version {bundle.version} does not answer its own query")
    return RankModel(catalogue, bundle.tuning, FilterMasks(catalogue))
