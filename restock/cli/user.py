"""``restock user``: what is held of one person, and what the person is about to need."""

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from restock.artifacts.whole_file import whole_file
from restock.cli.home import DEFAULT_HOME, Home
from restock.cli.profile_store import (
    ADDRESS,
    STREAM_SECONDS,
    TIMEOUT_SECONDS,
    Address,
    profile_store,
)
from restock.cli.recommend import names, timestamp
from restock.days import date_of
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub

LEAST_WIDTH = 120
"""Characters that a line of products takes."""
PRODUCT_WIDTH = 40
"""Narrowest column of products; names are cut to what is left of the line."""
CAPTION = (
    "cycle: days, and between which it lies with 80%; gaps: the shopper's own that it stands on"
)
STATES = {
    pb.REPLENISHMENT_STATE_TOO_SOON: "too soon",
    pb.REPLENISHMENT_STATE_DUE: "due",
    pb.REPLENISHMENT_STATE_OVERDUE: "overdue",
    pb.REPLENISHMENT_STATE_LAPSED: "lapsed",
    pb.REPLENISHMENT_STATE_INSUFFICIENT_DATA: "few data",
}
UNKNOWN = "–"
"""Stands where nothing is known."""

app = typer.Typer(
    help="Export or delete what is held of one person, or see what the person is about to need.",
    no_args_is_help=True,
)


def utf8(text: str) -> str:
    """Refuse what cannot be sent.

    Raises:
        typer.BadParameter: it is no text.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("an id is UTF-8 text") from None
    return text


User = Annotated[str, typer.Argument(callback=utf8, help="Id of the shopper.")]


def ordinary_file(path: Path | None) -> Path | None:
    """Refuse to replace what is no file, such as a device.

    Raises:
        typer.BadParameter: it is none.
    """
    if path is not None and path.exists() and not path.is_file():
        raise typer.BadParameter(f"{path} is not an ordinary file")
    return path


@app.command()
def export(
    user: User,
    output: Annotated[
        Path | None,
        typer.Option(callback=ordinary_file, help="File to write; standard output if not given."),
    ] = None,
    address: Address = ADDRESS,
) -> None:
    """Print everything that is held of a person, one JSON object a line."""
    with profile_store(address) as store:
        lines = lines_of(store, user)
        if output is None:
            count = write_lines(lines, sys.stdout.buffer)
        else:
            with whole_file(output) as file:
                count = write_lines(lines, file)
    if not count:
        typer.echo("Nothing is held of this user.", err=True)


def write_lines(lines: Iterable[str], file: BinaryIO) -> int:
    """Write lines as they come; return how many there were."""
    count = 0
    for line in lines:
        file.write(f"{line}\n".encode())
        count += 1
    return count


def lines_of(store: ProfileStoreServiceStub, user: str) -> Iterator[str]:
    """Ask for all that is held of a person.

    Raises:
        grpc.RpcError: the store refuses.
    """
    for answer in store.ExportUser(pb.ExportUserRequest(user_id=user), timeout=STREAM_SECONDS):
        yield from answer.lines


@app.command()
def delete(
    user: User,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    address: Address = ADDRESS,
) -> None:
    """Forget a person: profile, events and their ids. It cannot be undone."""
    if not yes:
        question = f"Delete all that the profile store at {address} holds of user {user!r}?"
        typer.confirm(question, abort=True)
    with profile_store(address) as store:
        # Some 10 seconds a million events; should it take longer, the store goes on by itself.
        receipt = store.DeleteUser(pb.DeleteUserRequest(user_id=user), timeout=STREAM_SECONDS)
    console = Console(markup=False, highlight=False)
    console.print(receipt_table(user, receipt))
    if not (receipt.profiles or receipt.events):
        console.print(
            "Nothing was held of this user. Events of before now will be rejected all the same."
        )
    if receipt.events:
        console.print("Exported files still have these events: restock events forget DIR")


def receipt_table(user: str, receipt: pb.DeleteUserResponse) -> Table:
    """Lay out what was deleted, one kind a row."""
    title = Text(f"Deleted: user {user}")
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    rows = {
        "profiles": f"{receipt.profiles:,}",
        "events": f"{receipt.events:,}",
        "event ids": f"{receipt.event_ids:,}",
        "time": f"{receipt.deleted_time.ToDatetime():%Y-%m-%d %H:%M:%S} UTC",
        "hash kept": receipt.user_hash,
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


@app.command()
def replenishment(
    user: User,
    horizon: Annotated[int, typer.Option(min=1, max=90, help="Days to look ahead.")] = 7,
    as_of: Annotated[
        datetime | None, typer.Option(help="The day to look from; today if not given.")
    ] = None,
    address: Address = ADDRESS,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show what a person is about to need again, most probable first."""
    request = pb.GetReplenishmentRequest(user_id=user, horizon_days=horizon)
    if as_of is not None:
        request.as_of_time.CopyFrom(timestamp(as_of))
    with profile_store(address) as store:
        answer = store.GetReplenishment(request, timeout=TIMEOUT_SECONDS)
    title = (
        f"User {user} · {horizon} days from {date_of(answer.as_of_day)}"
        f" · model {answer.model_version or 'none'}"
    )
    if not answer.products:
        typer.echo(f"Nothing that {user!r} bought is known.")
        return
    # The figures are never cut: where there is no room, and in a pipe, lines are longer.
    width = max(Console().width, LEAST_WIDTH)
    console = Console(markup=False, highlight=False, width=width)
    console.print(replenishment_table(title, answer, names(home, answer.model_version)))


def replenishment_table(
    title: str, answer: pb.GetReplenishmentResponse, product_names: dict[str, str]
) -> Table:
    """Lay out products, one a row."""
    right = ("chance", "cycle", "gaps", "units")
    table = Table(
        Column("product", overflow="ellipsis", no_wrap=True, max_width=PRODUCT_WIDTH),
        Column("state", no_wrap=True),
        Column("due", no_wrap=True),
        *(Column(head, justify="right", no_wrap=True) for head in right),
        title=Text(title), title_justify="left", box=None, pad_edge=False,
        caption=CAPTION, caption_justify="left",
    )  # fmt: skip
    for product in answer.products:
        label = f"{product.product_id} {product_names.get(product.product_id, '')}".rstrip()
        table.add_row(Text(label), *cells(product))
    return table


def cells(product: pb.Replenishment) -> list[str]:
    """What a product's row says beside its name."""
    return [
        STATES.get(product.state, UNKNOWN),
        str(date_of(product.due_day)) if product.due_day else UNKNOWN,
        f"{product.probability:.0%}" if product.cycle_days > 0 else UNKNOWN,
        cycle(product),
        str(product.gaps),
        f"{product.suggested_units:g}",
    ]


def cycle(product: pb.Replenishment) -> str:
    """Say how long a cycle is and between what it lies; NaN and 0 are not known."""
    if not product.cycle_days > 0:
        return UNKNOWN
    low, high = product.cycle_days_low, product.cycle_days_high
    return f"{product.cycle_days:.1f} ({low:.1f}–{high:.1f})"
