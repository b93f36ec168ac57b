"""Profiles in memory: for tests and for trying things out. Forgets all when the process ends."""

import time
from collections.abc import Callable, Sequence

from services.profile_store.profiles import Change, Snapshot, Stored


class MemoryProfiles:
    """Passes the same contract as Redis."""

    def __init__(
        self, dedupe_seconds: float = 7 * 86_400, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.log: list[bytes] = []
        """Events in the order accepted."""
        self._dedupe_seconds = dedupe_seconds
        self._clock = clock
        self._profiles: dict[str, Stored] = {}
        self._marks: dict[str, float] = {}

    async def read(self, user_id: str) -> Stored:
        """Return one profile."""
        return self._profiles.get(user_id, Stored())

    async def read_many(self, user_ids: Sequence[str]) -> list[Stored]:
        """Return profiles in the order asked."""
        return [self._profiles.get(user_id, Stored()) for user_id in user_ids]

    async def snapshot(self, user_ids: Sequence[str], event_ids: Sequence[str]) -> Snapshot:
        """Return profiles, and which events are known."""
        stored = await self.read_many(user_ids)
        known = {event_id for event_id in event_ids if self._is_known(event_id)}
        return Snapshot(dict(zip(user_ids, stored, strict=True)), known)

    async def commit(self, changes: Sequence[Change]) -> list[bool]:
        """Store changes, each whole or not at all."""
        return [self._commit(change) for change in changes]

    async def load(self, bodies: Sequence[tuple[str, bytes]], replace: bool) -> int:
        """Store whole profiles; one that exists stays unless `replace`."""
        return sum(self._load(user_id, body, replace) for user_id, body in bodies)

    async def ping(self) -> None:
        """Return: memory always answers."""

    def _load(self, user_id: str, body: bytes, replace: bool) -> bool:
        if user_id in self._profiles and not replace:
            return False
        self._profiles[user_id] = Stored(self._revision(user_id) + 1, body)
        return True

    def _commit(self, change: Change) -> bool:
        revision = self._revision(change.user_id)
        if revision != change.read_revision:
            return False
        if any(self._is_known(event.event_id) for event in change.events):
            return False
        self.log.extend(event.payload for event in change.events)
        self._profiles[change.user_id] = Stored(revision + len(change.events), change.body)
        ends = self._clock() + self._dedupe_seconds
        self._marks.update({event.event_id: ends for event in change.events})
        return True

    def _revision(self, user_id: str) -> int:
        return self._profiles.get(user_id, Stored()).revision

    def _is_known(self, event_id: str) -> bool:
        return self._marks.get(event_id, float("-inf")) > self._clock()
