"""``restock recommend``: ask a running suite and show the answer with its reasons."""

from contextlib import suppress
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

from restock.cli.home import DEFAULT_HOME, Home, models_in
from restock.errors import RestockError
from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub

ADDRESS = "127.0.0.1:50051"
TIMEOUT_SECONDS = 5.0
BLENDED = {"als": "ALS", "item_cf": "iCF", "popularity": "pop", "history": "own"}
LEARNED = {"learned": "chance"}
FACTORS = {"price": "×price", "repurchase": "×due", "segment": "×seg", "upsell": "×up"}
LEAST_WIDTH = 100
"""Columns of the table where there is no terminal."""
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
    exclude: Annotated[
        list[str] | None, typer.Option(help="A product not to answer; may be given again.")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(help="Answer only such products; may be given again.")
    ] = None,
    min_price: Annotated[
        float | None, typer.Option(min=0, help="Lowest price, in the shop's currency.")
    ] = None,
    max_price: Annotated[float | None, typer.Option(min=0, help="Highest price.")] = None,
    novelty: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of products never bought before; else the best."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(help="The day for which to recommend; the suite's clock if not given."),
    ] = None,
    address: Annotated[str, typer.Option(help="Where the gateway listens.")] = ADDRESS,
    home: Home = DEFAULT_HOME,
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
            exclude_product_ids=exclude or [],
            include_product_ids=include or [],
            filter=types_pb2.ProductFilter(
                categories=category or [], min_price=min_price, max_price=max_price
            ),
            explain=pb.EXPLAIN_LEVEL_FULL,
            novelty=novelty,
        )
    except UnicodeEncodeError:
        raise typer.BadParameter("user, products and categories are UTF-8 text") from None
    if as_of is not None:
        request.as_of_time.CopyFrom(timestamp(as_of))
    with grpc.insecure_channel(address) as channel:
        response = ask(channel, request, address)
    show(response, f"User {user}", names(home, response.model_version), answer_console())


def answer_console() -> Console:
    """A console for answers: where there is no terminal, wide enough for names and reasons."""
    console = Console(markup=False)
    if console.is_terminal or console.width >= LEAST_WIDTH:
        return console
    return Console(markup=False, width=LEAST_WIDTH)


def timestamp(moment: datetime) -> Timestamp:
    """Noon of that day, so that every time zone has the same day."""
    found = Timestamp()
    found.FromDatetime(moment.replace(hour=12, tzinfo=UTC))
    return found


def ask(channel: grpc.Channel, request: pb.RecommendRequest, address: str) -> pb.RecommendResponse:
    """Call the gateway.

    Raises:
        RestockError: it refuses, or is not there; says the status and the reason.
    """
    try:
        return RecommendationServiceStub(channel).Recommend(request, timeout=TIMEOUT_SECONDS)
    except grpc.RpcError as error:
        said = f"{error.code().name}: {error.details()}"
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            said += f" (asked the gateway at {address}; is the suite up? start it with: restock up)"
        raise RestockError(said) from None


def names(home: Path, answered_by: str) -> dict[str, str]:
    """Product names by id from the version that answered, else from the active one; empty without either."""
    store = models_in(home)
    for wanted in (answered_by, None):
        with suppress(RestockError, OSError):
            if version := wanted or store.active():
                return store.item_names(version)
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
