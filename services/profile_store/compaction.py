"""Sees to it that what was deleted leaves the disk as well."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from restock.errors import StoreFull, StoreUnavailable
from restock.serving.tasks import ended
from services.profile_store.repository import ProfileRepository

log = logging.getLogger(__name__)

NOT_FINISHED, NOT_COMPACTED = "deletions not finished", "log not compacted"
RETRY_SECONDS = 60.0
"""Longest pause after asking in vain, as another file may be under way, and from one look for what another
process left to the next."""


class Compaction:
    """An append-only file holds deleted values until it is written anew: that is asked for here.

    Deletions that were interrupted are finished before. What a process that has ended left is seen to by
    those that go on.

    Args:
        repository: whose.
        every_seconds: how often at most.
    """

    def __init__(self, repository: ProfileRepository, every_seconds: float) -> None:
        self._repository = repository
        self._every_seconds = every_seconds
        self._retry_seconds = min(every_seconds, RETRY_SECONDS)
        self._wanted = asyncio.Event()
        self._begun = asyncio.Event()
        # What was asked in vain, and why: a reason is logged once, until there is another.
        self._told: dict[str, str] = {}

    def want(self) -> None:
        """Something was deleted, if only by half."""
        self._wanted.set()
        self._begun.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Compaction"]:
        """Work in the background until left."""
        self.want()  # a process before this one may have ended in between
        tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._finish())]
        try:
            yield self
        finally:
            for task in tasks:
                await ended(task)

    async def _finish(self) -> None:
        while True:
            # Another process may have left some.
            await said(self._begun, self._retry_seconds)
            try:
                if await self._repository.finish_deletions():
                    self._wanted.set()
                self._told.pop(NOT_FINISHED, None)
            except (StoreUnavailable, StoreFull) as error:
                self._tell(NOT_FINISHED, str(error))
                self._begun.set()
                await asyncio.sleep(self._retry_seconds)

    async def _run(self) -> None:
        while True:
            await said(self._wanted, self._every_seconds)
            try:
                pause = self._every_seconds if await self._repository.compact() else 0
                self._told.pop(NOT_COMPACTED, None)
            except (StoreUnavailable, StoreFull) as error:
                self._tell(NOT_COMPACTED, str(error))
                self._wanted.set()
                pause = self._retry_seconds
            await asyncio.sleep(pause)

    def _tell(self, what: str, reason: str) -> None:
        if self._told.get(what) != reason:
            log.warning(what, extra={"reason": reason})
        self._told[what] = reason


async def said(event: asyncio.Event, longest_seconds: float) -> None:
    """Wait until an event is set, or for so long, and clear it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(longest_seconds):
            await event.wait()
    event.clear()
