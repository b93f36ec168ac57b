"""ALS and item-CF of a strength matrix, each a stage: level 1 and every window of the ranker learn them."""

from scipy import sparse

from restock.core.arrays import Floats, Ints
from restock.tuning_config import TuningConfig
from trainer.fit_als import fit_als
from trainer.fit_item_cf import BLOCK_ITEMS, fit_item_cf
from trainer.progress import Progress
from trainer.stages import Parts, Stage, Stages

FACTORS = Stage[tuple[Floats, Floats]](
    "ALS",
    lambda factors: Parts({"user_factors": factors[0], "item_factors": factors[1]}),
    lambda parts: (parts.arrays["user_factors"], parts.arrays["item_factors"]),
)
NEIGHBOURS = Stage[tuple[Ints, Floats]](
    "Item-CF",
    lambda found: Parts({"neighbours": found[0], "weights": found[1]}),
    lambda parts: (parts.arrays["neighbours"], parts.arrays["weights"]),
)


def als_factors(
    strengths: sparse.csr_matrix, tuning: TuningConfig, progress: Progress, stages: Stages
) -> tuple[Floats, Floats]:
    """Do what `fit_als` does, or know it already."""

    def learned(knobs: TuningConfig) -> tuple[Floats, Floats]:
        with progress.stage(FACTORS.name, knobs.als_iterations) as iterated:
            return fit_als(strengths, knobs, iterated)

    return stages.result(FACTORS, (strengths,), tuning, progress, learned)


def nearest_items(
    strengths: sparse.csr_matrix, tuning: TuningConfig, progress: Progress, stages: Stages
) -> tuple[Ints, Floats]:
    """Do what `fit_item_cf` does, or know it already."""

    def learned(knobs: TuningConfig) -> tuple[Ints, Floats]:
        blocks = -(-strengths.shape[1] // BLOCK_ITEMS)
        with progress.stage(NEIGHBOURS.name, blocks) as advance:
            return fit_item_cf(strengths, knobs, advance)

    return stages.result(NEIGHBOURS, (strengths,), tuning, progress, learned)
