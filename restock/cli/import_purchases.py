"""`restock import`: a retailer's purchases of the past brought into the profile store."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from restock.cli.histories import Histories
from restock.cli.home import DEFAULT_HOME, Home
from restock.cli.import_checkpoint import Checkpoint, Loaded
from restock.cli.profile_import import (
    USUAL,
    Manner,
    ProfileImport,
)
from restock.cli.profile_store import ADDRESS, Address, profile_store
from restock.cli.source import ColumnsFile, TimeZone, TransactionsFile
from restock.errors import RestockError, StoreUnavailable
from restock.limits import MAX_PURCHASES

if TYPE_CHECKING:
    from trainer.columns import Columns

NO_TRAINER = "this command wants the trainer; install Restock with its extra: restock[train]"
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def import_purchases(
    transactions: TransactionsFile = None,
    products: Annotated[
        Path | None,
        typer.Option(
            help="Products, one row each: .csv or .parquet. With it, purchases of products that it "
            "does not have, or that the columns file excludes, are left out as in training."
        ),
    ] = None,
    columns: ColumnsFile = None,
    time_zone: TimeZone = None,
    address: Address = ADDRESS,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Replace the purchases of users that exist; else these are kept."
        ),
    ] = False,
    home: Home = DEFAULT_HOME,
    sample: Annotated[
        bool, typer.Option("--sample", help="Import the sample: a year of 2,469 households.")
    ] = False,
) -> None:
    """Load purchases of the past into the profile store, a whole user at a time.

    Interrupted, by Ctrl-C or a crash of either side, the same command goes on where it stopped; nothing
    is counted twice.
    """
    started = time.monotonic()
    files = files_of(transactions, products, columns, sample)
    plan = planned(files, time_zone, home, address, replace)
    console = Console(markup=False)
    console.print(plan.quality)
    with progress() as bars:
        before, done = carried_out(plan, bars, USUAL)
    for line in plan.result(before, done, time.monotonic() - started):
        console.print(line, markup=False, soft_wrap=True)


@dataclass(frozen=True)
class Files:
    """What is read."""

    transactions: Path
    """Purchases."""
    products: Path | None
    """Products that count; None where any does."""
    columns: "Columns"
    """Which of their columns hold what."""


def files_of(
    transactions: Path | None, products: Path | None, columns: Path | None, sample: bool
) -> Files:
    """Choose between the sample and the caller's own files.

    Raises:
        InvalidFile: the columns file is not usable.
        RestockError: the sample, or what reads files, is not installed.
        typer.BadParameter: both or neither were asked for.
    """
    try:
        from trainer.columns import COMPLETE_JOURNEY, read_columns  # noqa: PLC0415 - see train
        from trainer.sample import sample_files  # noqa: PLC0415
    except ModuleNotFoundError:
        raise RestockError(NO_TRAINER) from None

    if sample and not (transactions or products or columns):
        files = sample_files()
        return Files(files.transactions, files.products, read_columns())
    if sample or transactions is None:
        raise typer.BadParameter("give either --sample or --transactions")
    return Files(transactions, products, read_columns(columns or COMPLETE_JOURNEY))


@dataclass(frozen=True, eq=False)
class Plan:
    """An import that can be begun, or gone on with."""

    histories: Histories
    """What is sent."""
    quality: Table
    """What was left out, for people to read."""
    checkpoint: Checkpoint
    """How far it has come."""
    address: str
    """Where the profile store listens."""

    @property
    def users(self) -> int:
        """Count the users."""
        return len(self.histories.profiles.user_ids)

    def result(self, before: Loaded, done: Loaded, seconds: float) -> Iterator[str]:
        """Say in lines what was done."""
        ends = self.histories.ends
        purchases = int(ends[done.users] - ends[before.users])
        if before.users:
            yield f"Went on after the {before.users:,} users that were done before."
        large = self.histories.large
        left_out = large[~self.histories.fits[large]]
        if len(left_out) < len(large):
            yield (
                f"{len(large) - len(left_out):,} users have more than {MAX_PURCHASES:,} purchases: "
                "of these the latest days are kept."
            )
        for user in left_out.tolist():
            name = self.histories.profiles.user_ids[user]
            yield f"Left out {name!r}, with more than {MAX_PURCHASES:,} products on the last day."
        yield (
            f"{self.users:,} users: imported {done.imported:,}, kept {done.kept:,} that were there "
            f"already, left out {done.deleted:,} that were deleted."
        )
        yield (
            f"{purchases:,} purchases (product and day) in {seconds:.1f} s: "
            f"{purchases / seconds:,.0f} a second."
        )


def planned(files: Files, time_zone: str | None, home: Path, address: str, replace: bool) -> Plan:
    """Read and clean the files.

    Raises:
        InvalidFile: names file, row and column at fault and what is allowed.
    """
    from trainer.lines import read_purchases  # noqa: PLC0415 - see train
    from trainer.profiles import profile_table  # noqa: PLC0415
    from trainer.report import quality_table  # noqa: PLC0415

    read = read_purchases(files.transactions, files.products, files.columns, time_zone)
    purchases, quality = read
    return Plan(
        Histories(profile_table(purchases), purchases.item_ids, replace),
        quality_table(quality.as_dict()),
        Checkpoint(home, purchases.digest(), address, str(replace)),
        address,
    )


def carried_out(plan: Plan, bars: Progress, manner: Manner) -> tuple[Loaded, Loaded]:
    """Import what is not imported yet.

    Returns:
        How far an earlier run had come, and how far it is now: to the end.

    Raises:
        StoreUnavailable: nobody answers for too long; says how to go on.
        RestockError: the store refuses.
        typer.Exit: Ctrl-C.
    """
    try:
        with profile_store(plan.address) as store:
            running = ProfileImport(store, plan.histories, bars, manner)
            done = running.run(plan.checkpoint.read(plan.users), plan.checkpoint.write)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{error}. {how_to_go_on(plan)}") from None
    except KeyboardInterrupt:
        typer.secho(how_to_go_on(plan), err=True)
        raise typer.Exit(INTERRUPTED) from None
    plan.checkpoint.remove()
    return running.before, done


def how_to_go_on(plan: Plan) -> str:
    """Say how far it has come, and that it can go on."""
    done = plan.checkpoint.read(plan.users).users
    return f"{done:,} of {plan.users:,} users are loaded; the same command goes on from there"


class Pace(ProgressColumn):
    """Purchases so far, and how many a second."""

    def render(self, task: Task) -> Text:
        """Lay out a task."""
        speed = task.finished_speed or task.speed or 0
        return Text(f"{task.completed:,.0f} of {task.total or 0:,.0f}, {speed:,.0f} rows/s")


def progress() -> Progress:
    """Bar of an import."""
    columns = (TextColumn("{task.description}"), BarColumn(), Pace(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))
