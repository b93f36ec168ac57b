"""Profiles in Redis or Valkey, 6.2 or later.

Keys: ``restock:profile:<user>`` holds 8 bytes of revision, big-endian, and the profile's body, so
that a read is one GET; ``restock:event:<event id>`` marks an accepted event until it expires;
``restock:events`` is the log, a stream that is only added to. How much of what was acknowledged a
crash of the machine may cost is Redis' own setting: with ``appendfsync everysec`` the last second.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError

from restock.errors import StoreUnavailable
from services.profile_store.pipelined_reads import PipelinedReads
from services.profile_store.profiles import Change, Snapshot, Stored

LOG_KEY = "restock:events"
"""The stream of accepted events: one field, ``event``, holds the serialized ``Event``."""
REVISION_BYTES = 8


class RedisProfiles:
    """The profile repository that runs in production."""

    def __init__(
        self,
        redis: Redis,
        reads: PipelinedReads,
        bulk: Redis,
        dedupe_seconds: int,
        write_connections: int,
    ) -> None:
        self._redis = redis
        self._reads = reads
        self._bulk = bulk
        self._dedupe_seconds = dedupe_seconds
        self._writes = asyncio.Semaphore(write_connections)
        package = files("services.profile_store")
        self._commit_script = package.joinpath("commit.lua").read_text()
        self._replace_script = package.joinpath("replace.lua").read_text()

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
        redis = client_of(url, timeout_seconds, timeout_seconds)
        bulk = client_of(url, timeout_seconds, import_timeout_seconds)
        reads = PipelinedReads(redis.connection_pool, timeout_seconds)
        try:
            yield cls(redis, reads, bulk, dedupe_seconds, write_connections)
        finally:
            await reads.close()
            await bulk.aclose()
            await redis.aclose()

    async def read(self, user_id: str) -> Stored:
        """Return one profile."""
        with answering():
            return stored_of(await self._reads.get(profile_key(user_id)))

    async def read_many(self, user_ids: Sequence[str]) -> list[Stored]:
        """Return profiles in the order asked, in one round trip."""
        with answering():
            values = await self._values([profile_key(user_id) for user_id in user_ids])
        return [stored_of(value) for value in values]

    async def snapshot(self, user_ids: Sequence[str], event_ids: Sequence[str]) -> Snapshot:
        """Return profiles, and which events are known, in one round trip."""
        keys = [*map(profile_key, user_ids), *map(mark_key, event_ids)]
        async with self._writes:
            with answering():
                values = await self._values(keys)
        profiles = {user: stored_of(value) for user, value in zip(user_ids, values, strict=False)}
        marks = zip(event_ids, values[len(user_ids) :], strict=True)
        return Snapshot(profiles, {event_id for event_id, mark in marks if mark is not None})

    async def commit(self, changes: Sequence[Change]) -> list[bool]:
        """Store changes of different users, each whole or not at all, in one round trip."""
        if not changes:
            return []
        pipeline = self._redis.pipeline(transaction=False)
        for change in changes:
            keys, arguments = self._commit_of(change)
            pipeline.eval(self._commit_script, len(keys), *keys, *arguments)
        return [answer == 1 for answer in await self._executed(pipeline)]

    async def load(self, bodies: Sequence[tuple[str, bytes]], replace: bool) -> int:
        """Store whole profiles in one round trip; one that exists stays unless `replace`."""
        pipeline = self._bulk.pipeline(transaction=False)
        for user_id, body in bodies:
            if replace:
                pipeline.eval(self._replace_script, 1, profile_key(user_id), body)
            else:
                pipeline.set(profile_key(user_id), revision_bytes(1) + body, nx=True)
        return sum(bool(answer) for answer in await self._executed(pipeline))

    async def ping(self) -> None:
        """Return if Redis answers."""
        with answering():
            await self._redis.ping()

    async def _values(self, keys: Sequence[str]) -> list[bytes | None]:
        return cast(list[bytes | None], await self._redis.mget(keys))

    async def _executed(self, pipeline: Any) -> list[Any]:
        async with self._writes:
            with answering():
                answers = list(await pipeline.execute(raise_on_error=False))
                for answer in answers:
                    if isinstance(answer, RedisError):
                        raise answer
        return answers

    def _commit_of(self, change: Change) -> tuple[list[str], list[Any]]:
        marks = [mark_key(event.event_id) for event in change.events]
        revision = change.read_revision + len(change.events)
        arguments = [
            revision_bytes(change.read_revision),
            revision_bytes(revision) + change.body,
            self._dedupe_seconds,
            *(event.payload for event in change.events),
        ]
        return [profile_key(change.user_id), LOG_KEY, *marks], arguments


def client_of(url: str, connect_seconds: float, answer_seconds: float) -> Redis:
    """Make a client that connects with its first command."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_connect_timeout=connect_seconds,
        socket_timeout=answer_seconds,
        health_check_interval=0,
        # A connection that Redis closed meanwhile is made anew; a timeout is not tried again.
        retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
    )


def profile_key(user_id: str) -> str:
    """Name the key of a user's profile."""
    return f"restock:profile:{user_id}"


def mark_key(event_id: str) -> str:
    """Name the key that marks an event as accepted."""
    return f"restock:event:{event_id}"


def revision_bytes(revision: int) -> bytes:
    """Write a revision as a profile's value begins with it."""
    return revision.to_bytes(REVISION_BYTES, "big")


def stored_of(value: bytes | None) -> Stored:
    """Take a profile's value apart; None is a user of whom nothing is known."""
    if value is None:
        return Stored()
    return Stored(int.from_bytes(value[:REVISION_BYTES], "big"), value[REVISION_BYTES:])


@contextmanager
def answering() -> Iterator[None]:
    """Turn Redis' errors into the domain's.

    Raises:
        StoreUnavailable: Redis does not answer in time, or refuses: it is out of memory, a replica,
            or cannot write to its disk.
    """
    try:
        yield
    except ResponseError as error:
        raise StoreUnavailable(f"Redis refuses: {error}") from error
    except (RedisError, OSError, TimeoutError) as error:
        # The address stays in the log: strangers learn nothing of the inside.
        raise StoreUnavailable(f"Redis does not answer ({type(error).__name__})") from error
