"""A training from files to a published model version."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from restock.artifacts.store import BundleStore
from restock.tuning_config import TuningConfig
from trainer.clean import clean
from trainer.columns import Columns
from trainer.fit import fit
from trainer.progress import Progress, progress_bars
from trainer.read import Source, read_products, read_transactions


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
        transactions = read_transactions(source.transactions, source.columns.transactions, today)
    with progress.stage("Clean"):
        purchases, quality = clean(transactions, products, tuning, source.transactions)
    draft = fit(purchases, products, quality, tuning, progress)
    with progress.stage("Publish"):
        return store.publish(draft)


def train_with_bars(source: Source, tuning: TuningConfig, store: BundleStore, today: date) -> str:
    """Do what `train` does, with a bar a stage on the terminal.

    Raises:
        InvalidFile: the files cannot be learned from.
    """
    with progress_bars() as progress:
        return train(source, tuning, store, today, progress)


def today_at(columns: Columns) -> date:
    """Today's date in the time zone that purchases are counted in; this machine's when none is named."""
    timezone = columns.transactions.timezone
    return datetime.now(ZoneInfo(timezone) if timezone else None).date()
