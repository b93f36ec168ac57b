"""`restock report`: the analyst's report on the data and on a model version."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from restock.artifacts.store import BundleStore
from restock.cli.home import DEFAULT_HOME, Home, models_in
from restock.cli.source import ColumnsFile, EventsFolder, ProductsFile, TimeZone, TransactionsFile
from restock.cli.train import source_of
from restock.errors import BundleError, BundleMissing

REPORT_FOLDER = "report"

if TYPE_CHECKING:
    from trainer.analysis.report import Report
    from trainer.read import Source


def report(
    version: Annotated[
        str | None, typer.Argument(help="The version to report on; the active one if not given.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="The version to compare it with; the last one trained before it if not given."
        ),
    ] = None,
    transactions: TransactionsFile = None,
    products: ProductsFile = None,
    events: EventsFolder = None,
    columns: ColumnsFile = None,
    time_zone: TimeZone = None,
    home: Home = DEFAULT_HOME,
    sample: Annotated[
        bool, typer.Option("--sample", help="Read the prices of the sample's files.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Folder for report.html and report.json; the home's folder report if not given.",
        ),
    ] = None,
) -> None:
    """Write a report on data quality, elasticity, segments, cycles, coverage and what a model change moved.

    Without files, prices are those that the version was learned from, and promotions are inferred from
    them. With the files, the report reads what was discounted as well ([report] in the columns file).
    """
    source = source_to_read(sample, transactions, products, events, columns, time_zone)
    store = models_in(home)
    chosen = version or store.active()
    if chosen is None:
        raise BundleMissing(f"no model version is active in {store.root}: restock train --sample")
    folder = out or home / REPORT_FOLDER
    made, html, data = made_and_written(store, chosen, against, source, folder)
    console = Console(markup=False)
    console.print(summary(made))
    console.print(f"{html} and {data}", soft_wrap=True)


def made_and_written(
    store: BundleStore, version: str, against: str | None, source: "Source | None", out: Path
) -> "tuple[Report, Path, Path]":
    """Make the report with a bar a stage on the terminal, and write it; name both files.

    Raises:
        RestockError: a version or a file cannot be used.
    """
    from trainer.analysis.page import write_report  # noqa: PLC0415 - services' images have no trainer
    from trainer.analysis.report import make_report, version_before  # noqa: PLC0415
    from trainer.progress import progress_bars  # noqa: PLC0415
    from trainer.train import today_at  # noqa: PLC0415

    other = against or version_before(readable_versions(store), version)
    today = today_at(source) if source else datetime.now(UTC).date()
    with progress_bars() as progress:
        made = make_report(store, version, other, source, today, progress)
        with progress.stage("Page"):
            return made, *write_report(made, out)


def readable_versions(store: BundleStore) -> list[str]:
    """Versions that can be compared, in the order in which they were written."""
    readable = []
    for version in store.versions():
        with suppress(BundleError):  # of another release's format, or broken
            store.manifest(version)
            readable.append(version)
    return readable


def source_to_read(
    sample: bool,
    transactions: Path | None,
    products: Path | None,
    events: Path | None,
    columns: Path | None,
    time_zone: str | None,
) -> "Source | None":
    """Name the files to read; None where the version itself is enough.

    Raises:
        typer.BadParameter: some of them are given, but not enough.
        RestockError: the sample data is not installed.
    """
    from trainer.sample import sample_source  # noqa: PLC0415 - services' images have no trainer

    given = [path for path in (transactions, products, events, columns) if path is not None]
    if sample and not (transactions or products or columns):
        return replace(sample_source(), events=events, time_zone=time_zone)
    if not given and not sample:
        return None
    if sample or not products or not (transactions or events):
        raise typer.BadParameter(
            "give --sample, or --products and --transactions, --events or both, or no file at all"
        )
    return source_of(transactions, products, columns, events, time_zone)


def summary(made: "Report") -> Table:
    """Lay out the few figures that one looks for first."""
    table = Table(title=f"Report on {made.version}", show_header=False, title_justify="left")
    table.add_column()
    table.add_column(justify="right")
    table.add_row("rows kept", f"{made.data_quality.retention:.2%}")
    for verdict, count in made.data_quality.verdicts.items():
        table.add_row(f"flagged prices: {verdict.replace('_', ' ')}", f"{count:,}")
    for name, count in made.elasticity.classes.items() if made.elasticity else ():
        table.add_row(f"elasticity: {name.replace('_', ' ')}", f"{count:,}")
    table.add_row("catalogue shown", f"{made.coverage.item_coverage or 0:.2%}")
    if made.change:
        table.add_row(f"pages shared with {made.change.before}", f"{made.change.overlap or 0:.1%}")
    return table
