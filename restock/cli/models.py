"""`restock models`: which model versions there are and which one serves."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from restock.artifacts.manifest import Manifest
from restock.artifacts.store import BundleStore
from restock.cli.home import DEFAULT_HOME, Home, models_in
from restock.days import date_of
from restock.errors import BundleError, BundleMissing, BundleOutdated
from restock.tuning_config import TuningConfig

WIDEST = 1_000
"""Characters that no line of versions reaches."""
HEADS = (
    "version", "active", "trained at", "trained to", "users", "items", "index", "index recall",
    "AUTO takes",
)  # fmt: skip
Version = Annotated[str, typer.Argument(help="Its name, as `restock models` prints it.")]

app = typer.Typer(help="List, inspect and activate model versions.")


@app.callback(invoke_without_command=True)
def models(context: typer.Context, home: Home = DEFAULT_HOME) -> None:
    """List, inspect and activate model versions; by itself, list them."""
    if context.invoked_subcommand is None:
        print_versions(models_in(home))


@app.command("list")
def list_versions(context: typer.Context, home: Home = DEFAULT_HOME) -> None:
    """List all versions in the order in which they were trained; the active one has a mark."""
    print_versions(models_in(home_of(context, home)))


def print_versions(store: BundleStore) -> None:
    """Print all versions of a store."""
    if not store.versions():
        Console(markup=False).print(
            f"No model version in {store.root} yet; make one: restock train --sample"
        )
        return
    # Nothing is cut: where there is no room, and in a pipe, lines are longer.
    Console(markup=False, width=WIDEST).print(versions_table(store))


@app.command()
def show(
    context: typer.Context,
    version: Annotated[
        str | None,
        typer.Argument(
            help="Its name, as `restock models` prints it; the active one if not given."
        ),
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show what a version was made from, and which knobs differ from their defaults."""
    store = models_in(home_of(context, home))
    chosen = version or store.active()
    if chosen is None:
        raise BundleMissing(f"no model version is active in {store.root}: name one")
    Console(markup=False).print(manifest_table(chosen, store))


@app.command()
def activate(context: typer.Context, version: Version, home: Home = DEFAULT_HOME) -> None:
    """Let services switch to a version, newer or older, without a restart."""
    store = models_in(home_of(context, home))
    store.activate(version)
    Console(markup=False).print(f"{version} is active in {store.root}")


def home_of(context: typer.Context, home: Path) -> Path:
    """Home of a subcommand: its own option, else the one in front of it."""
    given = context.get_parameter_source("home")
    if context.parent is None or (given is not None and given.name == "COMMANDLINE"):
        return home
    in_front: Path = context.parent.params["home"]
    return in_front


def versions_table(store: BundleStore) -> Table:
    """Lay out all versions of a store, one a row; of one that cannot serve, say so."""
    table = Table(*(Column(head, no_wrap=True) for head in HEADS), box=None, padding=(0, 2, 0, 0))
    active = store.active()
    for version in store.versions():
        head = (version, "*" if version == active else "", trained_at(store, version))
        try:
            table.add_row(*head, *facts(store.manifest(version)))
        except BundleOutdated:
            table.add_row(*head, Text("of another release's format", style="red"))
        except BundleError:
            table.add_row(*head, Text("broken", style="red"))
    return table


def trained_at(store: BundleStore, version: str) -> str:
    """Local time, to the minute, at which a version was written; nothing where nobody knows."""
    seconds = store.written_seconds(version)
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}" if seconds else ""


def facts(manifest: Manifest) -> tuple[str, ...]:
    """Cells of a version's row: last training day, users, items, index, its recall, AUTO's strategy."""
    index = manifest.index
    day = day_name(manifest.trained_through_day, manifest)
    counts = f"{manifest.users:,}", f"{manifest.items:,}"
    return day, *counts, index.kind, f"{index.recall:.3f}", auto_strategy(manifest)


def auto_strategy(manifest: Manifest) -> str:
    """Which strategy AUTO takes for a shopper with any signal."""
    return "LEARNED" if manifest.ranker is not None and manifest.ranker.leads else "HYBRID"


def manifest_table(version: str, store: BundleStore) -> Table:
    """Lay out a manifest, one field a row, and the knobs that were changed; its files are left out.

    Raises:
        BundleError: there is no such version, or it cannot be read.
    """
    manifest = store.manifest(version)
    table = Table(title=Text(version), show_header=False, title_justify="left")
    # What is long goes on in the next line: nothing is cut.
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    table.add_row("trained at", trained_at(store, version))
    table.add_row("AUTO takes", auto_strategy(manifest))
    changed = changed_knobs(manifest)
    table.add_row("knobs changed", str(len(changed)))
    for name, told in changed:
        table.add_row(f"tuning.{name}", told)
    rows = manifest.model_dump(mode="json", exclude={"files", "tuning"})
    for name in ("trained_from_day", "trained_through_day"):
        rows[name] = day_name(getattr(manifest, name), manifest)
    for name, value in flattened(rows):
        counted = isinstance(value, int) and not isinstance(value, bool)
        table.add_row(name, f"{value:,}" if counted else str(value))
    return table


def changed_knobs(manifest: Manifest) -> list[tuple[str, str]]:
    """Name the knobs of a version that differ from this release's defaults, with both values."""
    defaults = asdict(TuningConfig())
    return [
        (name, f"{value} (default {defaults.get(name, 'none: no knob of this release')})")
        for name, value in sorted(manifest.tuning.items())
        if value != defaults.get(name)
    ]


def flattened(fields: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Name nested fields by their path, such as ``index.kind``."""
    rows: list[tuple[str, Any]] = []
    for name, value in fields.items():
        inner = isinstance(value, dict)
        rows += flattened(value, f"{prefix}{name}.") if inner else [(f"{prefix}{name}", value)]
    return rows


def day_name(days: int, manifest: Manifest) -> str:
    """Date of a day counted from 1970-01-01; where purchases came as baskets in order, there is none."""
    return date_of(days).isoformat() if manifest.dated else "no dates"
