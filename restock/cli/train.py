"""`restock train`: from a retailer's files and events to a model version."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from restock.cli.home import DEFAULT_HOME, STAGES_FOLDER, Home, models_in
from restock.cli.source import (
    ColumnsFile,
    EventsFolder,
    ProductsFile,
    PromotionsFile,
    TimeZone,
    TransactionsFile,
)
from restock.tuning_config import TuningConfig, read_changes

if TYPE_CHECKING:
    from trainer.read import Source

GIBIBYTE = 2**30


def train(
    transactions: TransactionsFile = None,
    products: ProductsFile = None,
    promotions: PromotionsFile = None,
    events: EventsFolder = None,
    columns: ColumnsFile = None,
    time_zone: TimeZone = None,
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
        bool, typer.Option("--sample", help="Learn from the sample: a year of 2,469 households.")
    ] = False,
    cache: Annotated[
        bool,
        typer.Option(
            help="Take the results of stages from earlier trainings where data, knobs and code are the "
            "same, and keep new ones. The version is the same without."
        ),
    ] = True,
    cache_gib: Annotated[
        float,
        typer.Option(
            min=0,
            envvar="RESTOCK_CACHE_GIB",
            help="Size in GiB of the kept results above which those unused for longest are removed.",
        ),
    ] = 4.0,
) -> None:
    """Learn a model version from purchases.

    Reads and checks the files, reports on the quality of the data, and writes a new version beside the
    older ones. To try it without any data of your own: restock train --sample
    """
    from trainer.report import quality_table  # noqa: PLC0415 - services' images have no trainer
    from trainer.sample import sample_source  # noqa: PLC0415
    from trainer.stage_cache import StageCache  # noqa: PLC0415
    from trainer.stages import UNCACHED  # noqa: PLC0415
    from trainer.train import today_at, train_with_bars  # noqa: PLC0415

    if sample and not (transactions or products or promotions or columns):
        source = replace(sample_source(), events=events, time_zone=time_zone)
    elif sample or not products or not (transactions or events):
        raise typer.BadParameter(
            "give either --sample, or --products and --transactions, --events or both"
        )
    else:
        source = source_of(transactions, products, columns, events, time_zone, promotions)
    knobs = TuningConfig().changed(read_changes(tuning) if tuning else {})
    store = models_in(home)
    kept = StageCache(home / STAGES_FOLDER, int(cache_gib * GIBIBYTE)) if cache else UNCACHED
    version = train_with_bars(source, knobs, store, today_at(source), kept)
    if activate:
        store.activate(version)
    console = Console(markup=False)
    console.print(quality_table(store.manifest(version).data_quality))
    console.print(f"{version} is {'active' if activate else 'ready'} in {store.root}")


def source_of(
    transactions: Path | None,
    products: Path,
    columns: Path | None,
    events: Path | None,
    time_zone: str | None,
    promotions: Path | None = None,
) -> "Source":
    """Name the caller's own files.

    Raises:
        InvalidFile: the columns file is not usable.
    """
    from trainer.columns import COMPLETE_JOURNEY, read_columns  # noqa: PLC0415
    from trainer.read import Source  # noqa: PLC0415

    names = read_columns(columns or COMPLETE_JOURNEY)
    return Source(transactions, products, names, events, time_zone, promotions)
