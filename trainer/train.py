"""A training from files to a published model version."""

from dataclasses import replace
from datetime import date

from restock.artifacts.store import BundleStore
from restock.tuning_config import TuningConfig
from trainer.clean import clean
from trainer.clock import today_in
from trainer.fit import fit
from trainer.lines import read_lines
from trainer.progress import Progress, progress_bars
from trainer.read import Source, read_products
from trainer.replenishment import fit_replenishment


def train(
    source: Source, tuning: TuningConfig, store: BundleStore, today: date, progress: Progress
) -> str:
    """Read, clean, fit and publish; activating is left to the caller.

    The same files and tuning give the same version, byte for byte.

    Args:
        source: the files and their columns.
        tuning: every knob.
        store: where the version goes.
        today: the last day that a purchase may have.
        progress: is told of every stage.

    Returns:
        The version's name; its manifest holds the data-quality report.

    Raises:
        InvalidFile: the files cannot be learned from; names file, row and column.
    """
    with progress.stage("Read", steps=2) as read:
        products = read_products(source.products, source.columns.products)
        read()
        lines, events = read_lines(source, today)
    with progress.stage("Clean"):
        path = source.transactions or source.events or source.products
        purchases, cleaned = clean(lines, products, tuning, path)
        quality = replace(cleaned, events=events)
    draft = fit(purchases, products, quality, tuning, progress)
    with progress.stage("Replenishment"):
        timing = fit_replenishment(purchases, draft.catalogue.category, tuning)
        told = {"replenishment": timing, "dated": not source.in_order}
        draft = replace(draft, manifest=draft.manifest | told)
    with progress.stage("Publish"):
        return store.publish(draft)


def train_with_bars(source: Source, tuning: TuningConfig, store: BundleStore, today: date) -> str:
    """Do what `train` does, with a bar a stage on the terminal.

    Raises:
        InvalidFile: the files cannot be learned from.
    """
    with progress_bars() as progress:
        return train(source, tuning, store, today, progress)


def today_at(source: Source) -> date:
    """Today's date where the shop is; where this machine is when nobody names the time zone."""
    return today_in(source.shop_zone)
