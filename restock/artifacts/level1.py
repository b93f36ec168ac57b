"""A model version's arrays made ready for level 1, for the service and for those who judge what it serves."""

import numpy as np

from restock.artifacts.bundle import Retrieval
from restock.artifacts.index import build_index
from restock.core import als, item_cf
from restock.core.arrays import Floats
from restock.core.catalogue import Catalogue
from restock.core.learned.item_table import ItemTable
from restock.core.learned.ranker import Ranker
from restock.core.popularity import most_popular
from restock.core.request import Level1
from restock.tuning_config import TuningConfig


def level1_of(
    catalogue: Catalogue,
    retrieval: Retrieval,
    tuning: TuningConfig,
    table: ItemTable | None = None,
    ranker: Ranker | None = None,
) -> Level1:
    """Build the index and what all requests share.

    Args:
        catalogue: item facts.
        retrieval: arrays of the same items.
        tuning: ``als_regularization``, as the arrays were learned with.
        table: item facts for the ranker.
        ranker: learned on the same items.
    """
    popular = most_popular(catalogue.popularity)
    newcomer = affordable_popularity(catalogue)
    return Level1(
        catalogue=catalogue,
        item_factors=retrieval.item_factors,
        gram=als.gramian(retrieval.item_factors, tuning.als_regularization),
        index=build_index(retrieval.item_factors, retrieval.index),
        neighbours=retrieval.neighbours,
        neighbour_weights=retrieval.neighbour_weights,
        popular_rows=popular,
        newcomer_rows=popular[most_popular(newcomer[popular])],
        newcomer_popularity=newcomer,
        workspace=item_cf.Workspace(len(catalogue)),
        table=table,
        ranker=ranker,
    )


def affordable_popularity(catalogue: Catalogue) -> Floats:
    """Popularity, 0 above the median price or where a price is unknown; all where no price is known."""
    if not catalogue.median_price > 0:
        return catalogue.popularity
    affordable = catalogue.price <= catalogue.median_price
    return np.where(affordable, catalogue.popularity, np.float32(0))
