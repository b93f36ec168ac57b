"""Everything that a model version is, learned from clean purchases."""

import dataclasses
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from restock.artifacts.bundle import Retrieval
from restock.artifacts.index import choose_index
from restock.artifacts.manifest import IndexChoice
from restock.artifacts.store import Draft
from restock.core.catalogue import Catalogue
from restock.tuning_config import TuningConfig
from trainer.catalogue import item_facts
from trainer.fit_sources import als_factors, nearest_items
from trainer.learned.learn import learn
from trainer.profiles import profile_table
from trainer.progress import Progress
from trainer.purchases import Purchases
from trainer.quality import DataQuality
from trainer.read import Products
from trainer.stages import UNCACHED, Parts, Stage, Stages
from trainer.strengths import strength_matrix

INDEX = Stage[IndexChoice](
    "Index",
    lambda choice: Parts(facts=choice.model_dump()),
    lambda parts: IndexChoice(**parts.facts),
)


def fit(
    purchases: Purchases,
    products: Products,
    quality: DataQuality,
    tuning: TuningConfig,
    progress: Progress,
    stages: Stages = UNCACHED,
) -> Draft:
    """Learn a model version. The same arguments give the same arrays, bit for bit.

    Args:
        purchases: clean.
        products: records of what was bought.
        quality: of the purchases, for the manifest.
        tuning: every knob.
        progress: is told of every stage.
        stages: gives the results of those that take long.
    """
    with progress.stage("Profiles and item facts"):
        profiles = profile_table(purchases)
        catalogue = item_facts(purchases, profiles, products, tuning)
        strengths = strength_matrix(profiles, catalogue.average_units, tuning)
    retrieval = fit_retrieval(strengths, tuning, progress, stages)
    tomorrow = int(purchases.days.max()) + 1
    learned = learn(purchases, products, tuning, progress, tomorrow, stages)
    manifest = manifest_fields(purchases, catalogue, retrieval, quality, tuning)
    manifest["ranker"] = learned.facts
    if learned.facts and learned.facts["hybrid_weights"]:
        manifest["tuning"] |= learned.facts["hybrid_weights"]
    return Draft(manifest, catalogue, retrieval, profiles, learned.table, learned.ranker)


def fit_retrieval(
    strengths: sparse.csr_matrix,
    tuning: TuningConfig,
    progress: Progress,
    stages: Stages = UNCACHED,
) -> Retrieval:
    """Learn level 1's arrays from the strength matrix, (users, items) float32."""
    user_factors, item_factors = als_factors(strengths, tuning, progress, stages)
    neighbours, weights = nearest_items(strengths, tuning, progress, stages)

    def chosen(knobs: TuningConfig) -> IndexChoice:
        # One query at a time: threads would only wait.
        with progress.stage(INDEX.name), threadpool_limits(1):
            return choose_index(item_factors, user_factors, knobs.source_candidates, knobs)

    index = stages.result(INDEX, (user_factors, item_factors), tuning, progress, chosen)
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
