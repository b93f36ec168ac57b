"""A training as a job: `python -m trainer --products FILE --transactions FILE --events DIR`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from restock.artifacts.store import BundleStore
from restock.errors import RestockError
from restock.time_zone import known_zone
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
    parser.add_argument("--transactions", type=Path, help="purchases, CSV or Parquet")
    parser.add_argument("--events", type=Path, help="folder of `restock events export`")
    parser.add_argument("--products", type=Path, required=True, help="products, CSV or Parquet")
    parser.add_argument(
        "--columns", type=Path, default=COMPLETE_JOURNEY, help="TOML, which columns hold what"
    )
    parser.add_argument(
        "--time-zone",
        type=zone_option,
        default=os.environ.get("RESTOCK_TIME_ZONE") or None,
        help="the shop's, where the columns file names none",
    )
    parser.add_argument(
        "--promotions", type=Path, help="promotions, past and planned: .csv or .parquet"
    )
    parser.add_argument("--tuning", type=Path, help="TOML file of knobs")
    parser.add_argument("--home", type=Path, default=home, help="models go to its folder models")
    parser.add_argument("--activate", action="store_true", help="let services switch to it")
    return parser


def zone_option(name: str) -> str:
    """Refuse a name that is no time zone.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return known_zone(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def run(given: argparse.Namespace) -> None:
    """Train, report, and activate if asked to.

    Raises:
        RestockError: there are neither transactions nor events.
        InvalidFile: a file cannot be learned from.
        InvalidTuning: a knob is unknown or not allowed.
    """
    if given.transactions is None and given.events is None:
        raise RestockError("--transactions, --events or both are needed")
    source = Source(
        given.transactions,
        given.products,
        read_columns(given.columns),
        given.events,
        given.time_zone,
        given.promotions,
    )
    tuning = TuningConfig().changed(read_changes(given.tuning) if given.tuning else {})
    store = BundleStore(given.home / "models")
    version = train_with_bars(source, tuning, store, today_at(source))
    if given.activate:
        store.activate(version)
    console = Console(markup=False)
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
