"""Everything in memory: for tests and for trying things out. Forgets all when the process ends."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice

from restock.core.user_hash import user_hash
from services.profile_store.ledger import OrderPlace
from services.profile_store.repository import (
    RECEIPT_SECONDS,
    Change,
    Deletion,
    Entry,
    Forgotten,
    Kept,
    Snapshot,
    Span,
)

NO_MARK = (float("-inf"), "")
NO_RECEIPT = (float("-inf"), Forgotten(0, 0, 0))


class MemoryProfiles:
    """Passes the same contract as Redis."""

    def __init__(
        self, dedupe_seconds: float = 7 * 86_400, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._dedupe_seconds = dedupe_seconds
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        self._logs: dict[str, list[Entry]] = {}
        self._spans: list[Span] = []
        self._marks: dict[str, tuple[float, str]] = {}
        self._deletions: dict[str, Deletion] = {}
        self._commits: dict[str, int] = {}
        self._old_orders: dict[str, dict[int, OrderPlace]] = {}
        self._receipts: dict[str, tuple[float, Forgotten]] = {}

    async def read(self, user_id: str) -> bytes | None:
        """Return one profile."""
        return self._kept.get(user_id, Kept()).profile or None

    async def read_many(self, user_ids: Sequence[str]) -> list[bytes | None]:
        """Return profiles in the order asked."""
        return [await self.read(user_id) for user_id in user_ids]

    async def snapshot(self, user_ids: Sequence[str], event_ids: Sequence[str]) -> Snapshot:
        """Return ledgers, which events are known and who was deleted."""
        return Snapshot(
            {user_id: self._state(user_id) for user_id in user_ids},
            {event_id for event_id in event_ids if self._is_known(event_id)},
            {
                user_id: self._deletions[user_hash(user_id)]
                for user_id in user_ids
                if user_hash(user_id) in self._deletions
            },
        )

    async def commit(self, changes: Sequence[Change]) -> list[bool]:
        """Store changes, each whole or not at all."""
        return [self._commit(change) for change in changes]

    async def entries(self, log_id: str, start: int, count: int) -> list[Entry]:
        """Return events of a user's part of the log."""
        return self._logs.get(log_id, [])[start : start + count]

    async def entries_at(self, places: Sequence[tuple[str, int]]) -> list[Entry | None]:
        """Return the events at places."""
        return [next(iter(await self.entries(log_id, place, 1)), None) for log_id, place in places]

    async def old_orders(self, names: Sequence[tuple[str, int]]) -> list[OrderPlace | None]:
        """Return where old orders stand."""
        return [self._old_orders.get(log_id, {}).get(order_hash) for log_id, order_hash in names]

    async def spans(self, after: str, up_to: str, count: int) -> list[Span]:
        """Return what was added to the log, in order."""
        first, last = place_of(after), place_of(up_to) if up_to else len(self._spans)
        return list(islice(self._spans, first, min(last, first + count)))

    async def entries_of(self, spans: Sequence[Span]) -> list[list[Entry]]:
        """Return each span's events."""
        return [await self.entries(span.log_id, span.start, span.length) for span in spans]

    async def forget(
        self, user_id: str, kept: Kept, log_id: str, deletion: Deletion
    ) -> Forgotten | None:
        """Delete a user, and note that."""
        found, name = self._state(user_id), user_hash(user_id)
        if found.commit != kept.commit:
            return None
        self._commits[name] = kept.commit + 1
        self._deletions[name] = deletion
        if self._kept.pop(user_id, None) is not None:
            ends = self._clock() + RECEIPT_SECONDS
            self._receipts[name] = ends, self._forget_log(log_id, int(bool(found.profile)))
        ends, forgotten = self._receipts.get(name, NO_RECEIPT)
        return forgotten if ends > self._clock() else NO_RECEIPT[1]

    async def finish_deletions(self) -> bool:
        """Return: a deletion here is not interrupted."""
        return False

    async def deletions(self) -> AsyncIterator[list[tuple[str, Deletion]]]:
        """Give out all deletions."""
        if self._deletions:
            yield [*self._deletions.items()]

    async def compact(self) -> bool:
        """Return: nothing is on a disk."""
        return False

    async def ping(self) -> None:
        """Return: memory always answers."""

    async def shortcomings(self) -> list[str]:
        """Return: nobody expects memory to outlive its process."""
        return []

    def _commit(self, change: Change) -> bool:
        kept = self._state(change.user_id)
        known = any(self._is_known(entry.event_id) for entry in change.entries)
        if kept.commit != change.read_commit or known:
            return False
        profile = kept.profile if change.profile is None else change.profile
        self._kept[change.user_id] = Kept(kept.commit + 1, change.ledger, profile)
        if change.entries:
            self._log(change)
        self._old_orders.setdefault(change.log_id, {}).update(change.old_orders)
        return True

    def _forget_log(self, log_id: str, profiles: int) -> Forgotten:
        events = self._logs.pop(log_id, [])
        self._old_orders.pop(log_id, None)
        ids = {event.event_id for event in events}
        marks = [one for one in ids if self._marks.get(one, NO_MARK)[1] == log_id]
        known = sum(self._is_known(event_id) for event_id in marks)
        for event_id in marks:
            del self._marks[event_id]
        return Forgotten(profiles, len(events), known)

    def _state(self, user_id: str) -> Kept:
        return self._kept.get(user_id) or Kept(self._commits.get(user_hash(user_id), 0))

    def _log(self, change: Change) -> None:
        self._logs.setdefault(change.log_id, []).extend(change.entries)
        cursor = f"{len(self._spans) + 1}-0"
        self._spans.append(Span(cursor, change.log_id, change.log_length, len(change.entries)))
        ends = self._clock() + self._dedupe_seconds
        self._marks.update({entry.event_id: (ends, change.log_id) for entry in change.entries})

    def _is_known(self, event_id: str) -> bool:
        return self._marks.get(event_id, NO_MARK)[0] > self._clock()


def place_of(cursor: str) -> int:
    """How many spans a cursor stands for."""
    return int(cursor.partition("-")[0]) if cursor else 0
