"""``restock recommend``: ask a running suite and show the answer with its reasons."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import grpc
import typer
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.table import Table
from rich.text import Text

from restock.artifacts.store import BundleStore
from restock.errors import RestockError
from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub

ADDRESS = "127.0.0.1:50051"
TIMEOUT_SECONDS = 5.0
BLENDED = {"als": "ALS", "item_cf": "iCF", "popularity": "pop", "history": "own"}
LEARNED = {"learned": "chance"}
FACTORS = {"price": "×price", "repurchase": "×due", "segment": "×seg", "upsell": "×up"}
NUMBERS_WIDTH = 54
"""Columns that the numbers of the table take; what is left is the product's."""
PRODUCT_WIDTHS = (26, 48)
"""Narrowest and widest."""


class StrategyName(StrEnum):
    """What ``--strategy`` takes."""

    AUTO = "auto"
    ALS = "als"
    ITEM_CF = "item_cf"
    POPULARITY = "popularity"
    HYBRID = "hybrid"
    LEARNED = "learned"


def recommend(
    user: Annotated[str, typer.Argument(help="Id of the shopper; any id is answered.")],
    strategy: Annotated[
        StrategyName, typer.Option(help="How candidates are found and scored.")
    ] = StrategyName.AUTO,
    page_size: Annotated[
        int, typer.Option(min=1, max=100, help="How many products, 1 to 100.")
    ] = 5,
    context: Annotated[
        list[str] | None, typer.Option(help="A product in the cart; may be given again.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="Only this category; may be given again.")
    ] = None,
    novelty: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of products never bought before; else the best."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(help="The day for which to recommend; the suite's clock if not given."),
    ] = None,
    address: Annotated[str, typer.Option(help="Where the gateway listens.")] = ADDRESS,
    home: Annotated[
        Path, typer.Option(envvar="RESTOCK_HOME", help="Folder of the models, for product names.")
    ] = Path(".restock"),
) -> None:
    """Recommend products to a shopper, and say why.

    Example: restock recommend 1 --strategy hybrid --page-size 3
    """
    try:
        request = pb.RecommendRequest(
            user_id=user,
            page_size=page_size,
            strategy=types_pb2.Strategy.Value(f"STRATEGY_{strategy.name}"),
            context_product_ids=context or [],
            filter=types_pb2.ProductFilter(categories=category or []),
            explain=pb.EXPLAIN_LEVEL_FULL,
            novelty=novelty,
        )
    except UnicodeEncodeError:
        raise typer.BadParameter("user, context and category are UTF-8 text") from None
    if as_of is not None:
        request.as_of_time.CopyFrom(timestamp(as_of))
    with grpc.insecure_channel(address) as channel:
        show(ask(channel, request), f"User {user}", names(home), Console(markup=False))


def timestamp(moment: datetime) -> Timestamp:
    """Noon of that day, so that every time zone has the same day."""
    found = Timestamp()
    found.FromDatetime(moment.replace(hour=12, tzinfo=UTC))
    return found


def ask(channel: grpc.Channel, request: pb.RecommendRequest) -> pb.RecommendResponse:
    """Call the gateway; exit with one clear line if it refuses or is not there."""
    try:
        return RecommendationServiceStub(channel).Recommend(request, timeout=TIMEOUT_SECONDS)
    except grpc.RpcError as error:
        typer.secho(f"{error.code().name}: {error.details()}", fg="red", err=True)
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            typer.secho("Is the suite up? Start it with: restock up", err=True)
        raise typer.Exit(2) from None


def names(home: Path) -> dict[str, str]:
    """Product names by id from the active model version; empty where there is none to read."""
    store = BundleStore(home / "models")
    try:
        version = store.active()
        return store.item_names(version) if version else {}
    except (RestockError, OSError):
        return {}


def show(
    response: pb.RecommendResponse, title: str, product_names: dict[str, str], console: Console
) -> None:
    """Print one answer: score, its additive parts, its re-rank factors, the first reason."""
    strategy = types_pb2.Strategy.Name(response.strategy_used).removeprefix("STRATEGY_")
    parts = LEARNED if response.strategy_used == types_pb2.STRATEGY_LEARNED else BLENDED
    level1 = " + ".join(parts.values())
    table = Table(
        title=f"{title} · {strategy} · model {response.model_version or 'none'}",
        caption=f"score = ({level1}) × price × due × segment × upsell",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title_justify="left",
        caption_justify="left",
    )
    narrowest, widest = PRODUCT_WIDTHS
    width = max(narrowest, min(widest, console.width - NUMBERS_WIDTH))
    table.add_column("product, and why", width=width)
    for heading in ("score", *parts.values(), *FACTORS.values()):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in response.results:
        table.add_row(*cells(result, product_names, width, list(parts)))
    console.print(table)
    for degradation in response.degradations:
        kind = pb.DegradationKind.Name(degradation.kind).removeprefix("DEGRADATION_KIND_")
        told = f" {degradation.service} {degradation.reason}"
        console.print(Text.assemble((kind, "yellow"), told))
    if response.missing_ids:
        console.print(f"unknown to this model version: {', '.join(response.missing_ids)}")


def cells(
    result: pb.Recommendation, product_names: dict[str, str], width: int, parts: list[str]
) -> list[Text]:
    """One row of the table; what the names hold is printed as it is."""
    why = result.reasons[0].text if result.reasons else ""
    anchor = product_names.get(result.reasons[0].anchor_product_id, "") if result.reasons else ""
    label = f"{result.product_id} {product_names.get(result.product_id, '')}"
    level1 = [f"{getattr(result.breakdown, part):.3f}" for part in parts]
    factors = [f"{getattr(result.factors, factor):.2f}" for factor in FACTORS]
    name, reason = Text(label), Text(f"{why} {anchor}".rstrip(), style="dim")
    name.truncate(width, overflow="ellipsis")
    numbers = [f"{result.score:.3f}", *level1, *factors]
    return [Text("\n").join([name, reason]), *(Text(number) for number in numbers)]
