"""`restock train`: from a retailer's files to a model version."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from restock.cli.home import DEFAULT_HOME, Home, models_in
from restock.tuning_config import TuningConfig, read_changes

if TYPE_CHECKING:
    from trainer.read import Source


def train(
    transactions: Annotated[
        Path | None, typer.Option(help="Purchases, one row a line of a receipt: .csv or .parquet.")
    ] = None,
    products: Annotated[
        Path | None, typer.Option(help="Products, one row each: .csv or .parquet.")
    ] = None,
    columns: Annotated[
        Path | None,
        typer.Option(
            help="TOML file that says which columns hold what; start from examples/columns.toml. "
            "Without it, files are laid out like the sample."
        ),
    ] = None,
    tuning: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="TOML file that sets knobs, such as als_factors = 32."
        ),
    ] = None,
    home: Home = DEFAULT_HOME,
    activate: Annotated[
        bool, typer.Option(help="Let running services switch to the new version.")
    ] = True,
    sample: Annotated[
        bool, typer.Option("--sample", help="Learn from the sample: a year of 2,500 households.")
    ] = False,
) -> None:
    """Learn a model version from purchases.

    Reads and checks the files, reports on the quality of the data, and writes a new version beside the
    older ones. To try it without any data of your own: restock train --sample
    """
    from trainer.report import quality_table  # noqa: PLC0415 - services' images have no trainer
    from trainer.train import today_at, train_with_bars  # noqa: PLC0415

    source = source_of(transactions, products, columns, sample)
    knobs = TuningConfig().changed(read_changes(tuning) if tuning else {})
    store = models_in(home)
    version = train_with_bars(source, knobs, store, today_at(source.columns))
    if activate:
        store.activate(version)
    console = Console()
    console.print(quality_table(store.manifest(version).data_quality))
    console.print(f"[bold]{version}[/] is {'active' if activate else 'ready'} in {store.root}")


def source_of(
    transactions: Path | None, products: Path | None, columns: Path | None, sample: bool
) -> "Source":
    """Choose between the sample and the caller's own files.

    Raises:
        InvalidFile: the columns file is not usable.
        RestockError: the sample is not installed.
        typer.BadParameter: both or neither were asked for.
    """
    from trainer.columns import COMPLETE_JOURNEY, read_columns  # noqa: PLC0415
    from trainer.read import Source  # noqa: PLC0415
    from trainer.sample import sample_source  # noqa: PLC0415

    if sample and not (transactions or products or columns):
        return sample_source()
    if sample or transactions is None or products is None:
        raise typer.BadParameter("give either --sample, or --transactions and --products")
    return Source(transactions, products, read_columns(columns or COMPLETE_JOURNEY))
