"""A training as a job: `python -m trainer --transactions FILE --products FILE [--activate]`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from restock.artifacts.store import BundleStore
from restock.errors import RestockError
from restock.tuning_config import TuningConfig, read_changes
from trainer.columns import COMPLETE_JOURNEY, read_columns
from trainer.read import Source
from trainer.report import quality_table
from trainer.train import today_at, train_with_bars

REFUSED = 2
"""Exit code when the files or knobs are not usable."""


def options() -> argparse.ArgumentParser:
    """Describe the command line."""
    home = Path(os.environ.get("RESTOCK_HOME", ".restock"))
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Train a model version.")
    parser.add_argument(
        "--transactions", type=Path, required=True, help="purchases, CSV or Parquet"
    )
    parser.add_argument("--products", type=Path, required=True, help="products, CSV or Parquet")
    parser.add_argument(
        "--columns", type=Path, default=COMPLETE_JOURNEY, help="TOML, which columns hold what"
    )
    parser.add_argument("--tuning", type=Path, help="TOML file of knobs")
    parser.add_argument("--home", type=Path, default=home, help="models go to its folder models")
    parser.add_argument("--activate", action="store_true", help="let services switch to it")
    return parser


def run(given: argparse.Namespace) -> None:
    """Train, report, and activate if asked to.

    Raises:
        InvalidFile: a file cannot be learned from.
        InvalidTuning: a knob is unknown or not allowed.
    """
    source = Source(given.transactions, given.products, read_columns(given.columns))
    tuning = TuningConfig().changed(read_changes(given.tuning) if given.tuning else {})
    store = BundleStore(given.home / "models")
    version = train_with_bars(source, tuning, store, today_at(source.columns))
    if given.activate:
        store.activate(version)
    console = Console()
    console.print(quality_table(store.manifest(version).data_quality))
    console.print(version)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job and return its exit code."""
    try:
        run(options().parse_args(arguments))
    except (RestockError, OSError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
