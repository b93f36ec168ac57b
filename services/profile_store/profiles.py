"""The domain of the profile store, and the port to whatever keeps it.

A repository keeps bytes that it does not look into (`convert` writes and reads them), a revision
that grows with each change, the ids of accepted events, and a log that is only ever added to.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from restock.errors import InvalidRequest

MAX_MILLI = 2**63 - 1
"""Highest sum of a product's units or money, in thousandths: readers may keep it signed."""
MAX_DAY = 2**16 - 1
"""Last day that a profile can hold, counted from 1970-01-01: 2149-06-06."""


@dataclass(frozen=True)
class Profile:
    """What a shopper bought; entry i of each list belongs to ``product_ids[i]``."""

    user_id: str
    """Who."""
    product_ids: list[str] = field(default_factory=list)
    """Sorted, each once."""
    purchase_counts: list[int] = field(default_factory=list)
    """Distinct days on which the product was bought, at least 1."""
    first_days: list[int] = field(default_factory=list)
    """First of them, counted from 1970-01-01."""
    last_days: list[int] = field(default_factory=list)
    """Last of them."""
    units_milli: list[int] = field(default_factory=list)
    """Units in all, in thousandths."""
    spend_milli: list[int] = field(default_factory=list)
    """Money in all, in thousandths of the currency."""
    shopping_days: int = 0
    """Distinct days on which anything was bought."""
    last_shopping_day: int = 0
    """Last of them, 0 when there is none."""
    middle_days: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """By product, the counted days that are known and are neither its first nor its last."""


@dataclass(frozen=True)
class OrderLine:
    """One product of an order."""

    product_id: str
    """What."""
    units_milli: int
    """Units, in thousandths, at least 1."""
    spend_milli: int
    """Money for all of them, in thousandths of the currency, 0 for a give-away."""


@dataclass(frozen=True)
class OrderEvent:
    """A finished purchase that was found valid."""

    row: int
    """Its place in the request."""
    event_id: str
    """The idempotency key."""
    user_id: str
    """Who."""
    day: int
    """Local day, counted from 1970-01-01."""
    lines: tuple[OrderLine, ...]
    """What was bought."""
    payload: bytes
    """The event as the log keeps it."""


class Verdict(Enum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Outcome:
    """What became of an event, and why."""

    verdict: Verdict
    """Whether it was stored."""
    revision: int = 0
    """Revision of the user's profile after it; 0 when rejected."""
    error: InvalidRequest | None = None
    """The field at fault, when rejected."""


class Stored(NamedTuple):
    """A profile as a repository keeps it. The default stands for a user of whom nothing is known."""

    revision: int = 0
    """Grows with each change, 0 when nothing is kept."""
    body: bytes = b""
    """The profile's bytes, empty when nothing is kept."""


class Snapshot(NamedTuple):
    """What a write is decided on."""

    profiles: dict[str, Stored]
    """Profiles by user id."""
    known_events: set[str]
    """Those of the event ids asked for that were accepted before."""


@dataclass(frozen=True)
class Change:
    """Events of one user and the profile that they lead to: stored whole or not at all."""

    user_id: str
    """Who."""
    read_revision: int
    """The revision that the change was made from; any other in the store is a conflict."""
    body: bytes
    """The profile's new bytes. Its revision grows by the number of events."""
    events: tuple[OrderEvent, ...]
    """The events accepted, at least one."""


class ProfileRepository(Protocol):
    """Keeps profiles, event ids and the log. All methods raise StoreUnavailable where it cannot."""

    async def read(self, user_id: str) -> Stored:
        """Return one profile."""

    async def read_many(self, user_ids: Sequence[str]) -> list[Stored]:
        """Return profiles in the order asked."""

    async def snapshot(self, user_ids: Sequence[str], event_ids: Sequence[str]) -> Snapshot:
        """Return profiles, and which events are known, in one round trip."""

    async def commit(self, changes: Sequence[Change]) -> list[bool]:
        """Store changes of different users, each whole or not at all.

        Returns:
            For each change, False for a conflict: its profile is no longer of the revision read, or
            one of its events is known by now. Then nothing of it is stored.
        """

    async def load(self, bodies: Sequence[tuple[str, bytes]], replace: bool) -> int:
        """Store whole profiles, each with its user id; one that exists stays unless `replace`.

        A new profile begins at revision 1; a replaced one's revision grows by 1, so that no writer
        takes it for what it read before.

        Returns:
            How many were stored.
        """

    async def ping(self) -> None:
        """Return if the repository answers."""
