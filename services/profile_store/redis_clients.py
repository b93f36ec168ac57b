"""Connections to one Redis: for reads and writes that somebody waits for, and for bulk."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from restock.errors import StoreFull, StoreUnavailable
from services.profile_store.fresh_file import FreshFile, NotYetFresh

CAUSE = "of pipeline caused error: "
FULL = "OOM command not allowed"
"""What Redis answers when it has reached its memory limit."""


@dataclass(frozen=True)
class Clients:
    """Each connects with its first command and again after each loss."""

    reads: Redis
    bulk: Redis
    """Reads that may take longer."""
    writes: Redis
    """Connects only to a Redis whose append-only file is fresh."""
    bulk_writes: Redis
    """Likewise, for writes that may take longer."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, timeout_seconds: float, bulk_timeout_seconds: float
    ) -> AsyncIterator["Clients"]:
        """Make clients for one URL, and close them when left.

        Args:
            url: such as ``redis://127.0.0.1:6379/0``.
            timeout_seconds: how long one connect, and one answer, may take.
            bulk_timeout_seconds: how long an answer in bulk may take.
        """
        fresh = FreshFile(timeout_seconds)
        writing = {"redis_connect_func": fresh.connected}
        async with AsyncExitStack() as stack:

            async def opened(answer_seconds: float, **more: Any) -> Redis:
                made = client_of(url, timeout_seconds, answer_seconds, **more)
                return await stack.enter_async_context(made)

            yield cls(
                await opened(timeout_seconds),
                await opened(bulk_timeout_seconds),
                await opened(timeout_seconds, **writing),
                await opened(bulk_timeout_seconds, **writing),
            )


def client_of(url: str, connect_seconds: float, answer_seconds: float, **more: Any) -> Redis:
    """Make a client that connects with its first command."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_connect_timeout=connect_seconds,
        socket_timeout=answer_seconds,
        health_check_interval=0,
        # A connection that Redis closed meanwhile is made anew; a timeout is not tried again.
        retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
        **more,
    )


@contextmanager
def answering() -> Iterator[None]:
    """Turn Redis' errors into the domain's.

    Raises:
        StoreFull: Redis has reached its memory limit; a user's change is stored whole or not at all.
        StoreUnavailable: Redis does not answer in time, or refuses: it is a replica, has just started
            and writes its file anew, or cannot write to its disk.
    """
    try:
        yield
    except ResponseError as error:
        # Redis 6.2 answers with the error of a script, which tells the reason only in its text.
        if isinstance(error, OutOfMemoryError) or FULL in str(error):
            raise StoreFull(
                "Redis has reached its memory limit; sending again is harmless"
            ) from error
        raise StoreUnavailable(f"Redis refuses: {reason_of(error)}") from error
    except NotYetFresh as error:
        raise StoreUnavailable(str(error)) from error
    except (RedisError, OSError, TimeoutError) as error:
        # The address stays in the log: strangers learn nothing of the inside.
        raise StoreUnavailable(f"Redis does not answer ({type(error).__name__})") from error


def reason_of(error: ResponseError) -> str:
    """What Redis itself says: of a pipeline the client puts the command before it, whose keys name users."""
    return str(error).rpartition(CAUSE)[2].removeprefix("('").removesuffix("',)")
