"""Which columns of a retailer's files hold what, from a small TOML file (see examples/columns.toml)."""

import datetime
import tomllib
import zoneinfo
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from restock.errors import InvalidFile

Name = Annotated[str, Field(min_length=1)]
MOMENTS = ("timestamp", "day", "basket_order", "first_day", "last_day", "week")
"""Entries of which another may take the place, but which cannot merely be left out."""
COMPLETE_JOURNEY = Path(__file__).with_name("complete_journey.toml")
"""Columns of the sample data."""


class TransactionColumns(BaseModel):
    """Column names of the purchases."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    user: Name
    """Who bought."""
    product: Name
    """What."""
    quantity: Name | None = None
    """Units; None: one a row."""
    timestamp: Name | None = None
    """When, to the second; one of this, `day` and `basket_order`."""
    day: Name | None = None
    """When, to the day."""
    basket_order: Name | None = None
    """Where no date is known: whole numbers that grow from basket to basket, of one user or of all."""
    timezone: Name | None = None
    """IANA name; timestamps are UTC and count on this zone's calendar day. None: they are local."""
    amount: Name | None = None
    """Total paid for the line; this, `unit_price`, or neither where no price is known."""
    unit_price: Name | None = None
    """Paid for one unit."""
    order: Name | None = None
    """Order or basket; tells a duplicate row from a second purchase."""

    @model_validator(mode="after")
    def complete(self) -> Self:
        """Refuse a choice of columns that does not say when, or says when or how much twice.

        Raises:
            ValueError: names what is allowed.
        """
        if sum(name is not None for name in (self.timestamp, self.day, self.basket_order)) != 1:
            raise ValueError("set either timestamp or day, or, without dates, basket_order")
        if self.amount is not None and self.unit_price is not None:
            raise ValueError("set either amount or unit_price, or neither without prices")
        if self.timezone is not None and self.timestamp is None:
            raise ValueError("timezone belongs to timestamp, not to day or basket_order")
        if self.timezone is not None and self.timezone not in zoneinfo.available_timezones():
            raise ValueError(
                f"timezone is an IANA name such as Europe/Berlin, not {self.timezone!r}"
            )
        return self

    @property
    def moment(self) -> str:
        """The column that says when."""
        return self.timestamp or self.day or self.basket_order or ""

    @property
    def money(self) -> str | None:
        """The column that says how much; None where no price is known."""
        return self.amount or self.unit_price

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
    kind: Name | None = None
    """The finest class of products below the category, such as "2% milk"."""
    brand: Name | None = None
    """Who makes it: products of one kind and brand differ in size or flavour only."""
    name: list[Name] = []
    """Columns that are joined by spaces to a name for people to read."""
    excluded: dict[Name, list[str]] = {}
    """Values, by column, of products that are not to be recommended."""

    def names(self) -> list[str]:
        """Every column to be read."""
        wanted = [self.product, self.category, self.kind, self.brand, *self.name, *self.excluded]
        return list(dict.fromkeys(name for name in wanted if name is not None))


class PromotionColumns(BaseModel):
    """Column names of the promotions."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    product: Name
    """What is promoted, as in the purchases."""
    first_day: Name | None = None
    """Its first day; this and `last_day`, or `week`."""
    last_day: Name | None = None
    """Its last day, inclusive."""
    week: Name | None = None
    """Number of the week in which it is promoted."""
    week_1_begins: datetime.date | None = None
    """First day of the week that has number 1."""
    store: Name | None = None
    """Where; None: everywhere."""
    ways: list[Name] = []
    """How, each column one way (a mailer, a display): what has one value there sells alike."""
    none: str | None = None
    """What `ways` hold for "not in this way", beside nothing."""

    @model_validator(mode="after")
    def complete(self) -> Self:
        """Refuse a choice of columns that does not say when, or says it twice.

        Raises:
            ValueError: names what is allowed.
        """
        spans = (self.first_day is not None, self.last_day is not None)
        weeks = (self.week is not None, self.week_1_begins is not None)
        if not ((all(spans) and not any(weeks)) or (all(weeks) and not any(spans))):
            raise ValueError("set either first_day and last_day, or week and week_1_begins")
        return self

    @property
    def apart(self) -> list[str]:
        """Columns in which promotions of different stores differ."""
        wanted = [self.product, self.first_day, self.last_day, self.week, *self.ways]
        return list(dict.fromkeys(name for name in wanted if name is not None))


class ReportColumns(BaseModel):
    """Column names of the purchases that only the analyst's report reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    discount: list[Name] = []
    """Money that the shop took off the line before `amount` was paid; added up, either sign."""


class Columns(BaseModel):
    """Column names of both files."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    transactions: TransactionColumns | None = None
    """Of the purchases; None where they come from the event log alone."""
    products: ProductColumns
    """Of the products."""
    promotions: PromotionColumns | None = None
    """Of the promotions; None where there is no file of them."""
    report: ReportColumns | None = None
    """Of what `restock report` reads beside them; None without."""

    @property
    def timezone(self) -> str | None:
        """The shop's time zone, where it is named."""
        return self.transactions.timezone if self.transactions else None


MAY_SAY = "a columns file says which to read"
"""Of a column that no section names."""


class NoSuchColumn(InvalidFile):
    """A file lacks a column that is to be read.

    Attributes:
        present: the columns that it has.
    """

    def __init__(
        self, path: Path, column: str, present: Sequence[str], told: str = MAY_SAY
    ) -> None:
        found = f"no such column; {told}; the file has: {', '.join(present)}"
        super().__init__(path, found, column=column)
        self.present = present


SECTIONS: dict[Any, type[BaseModel]] = {
    "transactions": TransactionColumns,
    "products": ProductColumns,
    "promotions": PromotionColumns,
    "report": ReportColumns,
}


@contextmanager
def entry_told(*columns: BaseModel) -> Iterator[None]:
    """Let what is read inside name the entry of the columns file that asks for a column that is not there.

    Args:
        columns: the sections that name the columns.

    Raises:
        NoSuchColumn: as inside, and says which entry it is and whether it may be left out.
    """
    try:
        yield
    except NoSuchColumn as error:
        column = error.column or ""
        told = next(filter(None, (entry_naming(section, column) for section in columns)), MAY_SAY)
        raise NoSuchColumn(error.path, column, error.present, told) from error


def entry_naming(columns: BaseModel, column: str) -> str:
    """Say which entry of a section names a column, and whether it may be left out; nothing if none does."""
    section = next(name for name, kind in SECTIONS.items() if isinstance(columns, kind))
    for name, field in type(columns).model_fields.items():
        value = getattr(columns, name)
        if value == column or (isinstance(value, (list, dict)) and column in value):
            needed = field.is_required() or name in MOMENTS
            told = f"[{section}].{name} of the columns file names it"
            return told if needed else f"{told}, and may be left out"
    return ""


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
    section = SECTIONS.get(place[0], Columns) if len(place) > 1 else Columns
    return list(section.model_fields)
