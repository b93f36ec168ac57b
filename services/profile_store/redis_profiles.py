"""Everything in Redis or Valkey, 6.2 or later: one server with as many replicas as one likes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, cast

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from restock.core.user_hash import user_hash
from restock.errors import StoreUnavailable
from services.profile_store.fresh_file import is_forbidden
from services.profile_store.ledger import OrderPlace
from services.profile_store.pipelined_reads import PipelinedReads
from services.profile_store.redis_clients import Clients, answering
from services.profile_store.redis_deletions import RedisDeletions
from services.profile_store.redis_settings import shortcomings
from services.profile_store.redis_values import (
    DELETED_KEY,
    FORGETTING_KEY,
    ORDER_KEY,
    REMEMBERED_KEY,
    commit_bytes,
    deletion_of,
    entry_of,
    kept_of,
    ledger_key,
    log_key,
    mark_key,
    old_orders_key,
    order_name,
    order_place_of,
    order_value,
    profile_key,
    span_of,
    value_of,
)
from services.profile_store.repository import (
    Change,
    Deletion,
    Entry,
    Forgotten,
    Kept,
    Snapshot,
    Span,
)

BY_HAND = (
    "Redis forbids BGREWRITEAOF: deleted people stay in its append-only file until that is given by hand; "
    f"then DEL {REMEMBERED_KEY}"
)
REWRITE_POLL_SECONDS = 0.1


class RedisProfiles:
    """The profile repository that runs in production."""

    def __init__(
        self,
        clients: Clients,
        reads: PipelinedReads,
        dedupe_seconds: int,
        write_connections: int,
    ) -> None:
        self._clients = clients
        self._reads = reads
        self._dedupe_seconds = dedupe_seconds
        self._writes = asyncio.Semaphore(write_connections)
        self._deletions = RedisDeletions(clients, self._writes)
        package = files("services.profile_store")
        self._commit_script = package.joinpath("commit.lua").read_text()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        url: str,
        timeout_seconds: float,
        import_timeout_seconds: float,
        dedupe_seconds: int,
        write_connections: int,
    ) -> AsyncIterator["RedisProfiles"]:
        """Open a repository; it connects with the first call and again after each loss.

        Args:
            url: such as ``redis://127.0.0.1:6379/0``.
            timeout_seconds: how long one connect, and one answer, may take.
            import_timeout_seconds: how long it may take to store a portion of an import.
            dedupe_seconds: how long event ids are remembered.
            write_connections: writes under way at once.
        """
        async with Clients.open(url, timeout_seconds, import_timeout_seconds) as clients:
            reads = PipelinedReads(clients.reads.connection_pool, timeout_seconds)
            try:
                yield cls(clients, reads, dedupe_seconds, write_connections)
            finally:
                await reads.close()

    async def read(self, user_id: str) -> bytes | None:
        """Return one profile."""
        with answering():
            return await self._reads.get(profile_key(user_id))

    async def read_many(self, user_ids: Sequence[str]) -> list[bytes | None]:
        """Return profiles in the order asked, in one round trip."""
        with answering():
            return cast(
                list[bytes | None],
                await self._clients.reads.mget([profile_key(user) for user in user_ids]),
            )

    async def snapshot(self, user_ids: Sequence[str], event_ids: Sequence[str]) -> Snapshot:
        """Return what is kept, which events are known and who was deleted, in one round trip."""
        pipeline = self._clients.reads.pipeline(transaction=False)
        # Before the marks: of a deletion that begins in between they tell what was before it.
        pipeline.hkeys(FORGETTING_KEY)
        keys = [ledger_key(user) for user in user_ids] + [profile_key(user) for user in user_ids]
        pipeline.mget(keys + [mark_key(event_id) for event_id in event_ids])
        pipeline.hmget(DELETED_KEY, [user_hash(user_id) for user_id in user_ids])
        with answering():
            forgetting, values, notes = await pipeline.execute()
        users = len(user_ids)
        unknown = {None, *forgetting}
        states = map(kept_of, values[:users], values[users : 2 * users], notes)
        return Snapshot(
            dict(zip(user_ids, states, strict=True)),
            {
                name
                for name, mark in zip(event_ids, values[2 * users :], strict=True)
                if mark not in unknown
            },
            {
                user: deletion_of(note)
                for user, note in zip(user_ids, notes, strict=True)
                if note is not None
            },
        )

    async def commit(self, changes: Sequence[Change]) -> list[bool]:
        """Store changes of different users, each whole or not at all, in one round trip."""
        if not changes:
            return []
        imports = not any(change.entries for change in changes)
        client = self._clients.bulk_writes if imports else self._clients.writes
        pipeline = client.pipeline(transaction=False)
        for change in changes:
            keys, arguments = self._commit_of(change)
            pipeline.eval(self._commit_script, len(keys), *keys, *arguments)
        return [answer == 1 for answer in await self._executed(pipeline)]

    async def entries(self, log_id: str, start: int, count: int) -> list[Entry]:
        """Return events of a user's part of the log."""
        return (await self.entries_of([Span("", log_id, start, count)]))[0]

    async def entries_at(self, places: Sequence[tuple[str, int]]) -> list[Entry | None]:
        """Return the events at places, in one round trip that a writer waits for."""
        spans = [Span("", log_id, place, 1) for log_id, place in places]
        return [one[0] if one else None for one in await entries_in(self._clients.reads, spans)]

    async def old_orders(self, names: Sequence[tuple[str, int]]) -> list[OrderPlace | None]:
        """Return where old orders stand, in one round trip."""
        pipeline = self._clients.reads.pipeline(transaction=False)
        for log_id, order_hash in names:
            pipeline.hget(old_orders_key(log_id), order_name(order_hash))
        with answering():
            found = await pipeline.execute()
        return [value and order_place_of(value) for value in found]

    async def spans(self, after: str, up_to: str, count: int) -> list[Span]:
        """Return what was added to the log, in order."""
        first = f"({after}" if after else "-"
        with answering():
            found: Any = await self._clients.bulk.xrange(ORDER_KEY, first, up_to or "+", count)
        return [span_of(cursor, fields[b"at"]) for cursor, fields in found]

    async def entries_of(self, spans: Sequence[Span]) -> list[list[Entry]]:
        """Return each span's events, in one round trip."""
        return await entries_in(self._clients.bulk, spans)

    async def forget(
        self, user_id: str, kept: Kept, log_id: str, deletion: Deletion
    ) -> Forgotten | None:
        """Delete a user, and note that: one short step, then portions."""
        return await self._deletions.forget(user_id, kept, log_id, deletion)

    async def finish_deletions(self) -> bool:
        """Finish deletions that were interrupted."""
        return await self._deletions.finish()

    def deletions(self) -> AsyncIterator[list[tuple[str, Deletion]]]:
        """Give out all deletions, in portions; one may come twice."""
        return self._deletions.notes()

    async def compact(self) -> bool:
        """Ask Redis to write its append-only file anew, if it has one that remembers deletions."""
        with answering():
            remembered: Any = await self._clients.bulk.smembers(REMEMBERED_KEY)
            if not remembered:
                return False
            try:
                if (await self._clients.bulk.info("persistence")).get("aof_enabled"):
                    await self._clients.bulk.bgrewriteaof()
                    await self._rewritten()
            except ResponseError as error:
                if not is_forbidden(error):
                    raise
                raise StoreUnavailable(BY_HAND) from error
            # By name: another process may do the same meanwhile, and what was deleted since stays. A full
            # Redis does not refuse it, and an emptied one stays empty.
            await self._clients.bulk_writes.srem(REMEMBERED_KEY, *remembered)
            return True

    async def _rewritten(self) -> None:
        """Wait until the append-only file is written anew.

        Raises:
            StoreUnavailable: it was not.
        """
        while True:
            await asyncio.sleep(REWRITE_POLL_SECONDS)
            found: Any = await self._clients.bulk.info("persistence")
            if not (found["aof_rewrite_in_progress"] or found["aof_rewrite_scheduled"]):
                break
        if found["aof_last_bgrewrite_status"] != "ok":
            raise StoreUnavailable("Redis did not write its append-only file anew")

    async def ping(self) -> None:
        """Return if Redis answers."""
        with answering():
            await self._clients.reads.ping()

    async def shortcomings(self) -> list[str]:
        """Say which of Redis' settings may cost acknowledged events."""
        with answering():
            return await shortcomings(self._clients.reads)

    async def _executed(self, pipeline: Any) -> list[Any]:
        async with self._writes:
            with answering():
                answers = list(await pipeline.execute(raise_on_error=False))
                for answer in answers:
                    if isinstance(answer, RedisError):
                        raise answer
        return answers

    def _commit_of(self, change: Change) -> tuple[list[str], list[Any]]:
        user = change.user_id
        marks = [mark_key(entry.event_id) for entry in change.entries]
        arguments: list[Any] = [
            commit_bytes(change.read_commit),
            user_hash(user),
            commit_bytes(change.read_commit + 1) + change.ledger,
            change.profile or b"",
            self._dedupe_seconds,
            f"{change.log_id}:{change.log_length}:{len(change.entries)}",
            change.log_id,
            len(change.old_orders),
        ]
        for order_hash, known in change.old_orders.items():
            arguments += order_name(order_hash), order_value(known)
        arguments += map(value_of, change.entries)
        keys = [
            ledger_key(user), profile_key(user), log_key(change.log_id), ORDER_KEY, DELETED_KEY,
            FORGETTING_KEY, old_orders_key(change.log_id),
        ]  # fmt: skip
        return [*keys, *marks], arguments


async def entries_in(client: Redis, spans: Sequence[Span]) -> list[list[Entry]]:
    """Return each span's events, in one round trip."""
    pipeline = client.pipeline(transaction=False)
    for span in spans:
        pipeline.lrange(log_key(span.log_id), span.start, span.start + span.length - 1)
    with answering():
        found = await pipeline.execute()
    return [[entry_of(value) for value in values] for values in found]
