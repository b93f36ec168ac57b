"""Everything that a model version is, learned from clean purchases."""

import dataclasses
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from restock.artifacts.bundle import Retrieval
from restock.artifacts.index import choose_index
from restock.artifacts.store import Draft
from restock.core.catalogue import Catalogue
from restock.tuning_config import TuningConfig
from trainer.catalogue import item_facts
from trainer.fit_als import fit_als
from trainer.fit_item_cf import BLOCK_ITEMS, fit_item_cf
from trainer.learned.learn import learn
from trainer.profiles import profile_table
from trainer.progress import Progress
from trainer.purchases import Purchases
from trainer.quality import DataQuality
from trainer.read import Products
from trainer.strengths import strength_matrix


def fit(
    purchases: Purchases,
    products: Products,
    quality: DataQuality,
    tuning: TuningConfig,
    progress: Progress,
) -> Draft:
    """Learn a model version. The same arguments give the same arrays, bit for bit."""
    with progress.stage("Profiles and item facts"):
        profiles = profile_table(purchases)
        catalogue = item_facts(purchases, profiles, products, tuning)
        strengths = strength_matrix(profiles, catalogue.average_units, tuning)
    retrieval = fit_retrieval(strengths, tuning, progress)
    tomorrow = int(purchases.days.max()) + 1
    learned = learn(purchases, products, tuning, progress, tomorrow)
    manifest = manifest_fields(purchases, catalogue, retrieval, quality, tuning)
    manifest["ranker"] = learned.facts
    return Draft(manifest, catalogue, retrieval, profiles, learned.table, learned.ranker)


def fit_retrieval(
    strengths: sparse.csr_matrix, tuning: TuningConfig, progress: Progress
) -> Retrieval:
    """Learn level 1's arrays from the strength matrix, (users, items) float32."""
    with progress.stage("ALS", tuning.als_iterations) as iterated:
        user_factors, item_factors = fit_als(strengths, tuning, iterated)
    blocks = -(-strengths.shape[1] // BLOCK_ITEMS)
    with progress.stage("Item-CF", blocks) as added:
        neighbours, weights = fit_item_cf(strengths, tuning, added)
    with progress.stage("Index"), threadpool_limits(1):  # one query at a time: threads only wait
        index = choose_index(item_factors, user_factors, tuning.source_candidates, tuning)
    return Retrieval(item_factors, neighbours, weights, index)


def manifest_fields(
    purchases: Purchases,
    catalogue: Catalogue,
    retrieval: Retrieval,
    quality: DataQuality,
    tuning: TuningConfig,
) -> dict[str, Any]:
    """State what a model version was made from."""
    median_price = catalogue.median_price
    return {
        "tuning": dataclasses.asdict(tuning),
        "input_digest": purchases.digest(),
        "trained_from_day": int(purchases.days.min()),
        "trained_through_day": int(purchases.days.max()),
        "users": len(purchases.user_ids),
        "items": len(purchases.item_ids),
        "purchases": len(purchases),
        "segment_cuts": catalogue.segment_cuts,
        "median_price": None if np.isnan(median_price) else median_price,
        "index": retrieval.index,
        "data_quality": quality.as_dict(),
    }
