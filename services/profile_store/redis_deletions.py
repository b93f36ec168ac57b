"""Deletions in Redis: one short step that takes a user out of sight, then events and marks in portions.

The first step notes the deletion, drops ledger and profile, and renames the user's part of the log. From
then on no read finds anything, and the marks of its events no longer count as marks. A portion takes some
events from the front of the renamed list, with their marks. Each is one script: whoever comes next, in this
process or in another, goes on with what is left.
"""

import asyncio
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any

from restock.core.user_hash import user_hash
from services.profile_store.redis_clients import Clients, answering
from services.profile_store.redis_values import (
    DELETED_KEY,
    FORGETTING_KEY,
    MARK_PREFIX,
    REMEMBERED_KEY,
    commit_bytes,
    deletion_of,
    forgetting_key,
    ledger_key,
    log_key,
    old_orders_key,
    profile_key,
    receipt_key,
)
from services.profile_store.repository import RECEIPT_SECONDS, Deletion, Forgotten, Kept

PORTION_EVENTS = 500
"""Events of a portion: so few that whoever reads from Redis meanwhile waits for some milliseconds only."""
PORTION_BYTES = 1_000_000
"""Bytes after which a portion ends: an event may be as large as a request."""
SCAN_COUNT = 1_000
"""Notes read at once."""
Part = tuple[str, str]
"""A part of the log that is being forgotten: its name, and the hash of its user's id."""


class RedisDeletions:
    """Forgets users.

    Args:
        clients: to Redis.
        writes: bounds how many connections are used at once.
    """

    def __init__(self, clients: Clients, writes: asyncio.Semaphore) -> None:
        self._clients = clients
        self._writes = writes
        # One portion of a process at a time: more would only make readers wait longer.
        self._portion = asyncio.Lock()
        package = files("services.profile_store")
        self._forget_script = package.joinpath("forget.lua").read_text()
        self._unmark_script = package.joinpath("unmark.lua").read_text()

    async def forget(
        self, user_id: str, kept: Kept, log_id: str, deletion: Deletion
    ) -> Forgotten | None:
        """Delete a user whole; None when the ledger is of another commit."""
        hidden = await self.hide(user_id, kept, log_id, deletion)
        if hidden is None:
            return None
        name = user_hash(user_id)
        for part in await self.unfinished():
            if part[1] == name:
                await self._finish(part)
        return await self.receipt(name, hidden)

    async def finish(self) -> bool:
        """Finish deletions that were interrupted; False when there were none."""
        parts = await self.unfinished()
        for part in parts:
            await self._finish(part)
        return bool(parts)

    async def hide(self, user_id: str, kept: Kept, log_id: str, deletion: Deletion) -> str | None:
        """Take a user out of sight, and note that.

        Returns:
            What the receipt calls this deletion: the user may come back, and be deleted again, before it is
            through. Of a user of whom nothing was held, the deletion before; empty when that is forgotten.
            None when the ledger is of another commit.
        """
        name = user_hash(user_id)
        keys = [
            ledger_key(user_id), profile_key(user_id), log_key(log_id), old_orders_key(log_id),
            DELETED_KEY, FORGETTING_KEY, forgetting_key(log_id), receipt_key(name), REMEMBERED_KEY,
        ]  # fmt: skip
        note = f"{deletion.micros}:{deletion.revision}:{kept.commit + 1}"
        arguments = [commit_bytes(kept.commit), name, note, log_id, RECEIPT_SECONDS]
        hidden = await self._evaluated(self._forget_script, keys, arguments)
        if isinstance(hidden, bytes):
            return hidden.decode()
        return "" if hidden else None

    async def unfinished(self) -> list[Part]:
        """Return the parts of the log that are being forgotten."""
        async with self._writes:
            with answering():
                found: Any = await self._clients.bulk.hgetall(FORGETTING_KEY)
        return [(log_id.decode(), name.decode()) for log_id, name in found.items()]

    async def take_portion(self, part: Part) -> bool:
        """Take a portion of events and their marks away; False when none are left."""
        log_id, name = part
        keys = [forgetting_key(log_id), FORGETTING_KEY, receipt_key(name), REMEMBERED_KEY]
        arguments = [log_id, MARK_PREFIX, PORTION_EVENTS, PORTION_BYTES]
        async with self._portion:
            return bool(await self._evaluated(self._unmark_script, keys, arguments))

    async def notes(self) -> AsyncIterator[list[tuple[str, Deletion]]]:
        """Give out all deletions, in portions; one may come twice."""
        cursor = 0
        while True:
            with answering():
                found: Any = await self._clients.bulk.hscan(DELETED_KEY, cursor, count=SCAN_COUNT)
            cursor, notes = found
            if notes:
                yield [(name.decode(), deletion_of(note)) for name, note in notes.items()]
            if not cursor:
                return

    async def receipt(self, name: str, hidden: str) -> Forgotten:
        """Tell what a deletion took away, by the user's hash and what `hide` called it."""
        fields = [f"{hidden} {counted}" for counted in Forgotten._fields]
        async with self._writes:
            with answering():
                found: Any = await self._clients.bulk.hmget(receipt_key(name), fields)
        return Forgotten(*(int(count or 0) for count in found))

    async def _finish(self, part: Part) -> None:
        while await self.take_portion(part):
            pass

    async def _evaluated(self, script: str, keys: list[str], arguments: list[Any]) -> Any:
        client: Any = self._clients.bulk_writes
        async with self._writes:
            with answering():
                return await client.eval(script, len(keys), *keys, *arguments)
