"""Which columns of a retailer's files hold what, from a small TOML file (see examples/columns.toml)."""

import tomllib
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from restock.errors import InvalidFile

Name = Annotated[str, Field(min_length=1)]
COMPLETE_JOURNEY = Path(__file__).with_name("complete_journey.toml")
"""Columns of the sample data."""


class TransactionColumns(BaseModel):
    """Column names of the purchases."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    user: Name
    """Who bought."""
    product: Name
    """What."""
    quantity: Name
    """Units."""
    timestamp: Name | None = None
    """When, to the second; either this or `day`."""
    day: Name | None = None
    """When, to the day."""
    timezone: Name | None = None
    """IANA name; timestamps are UTC and count on this zone's calendar day. None: they are local."""
    amount: Name | None = None
    """Total paid for the line; either this or `unit_price`."""
    unit_price: Name | None = None
    """Paid for one unit."""
    order: Name | None = None
    """Order or basket; tells a duplicate row from a second purchase."""

    @model_validator(mode="after")
    def complete(self) -> Self:
        """Refuse a choice of columns that does not say when or how much, or says it twice.

        Raises:
            ValueError: names what is allowed.
        """
        if (self.timestamp is None) == (self.day is None):
            raise ValueError("set either timestamp or day")
        if (self.amount is None) == (self.unit_price is None):
            raise ValueError("set either amount or unit_price")
        if self.timezone is not None and self.timestamp is None:
            raise ValueError("timezone belongs to timestamp, not to day")
        if self.timezone is not None and self.timezone not in zoneinfo.available_timezones():
            raise ValueError(
                f"timezone is an IANA name such as Europe/Berlin, not {self.timezone!r}"
            )
        return self

    @property
    def moment(self) -> str:
        """The column that says when."""
        return self.timestamp or self.day or ""

    @property
    def money(self) -> str:
        """The column that says how much."""
        return self.amount or self.unit_price or ""

    def names(self) -> list[str]:
        """Every column to be read."""
        wanted = [self.user, self.product, self.moment, self.quantity, self.money, self.order]
        return list(dict.fromkeys(name for name in wanted if name is not None))


class ProductColumns(BaseModel):
    """Column names of the products."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    product: Name
    """Its id, as in the purchases."""
    category: Name | None = None
    """Its category."""
    name: list[Name] = []
    """Columns that are joined by spaces to a name for people to read."""
    excluded: dict[Name, list[str]] = {}
    """Values, by column, of products that are not to be recommended."""

    def names(self) -> list[str]:
        """Every column to be read."""
        wanted = [self.product, self.category, *self.name, *self.excluded]
        return list(dict.fromkeys(name for name in wanted if name is not None))


class Columns(BaseModel):
    """Column names of both files."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    transactions: TransactionColumns | None = None
    """Of the purchases; None where they come from the event log alone."""
    products: ProductColumns
    """Of the products."""

    @property
    def timezone(self) -> str | None:
        """The shop's time zone, where it is named."""
        return self.transactions.timezone if self.transactions else None


def read_columns(path: Path = COMPLETE_JOURNEY) -> Columns:
    """Read a columns file; the sample data's by default.

    Raises:
        InvalidFile: it is not there, not TOML, or a key in it is unknown, missing or not allowed.
    """
    try:
        return Columns.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidFile(path, f"not a TOML file: {error}") from error
    except ValidationError as error:
        raise InvalidFile(path, explanation(error)) from error


def explanation(error: ValidationError) -> str:
    """Say in one line which key of a columns file is at fault and what is allowed."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] in ("extra_forbidden", "missing"):
        fault = "no such key" if first["type"] == "extra_forbidden" else "missing"
        message = f"{fault}; the keys are: {', '.join(keys_beside(first['loc']))}"
    return f"{place or 'file'}: {message}"


def keys_beside(place: tuple[Any, ...]) -> list[str]:
    """Names of the keys that are known in the section of a key."""
    sections: dict[Any, type[BaseModel]] = {
        "transactions": TransactionColumns,
        "products": ProductColumns,
    }
    section = sections.get(place[0], Columns) if len(place) > 1 else Columns
    return list(section.model_fields)
