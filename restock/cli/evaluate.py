"""`restock evaluate`: how good the recommendations are, on purchases that were held back."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from restock.cli.source import (
    ColumnsFile,
    EventsFolder,
    ProductsFile,
    PromotionsFile,
    TimeZone,
    TransactionsFile,
)
from restock.cli.train import source_of
from restock.tuning_config import TuningConfig, read_changes

DAY = ["%Y-%m-%d"]


def evaluate(
    transactions: TransactionsFile = None,
    products: ProductsFile = None,
    promotions: PromotionsFile = None,
    events: EventsFolder = None,
    columns: ColumnsFile = None,
    time_zone: TimeZone = None,
    cutoffs: Annotated[
        list[datetime] | None,
        typer.Option(
            "--cutoff",
            formats=DAY,
            help="Day to stand on: what is before it is learned from, the 28 days from it are to be "
            "foretold. May be given several times; without it, the last four windows of the data.",
        ),
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            help="Judge only methods with this text in their name, such as served or TIFU. May be "
            "given several times.",
        ),
    ] = None,
    tuning: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="TOML file that sets knobs of what serves."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder for evaluation.json and the plots (SVG)."),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Markdown page whose marked part is written anew."
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Processes to work on; up to 3 GB of memory each on the sample."),
    ] = 2,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="The last cut-off and 500 households only, no cold start."),
    ] = False,
    with_promotions: Annotated[
        bool,
        typer.Option(
            "--with-promotions/--without-promotions",
            help="Let LEARNED know what is promoted in the coming week, as the shop does.",
        ),
    ] = True,
    sample: Annotated[
        bool, typer.Option("--sample", help="Use the sample: a year of 2,469 households.")
    ] = False,
) -> None:
    """Tell how good recommendations are, beside baselines.

    Hides the last weeks of the purchases, learns from what is before, recommends ten products to each
    household, and compares with what it bought then. Shows the share of each next basket that the ten
    hold (recall@10) and more. To try it without any data of your own: restock evaluate --sample --quick
    """
    from trainer.evaluation import evaluation  # noqa: PLC0415 - services' images have no trainer
    from trainer.evaluation.report import tables, write  # noqa: PLC0415
    from trainer.progress import progress_bars  # noqa: PLC0415
    from trainer.sample import sample_source  # noqa: PLC0415
    from trainer.train import today_at  # noqa: PLC0415

    days = [moment.date() for moment in cutoffs or ()]
    if sample and not (transactions or products or promotions or columns):
        source = replace(sample_source(), events=events, time_zone=time_zone)
        days = days or [*evaluation.SAMPLE_CUTOFFS]
    elif sample or not products or not (transactions or events):
        raise typer.BadParameter(
            "give either --sample, or --products and --transactions, --events or both"
        )
    else:
        source = source_of(transactions, products, columns, events, time_zone, promotions)
    source = source if with_promotions else replace(source, promotions=None)
    knobs = TuningConfig().changed(read_changes(tuning) if tuning else {})
    wanted = evaluation.Wanted(sorted(days), tuple(methods or ()), knobs, quick, workers)
    with progress_bars() as progress:
        told = evaluation.evaluate(source, wanted, today_at(source), progress)
    console = Console(markup=False)
    for table in tables(told):
        console.print(table)
    for path in write(told, out, page):
        console.print(f"written: {path}")
