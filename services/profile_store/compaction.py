"""Sees to it that what was deleted leaves the disk as well."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from restock.errors import StoreFull, StoreUnavailable
from restock.serving.tasks import ended
from services.profile_store.repository import ProfileRepository

log = logging.getLogger(__name__)


RETRY_SECONDS = 60.0
"""Longest pause after asking in vain: another file may be under way."""


class Compaction:
    """An append-only file holds deleted values until it is written anew: that is asked for here.

    Deletions that were interrupted are finished before.

    Args:
        repository: whose.
        every_seconds: how often at most.
    """

    def __init__(self, repository: ProfileRepository, every_seconds: float) -> None:
        self._repository = repository
        self._every_seconds = every_seconds
        self._wanted = asyncio.Event()
        self._begun = asyncio.Event()

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
            await self._begun.wait()
            self._begun.clear()
            try:
                if await self._repository.finish_deletions():
                    self._wanted.set()
            except (StoreUnavailable, StoreFull) as error:
                log.warning("deletions not finished", extra={"reason": str(error)})
                self._begun.set()
                await asyncio.sleep(min(self._every_seconds, RETRY_SECONDS))

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                pause = self._every_seconds if await self._repository.compact() else 0
            except (StoreUnavailable, StoreFull) as error:
                log.warning("log not compacted", extra={"reason": str(error)})
                self._wanted.set()
                pause = min(self._every_seconds, RETRY_SECONDS)
            await asyncio.sleep(pause)
