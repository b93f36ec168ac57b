"""`restock models`: which model versions there are and which one serves."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from restock.artifacts.manifest import Manifest
from restock.artifacts.store import BundleStore
from restock.cli.home import DEFAULT_HOME, Home, models_in
from restock.errors import BundleError, BundleOutdated

EPOCH = date(1970, 1, 1)
Version = Annotated[str, typer.Argument(help="Its name, as `restock models` prints it.")]

app = typer.Typer(help="List, inspect and activate model versions.")


@app.callback(invoke_without_command=True)
def models(context: typer.Context, home: Home = DEFAULT_HOME) -> None:
    """List, inspect and activate model versions; by itself, list them."""
    if context.invoked_subcommand is None:
        print_versions(models_in(home))


@app.command("list")
def list_versions(context: typer.Context, home: Home = DEFAULT_HOME) -> None:
    """List all versions, oldest first; the active one has a mark."""
    print_versions(models_in(home_of(context, home)))


def print_versions(store: BundleStore) -> None:
    """Print all versions of a store."""
    if not store.versions():
        Console(markup=False).print(
            f"No model version in {store.root} yet; make one: restock train --sample"
        )
        return
    Console(markup=False).print(versions_table(store))


@app.command()
def show(context: typer.Context, version: Version, home: Home = DEFAULT_HOME) -> None:
    """Show what a version was made from."""
    store = models_in(home_of(context, home))
    Console(markup=False).print(manifest_table(version, store.manifest(version)))


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
    heads = ("version", "active", "trained to", "users", "items", "index", "recall")
    table = Table(*(Column(head, no_wrap=True) for head in heads), box=None, padding=(0, 2, 0, 0))
    active = store.active()
    for version in store.versions():
        mark = "*" if version == active else ""
        try:
            table.add_row(version, mark, *facts(store.manifest(version)))
        except BundleOutdated:
            table.add_row(version, mark, Text("of another release's format", style="red"))
        except BundleError:
            table.add_row(version, mark, Text("broken", style="red"))
    return table


def facts(manifest: Manifest) -> tuple[str, ...]:
    """Cells of a version's row: last training day, users, items, index, recall."""
    index = manifest.index
    day = day_of(manifest.trained_through_day, manifest)
    return day, f"{manifest.users:,}", f"{manifest.items:,}", index.kind, f"{index.recall:.3f}"


def manifest_table(version: str, manifest: Manifest) -> Table:
    """Lay out a manifest, one field a row; its files and knobs are left to the file itself."""
    table = Table(title=version, show_header=False, title_justify="left")
    rows = manifest.model_dump(mode="json", exclude={"files", "tuning"})
    for name in ("trained_from_day", "trained_through_day"):
        rows[name] = day_of(getattr(manifest, name), manifest)
    for name, value in flattened(rows):
        table.add_row(name, f"{value:,}" if isinstance(value, int) else str(value))
    return table


def flattened(fields: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Name nested fields by their path, such as ``index.kind``."""
    rows: list[tuple[str, Any]] = []
    for name, value in fields.items():
        inner = isinstance(value, dict)
        rows += flattened(value, f"{prefix}{name}.") if inner else [(f"{prefix}{name}", value)]
    return rows


def day_of(days: int, manifest: Manifest) -> str:
    """Date of a day counted from 1970-01-01; where purchases came as baskets in order, there is none."""
    return (EPOCH + timedelta(days=days)).isoformat() if manifest.dated else "no dates"
