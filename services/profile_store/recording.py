"""Records events: read, apply, store if nobody came first, else again."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from restock.errors import InvalidRequest, StoreUnavailable
from services.profile_store.apply import apply_order
from services.profile_store.profiles import (
    Change,
    OrderEvent,
    Outcome,
    Profile,
    ProfileRepository,
    Snapshot,
    Stored,
    Verdict,
)

PAUSE_SECONDS = 0.001
"""Pause before the second attempt at most; doubles with each, up to the longest."""
LONGEST_PAUSE_SECONDS = 0.03
"""Longest pause before an attempt."""


@dataclass(frozen=True)
class Codec:
    """Turns profiles into the bytes that a repository keeps, and back."""

    decode: Callable[[str, bytes], Profile]
    """From a user id and bytes; no bytes are a profile without purchases."""
    encode: Callable[[Profile], bytes]
    """To bytes."""


@dataclass
class Draft:
    """The events of one user in one attempt, and the profile that they lead to."""

    stored: Stored
    """The profile as read."""
    profile: Profile
    """The profile as it becomes."""
    events: list[OrderEvent] = field(default_factory=list)
    """All events seen."""
    accepted: dict[str, OrderEvent] = field(default_factory=dict)
    """Those that change the profile, by event id."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """What becomes of each if the change is stored, by the event's row."""

    @property
    def revision(self) -> int:
        """The profile's revision as it becomes."""
        return self.stored.revision + len(self.accepted)

    def add(self, event: OrderEvent, known: bool, max_products: int) -> None:
        """Apply an event unless it is `known`."""
        self.events.append(event)
        if known or event.event_id in self.accepted:
            self.outcomes[event.row] = Outcome(Verdict.DUPLICATE, self.revision)
            return
        try:
            self.profile = apply_order(self.profile, event.day, event.lines, max_products)
        except InvalidRequest as error:
            self.outcomes[event.row] = rejected(event.row, error)
            return
        self.accepted[event.event_id] = event
        self.outcomes[event.row] = Outcome(Verdict.ACCEPTED, self.revision)


class Recorder:
    """Records events in a repository, many users at once, each user's in one atomic step."""

    def __init__(
        self, repository: ProfileRepository, codec: Codec, max_products: int, attempts: int
    ) -> None:
        self._repository = repository
        self._codec = codec
        self._max_products = max_products
        self._attempts = attempts

    async def record(self, events: Sequence[OrderEvent]) -> dict[int, Outcome]:
        """Store events and apply them to their users' profiles.

        Returns:
            What became of each, by its row.

        Raises:
            StoreUnavailable: the repository does not answer, or other writers kept coming first.
                Some users' events may be stored: sending all again is harmless.
        """
        outcomes: dict[int, Outcome] = {}
        pending = list(events)
        for attempt in range(self._attempts):
            if not pending:
                return outcomes
            await pause(attempt)
            pending = await self._attempt(pending, outcomes)
        if pending:
            raise StoreUnavailable(f"other writers came first {self._attempts} times")
        return outcomes

    async def _attempt(
        self, pending: list[OrderEvent], outcomes: dict[int, Outcome]
    ) -> list[OrderEvent]:
        users = list(dict.fromkeys(event.user_id for event in pending))
        ids = list(dict.fromkeys(event.event_id for event in pending))
        snapshot = await self._repository.snapshot(users, ids)
        drafts, later = self._drafted(pending, snapshot)
        changed = {user: draft for user, draft in drafts.items() if draft.accepted}
        stored = await self._repository.commit(
            [self._change(user, draft) for user, draft in changed.items()]
        )
        lost = {user for user, whole in zip(changed, stored, strict=True) if not whole}
        for user, draft in drafts.items():
            if user in lost:
                later.extend(draft.events)
            else:
                outcomes.update(draft.outcomes)
        return sorted(later, key=lambda event: event.row)

    def _drafted(
        self, pending: list[OrderEvent], snapshot: Snapshot
    ) -> tuple[dict[str, Draft], list[OrderEvent]]:
        drafts: dict[str, Draft] = {}
        later: list[OrderEvent] = []
        owners: dict[str, str] = {}
        for event in pending:
            if owners.setdefault(event.event_id, event.user_id) != event.user_id:
                # An id under two users: the second is judged when the first one's fate is known.
                later.append(event)
                continue
            draft = drafts.get(event.user_id)
            if draft is None:
                draft = drafts[event.user_id] = self._draft(event.user_id, snapshot)
            draft.add(event, event.event_id in snapshot.known_events, self._max_products)
        return drafts, later

    def _draft(self, user_id: str, snapshot: Snapshot) -> Draft:
        stored = snapshot.profiles[user_id]
        return Draft(stored, self._codec.decode(user_id, stored.body))

    def _change(self, user_id: str, draft: Draft) -> Change:
        body = self._codec.encode(draft.profile)
        return Change(user_id, draft.stored.revision, body, tuple(draft.accepted.values()))


def rejected(row: int, error: InvalidRequest) -> Outcome:
    """Reject an event; the error's field is told from the event on."""
    path = f"events[{row}].{error.field}"
    return Outcome(Verdict.REJECTED, error=InvalidRequest(path, error.allowed))


async def pause(attempt: int) -> None:
    """Wait a random while before an attempt, none before the first."""
    if attempt:
        longest = min(PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311
