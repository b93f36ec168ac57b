"""Forgets a person, and gives out what is held of one."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from restock.errors import DeletedMeanwhile, StoreUnavailable
from services.profile_store.codec import Codec
from services.profile_store.recording import pause
from services.profile_store.repository import (
    Deletion,
    Entry,
    Forgotten,
    Kept,
    ProfileRepository,
)

PORTION = 100
"""Events read from the log at once: so few that reads in between wait for milliseconds only."""
PORTION_BYTES = 100_000
"""Events given out at once: as JSON they are some four times as long."""


class Receipt(NamedTuple):
    """What a deletion did."""

    deletion: Deletion
    """What is left."""
    forgotten: Forgotten
    """What was taken away."""


class Rights:
    """What a person may ask for.

    Args:
        repository: where everything is held.
        codec: from its bytes.
        attempts: how often a deletion is tried while writers come first.
    """

    def __init__(self, repository: ProfileRepository, codec: Codec, attempts: int) -> None:
        self._repository = repository
        self._codec = codec
        self._attempts = attempts

    async def delete(self, user_id: str, now_micros: int) -> Receipt:
        """Forget a user, known or not, with all that happened up to now or is dated later.

        Args:
            user_id: who.
            now_micros: the moment, in microseconds since 1970-01-01.

        Raises:
            StoreUnavailable: the repository does not answer, or writers kept coming first.
        """
        for attempt in range(self._attempts):
            await pause(attempt)
            snapshot = await self._repository.snapshot([user_id], [])
            kept, before = snapshot.kept[user_id], snapshot.deletions.get(user_id)
            ledger = self._codec.ledger_from(kept)
            earlier = before or Deletion(0, 0)
            deletion = Deletion(
                max(now_micros, ledger.last_micros, earlier.micros),
                max(ledger.revision, earlier.revision),
            )
            forgotten = await self._repository.forget(user_id, kept, ledger.log_id, deletion)
            if forgotten is not None:
                return Receipt(deletion, forgotten)
        raise StoreUnavailable(f"writers came first {self._attempts} times")

    async def held(self, user_id: str) -> Kept:
        """Return what is held of a user beside the log."""
        return (await self._repository.snapshot([user_id], [])).kept[user_id]

    async def events(self, kept: Kept) -> AsyncIterator[list[Entry]]:
        """Give out a user's part of the log, oldest first, in portions.

        Raises:
            DeletedMeanwhile: what was given out is not whole.
            StoreUnavailable: the repository does not answer.
        """
        ledger, start = self._codec.ledger_from(kept), 0
        log_id = ledger.log_id
        while log_id and (entries := await self._repository.entries(log_id, start, PORTION)):
            start += len(entries)
            for portion in portions_of(entries):
                yield portion
        if start < ledger.log_length:
            raise DeletedMeanwhile(f"deleted after {start} of {ledger.log_length} events")


def portions_of(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut events into portions of a size that fits into an answer; a larger event stands alone."""
    portion: list[Entry] = []
    size = 0
    for entry in entries:
        if portion and size + len(entry.payload) > PORTION_BYTES:
            yield portion
            portion, size = [], 0
        portion.append(entry)
        size += len(entry.payload)
    if portion:
        yield portion
