"""``restock events``: the log of events as Parquet files, for training and archives."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TimeElapsedColumn
from rich.text import Text

from restock.cli.profile_store import ADDRESS, Address, profile_store
from restock.cli.source import zone_option
from restock.errors import RestockError

PORTION_ROWS = 250_000
"""Some 100,000 events: one has a row a line of an order or product shown."""
MOST_PORTION_ROWS = 10_000_000
"""Texts of one portion stay well below the 2 GiB that a column of Arrow takes."""

app = typer.Typer(help="Bring the log of events into Parquet files.", no_args_is_help=True)


@app.command()
def export(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", file_okay=False, help="Folder of the part files.")
    ],
    address: Address = ADDRESS,
    time_zone: Annotated[
        str,
        typer.Option(
            envvar="RESTOCK_TIME_ZONE",
            callback=zone_option,
            help="The shop's time zone: it says on which day an event falls.",
        ),
    ] = "UTC",
    portion_rows: Annotated[
        int,
        typer.Option(
            min=1,
            max=MOST_PORTION_ROWS,
            help="Rows from which on a portion ends. More take more memory, and make fewer files.",
        ),
    ] = PORTION_ROWS,
) -> None:
    """Bring DIR up to the newest event: each event exactly once, a folder a day.

    Run again after a crash, or every night: it goes on where it ended. See docs/events.md.
    """
    check_pyarrow()
    from restock.cli.event_export import Source, export_events  # noqa: PLC0415 - wants pyarrow

    with profile_store(address) as store, progress() as bar:
        task = bar.add_task("events", total=None)
        source = Source(store, ZoneInfo(time_zone), portion_rows)
        done = export_events(source, folder, lambda events: bar.advance(task, events))
    begin = f"after cursor {done.cursor_before}" if done.cursor_before else "from the beginning"
    console = Console(soft_wrap=True, markup=False, highlight=False)
    console.print(f"Wrote {done.events:,} events of {len(done.days):,} days, {begin}.")
    console.print(f"Users deleted so far: {done.deleted_users:,}.")


@app.command()
def forget(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", file_okay=False, exists=True, help="Folder of an export."),
    ],
    address: Address = ADDRESS,
) -> None:
    """Take what deleted users did out of part files that were written before their deletion.

    Asks the profile store who was deleted, then rewrites the files that have any of it, one after
    another. Interrupted, it is run again.
    """
    check_pyarrow()
    from restock.cli.event_export import forget_deleted  # noqa: PLC0415 - as above

    with profile_store(address) as store, progress() as bar:
        task = bar.add_task("files", total=None)
        taken = forget_deleted(store, folder, lambda: bar.advance(task))
    files = sum(rows > 0 for rows in taken)
    Console(soft_wrap=True, markup=False, highlight=False).print(
        f"Took {sum(taken):,} rows out of {files:,} of {len(taken):,} part files."
    )


def check_pyarrow() -> None:
    """Refuse to work without pyarrow: the services' images have this command line, but not that.

    Raises:
        RestockError: it is not installed.
    """
    if find_spec("pyarrow") is None:
        raise RestockError(
            "this wants pyarrow, which is in Restock's extra `train`: restock[train]"
        )


class Pace(ProgressColumn):
    """How many so far, and how many a second."""

    def render(self, task: Task) -> Text:
        """Lay out a task of any unit, which its description says."""
        speed = task.finished_speed or task.speed or 0
        return Text(f"{task.completed:,.0f} {task.description}, {speed:,.0f} a second")


def progress() -> Progress:
    """Bar of a command whose end nobody knows; none where nobody looks."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), Pace(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
