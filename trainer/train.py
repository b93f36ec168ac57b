"""A training from files to a published model version."""

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from restock.artifacts.store import BundleStore
from restock.core.arrays import Ints
from restock.core.replenishment_model import ReplenishmentModel
from restock.tuning_config import TuningConfig
from trainer.clean import clean
from trainer.clock import today_in
from trainer.columns import PromotionColumns
from trainer.fit import fit
from trainer.lines import read_lines
from trainer.progress import Progress, progress_bars
from trainer.promotions import Promotions, read_promotions
from trainer.purchases import Purchases
from trainer.quality import DataQuality
from trainer.read import Products, Source, read_records
from trainer.recorded_tuning import recorded
from trainer.replenishment import fit_replenishment
from trainer.stages import UNCACHED, Parts, Stage, Stages

PROMOTIONS = Stage[Promotions](
    "Promotions", lambda found: Parts(vars(found)), lambda parts: Promotions(**parts.arrays)
)
TIMING = Stage[ReplenishmentModel](
    "Replenishment",
    lambda model: Parts(facts=asdict(model)),
    lambda parts: ReplenishmentModel(**parts.facts | {"weights": tuple(parts.facts["weights"])}),
)


def train(
    source: Source,
    tuning: TuningConfig,
    store: BundleStore,
    today: date,
    progress: Progress,
    stages: Stages = UNCACHED,
) -> str:
    """Read, clean, fit and publish; activating is left to the caller.

    The same files and tuning give the same version, byte for byte, whatever is cached.

    Args:
        source: the files and their columns.
        tuning: every knob.
        store: where the version goes.
        today: the last day that a purchase may have.
        progress: is told of every stage.
        stages: gives the results of those that take long.

    Returns:
        The version's name; its manifest holds the data-quality report.

    Raises:
        InvalidFile: the files cannot be learned from; names file, row and column.
    """
    tuning = recorded(tuning)
    purchases, products, quality = cleaned_input(source, tuning, today, progress, stages)
    draft = fit(purchases, products, quality, tuning, progress, stages)
    timing = fitted_timing(purchases, draft.catalogue.category, tuning, progress, stages)
    told = {"replenishment": timing, "dated": not source.in_order}
    draft = replace(draft, manifest=draft.manifest | told)
    with progress.stage("Publish"):
        return store.publish(draft)


def cleaned_input(
    source: Source, tuning: TuningConfig, today: date, progress: Progress, stages: Stages
) -> tuple[Purchases, Products, DataQuality]:
    """Read and clean; the files' rows are forgotten.

    Raises:
        InvalidFile: the files cannot be learned from; names file, row and column.
    """

    def promotions_of(
        path: Path, columns: PromotionColumns, row_of: dict[str, int], today: date
    ) -> Promotions:
        def read(_: TuningConfig) -> Promotions:
            with progress.stage(PROMOTIONS.name):
                return read_promotions(path, columns, row_of, today)

        inputs = (path, columns.model_dump_json(), row_of, today.isoformat())
        return stages.result(PROMOTIONS, inputs, tuning, progress, read)

    with progress.stage("Read", steps=2) as read:
        products = read_records(source, today, promotions_of)
        read()
        lines, events = read_lines(source, today)
    with progress.stage("Clean"):
        path = source.transactions or source.events or source.products
        purchases, cleaned = clean(lines, products, tuning, path)
    pa.default_memory_pool().release_unused()  # what reading took, which is as much as all the rest
    return purchases, products, replace(cleaned, events=events)


def fitted_timing(
    purchases: Purchases,
    category: Ints,
    tuning: TuningConfig,
    progress: Progress,
    stages: Stages,
) -> ReplenishmentModel:
    """Do what `fit_replenishment` does, or know it already."""

    def learned(knobs: TuningConfig) -> ReplenishmentModel:
        with progress.stage(TIMING.name):
            return fit_replenishment(purchases, category, knobs)

    return stages.result(TIMING, (purchases, category), tuning, progress, learned)


def train_with_bars(
    source: Source,
    tuning: TuningConfig,
    store: BundleStore,
    today: date,
    stages: Stages = UNCACHED,
) -> str:
    """Do what `train` does, with a bar a stage on the terminal.

    Raises:
        InvalidFile: the files cannot be learned from.
    """
    with progress_bars() as progress:
        return train(source, tuning, store, today, progress, stages)


def today_at(source: Source) -> date:
    """Today's date where the shop is; where this machine is when nobody names the time zone."""
    return today_in(source.shop_zone)
