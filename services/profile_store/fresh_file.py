"""Lets nothing be written after a start of Redis until its append-only file is written anew.

A kill may tear that file inside a transaction. Redis then cuts it behind the last whole command, and what
it loads is right; but the transaction's beginning stays in the file, and the next start would join it with
the transaction that follows and play both.
"""

import asyncio
import logging
import time

from redis.asyncio.connection import Connection
from redis.exceptions import NoPermissionError, RedisError, ResponseError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.02
ALREADY = "in progress"
"""What Redis answers when somebody else asked it a moment before."""
UNKNOWN = "unknown command"
"""What a managed Redis answers to what it does not offer."""


class NotYetFresh(RedisError):
    """Redis has not written its append-only file anew since it started."""


class FreshFile:
    """Looks at each connection that is going to write, as it is made: it cannot outlive its Redis.

    Args:
        wait_seconds: how long a connection may wait until the file is written.
    """

    def __init__(self, wait_seconds: float) -> None:
        self._wait_seconds = wait_seconds
        self._fresh_runs: set[str] = set()

    async def connected(self, connection: Connection) -> None:
        """Introduce a connection to Redis, and wait until Redis may be written to.

        Raises:
            NotYetFresh: the file takes longer to write; the next connection finds it further on.
            RedisError: Redis does not answer, or cannot write its file anew.
        """
        try:
            await connection.on_connect()
            await self._until_fresh(connection)
        except BaseException:
            # Also when the caller is gone: a pool would take it for one that has been looked at.
            await connection.disconnect(nowait=True)
            raise

    async def _until_fresh(self, connection: Connection) -> None:
        ends = time.monotonic() + self._wait_seconds
        try:
            while not await self._fresh(connection):
                if time.monotonic() > ends:
                    raise NotYetFresh("Redis has started, and first writes its file anew")
                await asyncio.sleep(POLL_SECONDS)
        except ResponseError as error:
            if not is_forbidden(error):
                raise
            log.warning(
                "Redis does not let its append-only file be written anew: after a kill write it by hand",
                extra={"reason": str(error)},
            )

    async def _fresh(self, connection: Connection) -> bool:
        """Say whether the file is written anew; ask for it if nobody has."""
        found = await told(connection)
        run = found.get("run_id", "")
        if run in self._fresh_runs or found.get("aof_enabled") == "0":
            return True
        if found.get("aof_rewrite_in_progress") == "1" or found.get("aof_rewrite_scheduled") == "1":
            return False
        ended = int(found.get("aof_last_rewrite_time_sec", "0")) >= 0
        if ended and found.get("aof_last_bgrewrite_status", "ok") == "ok":
            self._fresh_runs.add(run)
            return True
        await ask(connection)
        return False


def is_forbidden(error: ResponseError) -> bool:
    """Say whether Redis will never do what it was asked: it does not offer it, or not to this user."""
    return isinstance(error, NoPermissionError) or UNKNOWN in str(error).lower()


async def told(connection: Connection) -> dict[str, str]:
    """Ask Redis about its run and its file."""
    await connection.send_command("INFO")
    answer: bytes = await connection.read_response()
    lines = answer.decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


async def ask(connection: Connection) -> None:
    """Ask Redis to write its file anew, once it can."""
    try:
        await connection.send_command("BGREWRITEAOF")
        await connection.read_response()
    except ResponseError as error:
        if ALREADY not in str(error):
            raise
