"""The port to whatever keeps ledgers, profiles, event ids and the log.

A repository keeps bytes that it does not look into (`kept.convert` writes and reads them). Each user
has a ledger, a profile that follows from it, and a part of the log that is only ever added to.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from services.profile_store.ledger import OrderPlace

RECEIPT_SECONDS = 7 * 86_400
"""How long it is remembered what a deletion took away: so long an answer that was lost can be had again."""


class Kept(NamedTuple):
    """What a repository keeps of a user. The default stands for one of whom nothing is known."""

    commit: int = 0
    """Grows by 1 with each change, a deletion included."""
    ledger: bytes = b""
    """The ledger's bytes, empty when nothing is kept."""
    profile: bytes = b""
    """The profile's bytes, empty when there is none."""


class Deletion(NamedTuple):
    """What is left of a user who was deleted."""

    micros: int
    """When, in microseconds since 1970-01-01."""
    revision: int
    """Revision of the profile then: a new one begins after it."""


class Snapshot(NamedTuple):
    """What a write is decided on."""

    kept: dict[str, Kept]
    """By user id."""
    known_events: set[str]
    """Those of the event ids asked for that were accepted before."""
    deletions: dict[str, Deletion]
    """By user id, of those who were deleted."""


class Entry(NamedTuple):
    """An event in the log."""

    event_id: str
    """Its id."""
    payload: bytes
    """The rest of it."""


@dataclass(frozen=True)
class Change:
    """A user's new state, and the events that lead to it: stored whole or not at all."""

    user_id: str
    """Who."""
    read_commit: int
    """The commit that the change was made from; any other in the store is a conflict."""
    ledger: bytes
    """The ledger's new bytes."""
    profile: bytes | None
    """The profile's new bytes, None when it stays as it is."""
    log_id: str = ""
    """Name of the user's part of the log."""
    log_length: int = 0
    """Events in it before."""
    entries: tuple[Entry, ...] = ()
    """The events accepted, none for an import."""
    old_orders: Mapping[int, OrderPlace] = field(default_factory=dict)
    """Orders that the ledger no longer holds, by hash: kept beside it from now on."""


class Span(NamedTuple):
    """Events that were added to the log at once."""

    cursor: str
    """Its place in the order of all."""
    log_id: str
    """Whose part of the log."""
    start: int
    """Place of the first in that part."""
    length: int
    """How many."""


class Forgotten(NamedTuple):
    """What a deletion took away."""

    profiles: int
    """Profiles, 0 or 1."""
    events: int
    """Events of the log."""
    marks: int
    """Marks of event ids."""


class ProfileRepository(Protocol):
    """All methods raise StoreUnavailable where it does not answer, StoreFull where it is full."""

    async def read(self, user_id: str) -> bytes | None:
        """Return one profile's bytes, None when there is none."""

    async def read_many(self, user_ids: Sequence[str]) -> list[bytes | None]:
        """Return profiles in the order asked."""

    async def snapshot(self, user_ids: Sequence[str], event_ids: Sequence[str]) -> Snapshot:
        """Return what is kept, which events are known and who was deleted, in one round trip."""

    async def commit(self, changes: Sequence[Change]) -> list[bool]:
        """Store changes of different users, each whole or not at all.

        Returns:
            For each change, False for a conflict: its ledger is no longer of the commit read, or one
            of its events is known by now. Then nothing of it is stored.
        """

    async def entries(self, log_id: str, start: int, count: int) -> list[Entry]:
        """Return events of a user's part of the log from a place on; fewer where it ends."""

    async def entries_at(self, places: Sequence[tuple[str, int]]) -> list[Entry | None]:
        """Return the events at places of parts of the log, in one round trip."""

    async def old_orders(self, names: Sequence[tuple[str, int]]) -> list[OrderPlace | None]:
        """Return where old orders stand, in one round trip.

        Args:
            names: of each the name of the user's part of the log, and the order's hash.
        """

    async def spans(self, after: str, up_to: str, count: int) -> list[Span]:
        """Return what was added to the log, in order, at most `count` times.

        Args:
            after: cursor to begin behind, empty for the beginning.
            up_to: cursor to end with, empty for the newest.
            count: at least 1.
        """

    async def entries_of(self, spans: Sequence[Span]) -> list[list[Entry]]:
        """Return each span's events; none of a user who was deleted since."""

    async def forget(
        self, user_id: str, kept: Kept, log_id: str, deletion: Deletion
    ) -> Forgotten | None:
        """Delete a user, and note that; None for a conflict: the ledger is of another commit.

        No other call sees anything of the user from one moment on; what takes longer comes after it,
        and is gone on with by the next `forget` of that user, or by `finish_deletions`, when it is
        interrupted. Of a user of whom nothing is held any more the answer tells what the latest deletion
        that found anything took away, for `RECEIPT_SECONDS` after it.
        """

    async def finish_deletions(self) -> bool:
        """Finish deletions that were interrupted; False when there were none."""

    def deletions(self) -> AsyncIterator[list[tuple[str, Deletion]]]:
        """Give out all deletions with the user's hash, in portions, in no order."""

    async def compact(self) -> bool:
        """See to it that what was deleted leaves the disk; False when nothing was since the last time."""

    async def ping(self) -> None:
        """Return if the repository answers."""

    async def shortcomings(self) -> list[str]:
        """Say what an operator should change so that nothing acknowledged can be lost."""
