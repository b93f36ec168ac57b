"""Records events: read, apply, store if nobody came first, else again."""

import asyncio
import random
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from restock.errors import StoreUnavailable
from services.profile_store.bounds import Bounds
from services.profile_store.codec import Codec
from services.profile_store.draft import Draft, Outcome, draft_of, named_orders
from services.profile_store.facts import Event
from services.profile_store.ledger import Ledger, OrderPlace
from services.profile_store.profile import profile_of
from services.profile_store.repository import Change, Entry, ProfileRepository, Snapshot
from services.profile_store.turns import Turns
from services.profile_store.user_locks import UserLocks

PAUSE_SECONDS = 0.001
"""Pause before the second attempt at most; doubles with each, up to the longest."""
LONGEST_PAUSE_SECONDS = 0.03
"""Longest pause before an attempt."""
PORTION = 32
"""Users whose events are recorded in one go: so few that reads in between wait for milliseconds only."""
LOG_ID_BYTES = 12
"""So many random bytes that no two users' parts of the log ever share a name."""


class Recorder:
    """Records events in a repository, many users at once, each user's in one atomic step.

    Args:
        repository: where.
        codec: to and from its bytes.
        bounds: most entries of each kind in a ledger.
        attempts: how often a write is tried while writers in other processes come first.
        locks: shared by all writers of this process.
    """

    def __init__(
        self,
        repository: ProfileRepository,
        codec: Codec,
        bounds: Bounds,
        attempts: int,
        locks: UserLocks,
    ) -> None:
        self._repository = repository
        self._codec = codec
        self._bounds = bounds
        self._attempts = attempts
        self._locks = locks

    async def record(self, events: Sequence[Event]) -> dict[int, Outcome]:
        """Store events and apply them to their users' ledgers and profiles.

        Returns:
            What became of each, by its row.

        Raises:
            StoreUnavailable: the repository does not answer, or other writers kept coming first.
                Some users' events may be stored: sending all again is harmless.
            StoreFull: the repository takes no more; likewise.
        """
        outcomes: dict[int, Outcome] = {}
        turns, pending, lost = Turns(), list(events), 0
        while pending:
            if lost == self._attempts:
                raise StoreUnavailable(f"other writers came first {lost} times")
            await pause(lost)
            now, later = by_user(pending)
            again: list[Event] = []
            for users in portions_of(now):
                async with self._locks.held(users):
                    mine = {user: now[user] for user in users}
                    again += await self._attempt(mine, outcomes, turns)
            lost += bool(again)
            pending = sorted(again + later, key=lambda event: event.row)
        return outcomes

    async def _attempt(
        self, events: dict[str, list[Event]], outcomes: dict[int, Outcome], turns: Turns
    ) -> list[Event]:
        """Try to record each user's events, and return those that have to be tried again."""
        ids = [event.event_id for of_user in events.values() for event in of_user]
        snapshot = await self._repository.snapshot([*events], ids)
        drafts: dict[str, Draft] = {}
        for user in events:
            drafts[user] = self._draft(user, snapshot)
            await turns.give()
        await self._find_orders(drafts, events)
        for user, of_user in events.items():
            for event in of_user:
                drafts[user].add(event, event.event_id in snapshot.known_events)
                await turns.give()
        return await self._store(drafts, outcomes, turns)

    async def _store(
        self, drafts: dict[str, Draft], outcomes: dict[int, Outcome], turns: Turns
    ) -> list[Event]:
        """Store what changed, and return the events that have to be tried again."""
        changed = {user: draft for user, draft in drafts.items() if draft.accepted}
        changes = []
        for user, draft in changed.items():
            changes.append(self._change(user, draft))
            await turns.give()
        stored = await self._repository.commit(changes)
        lost = {user for user, whole in zip(changed, stored, strict=True) if not whole}
        for user, draft in drafts.items():
            if user not in lost:
                outcomes.update(draft.outcomes)
        return [event for user in lost for event in drafts[user].events]

    def _draft(self, user_id: str, snapshot: Snapshot) -> Draft:
        kept = snapshot.kept[user_id]
        ledger = self._codec.ledger_from(kept)
        return draft_of(kept, ledger, self._bounds, snapshot.deletions.get(user_id))

    async def _find_orders(self, drafts: dict[str, Draft], events: dict[str, list[Event]]) -> None:
        """Read the orders that events name out of the log, which few events do."""
        named = {user: named_orders(events[user]) for user in drafts}
        old = await self._old_orders(drafts, named)
        wanted = [
            (drafts[user], order, known)
            for user, orders in named.items()
            for order in orders
            if (known := drafts[user].ledger.orders.get(order) or old.get((user, order)))
        ]
        if not wanted:
            return
        found = await self._repository.entries_at(
            [(draft.ledger.log_id, known.place) for draft, _, known in wanted]
        )
        for (draft, order, known), entry in zip(wanted, found, strict=True):
            if entry is not None:  # else the user was deleted since, which is a conflict
                draft.orders[order] = replace(self._codec.order_from(entry), day=known.day)

    async def _old_orders(
        self, drafts: dict[str, Draft], named: dict[str, set[int]]
    ) -> dict[tuple[str, int], OrderPlace]:
        """Find orders that ledgers have forgotten, by user and hash; few users have any."""
        asked = [
            (user, order)
            for user, orders in named.items()
            if drafts[user].ledger.first_order_day
            for order in orders - drafts[user].ledger.orders.keys()
        ]
        if not asked:
            return {}
        found = await self._repository.old_orders(
            [(drafts[user].ledger.log_id, order) for user, order in asked]
        )
        return {name: known for name, known in zip(asked, found, strict=True) if known is not None}

    def _change(self, user_id: str, draft: Draft) -> Change:
        ledger, body = named_log(draft.ledger), None
        profile = profile_of(ledger)
        if draft.changes_profile:
            body = self._codec.profile_to(user_id, ledger.revision, profile)
        return Change(
            user_id=user_id,
            read_commit=draft.kept.commit,
            ledger=self._codec.ledger_to(ledger, profile),
            profile=body,
            log_id=ledger.log_id,
            log_length=ledger.log_length - len(draft.accepted),
            entries=tuple(Entry(one.event_id, one.payload) for one in draft.accepted.values()),
            old_orders=draft.old_orders,
        )


def by_user(events: Sequence[Event]) -> tuple[dict[str, list[Event]], list[Event]]:
    """Sort events by user; of an id under two users, the second waits for the first one's fate."""
    now: dict[str, list[Event]] = {}
    later: list[Event] = []
    owners: dict[str, str] = {}
    for event in events:
        if owners.setdefault(event.event_id, event.user_id) != event.user_id:
            later.append(event)
        else:
            now.setdefault(event.user_id, []).append(event)
    return now, later


def portions_of(users: Iterable[str]) -> Iterator[list[str]]:
    """Cut users into portions, between which others have their turn."""
    waiting = iter(users)
    while portion := list(islice(waiting, PORTION)):
        yield portion


def named_log(ledger: Ledger) -> Ledger:
    """Give a user's part of the log a name when it has none."""
    if ledger.log_id:
        return ledger
    return replace(ledger, log_id=secrets.token_hex(LOG_ID_BYTES))


async def pause(attempt: int) -> None:
    """Wait a random while before an attempt, none before the first."""
    if attempt:
        longest = min(PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
        await asyncio.sleep(random.uniform(0, longest))  # noqa: S311
