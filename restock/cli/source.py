"""The options that name a retailer's files, for every command that reads them."""

from pathlib import Path
from typing import Annotated

import typer

from restock.time_zone import known_zone


def zone_option(name: str | None) -> str | None:
    """Refuse a name that is no time zone.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return known_zone(name) if name else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


TransactionsFile = Annotated[
    Path | None, typer.Option(help="Purchases, one row a line of a receipt: .csv or .parquet.")
]
"""The option --transactions."""
ProductsFile = Annotated[
    Path | None, typer.Option(help="Products, one row each: .csv or .parquet.")
]
"""The option --products."""
PromotionsFile = Annotated[
    Path | None,
    typer.Option(
        help="Promotions, past and planned, one row a product and span of days: .csv or .parquet."
    ),
]
"""The option --promotions."""
EventsFolder = Annotated[
    Path | None,
    typer.Option(
        file_okay=False,
        help="Folder that `restock events export` has written: its orders are learned from, beside "
        "--transactions or without; users deleted since are forgotten in both.",
    ),
]
"""The option --events."""
ColumnsFile = Annotated[
    Path | None,
    typer.Option(
        help="TOML file that says which columns hold what; start from examples/columns.toml. "
        "Without it, files are laid out like the sample."
    ),
]
"""The option --columns."""
TimeZone = Annotated[
    str | None,
    typer.Option(
        envvar="RESTOCK_TIME_ZONE",
        callback=zone_option,
        help="The shop's time zone, where the columns file names none: timestamps with a UTC offset "
        "count on its days.",
    ),
]
"""The option --time-zone."""
