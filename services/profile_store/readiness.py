"""Keeps saying whether the repository answers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from restock.errors import StoreUnavailable
from restock.serving.runner import Readiness
from restock.serving.tasks import ended
from services.profile_store.repository import ProfileRepository

log = logging.getLogger(__name__)


@asynccontextmanager
async def following(
    profiles: ProfileRepository, readiness: Readiness, every_seconds: float
) -> AsyncIterator[None]:
    """Ask the repository every so many seconds, and say ready while it answers."""
    task = asyncio.create_task(_follow(profiles, readiness, every_seconds))
    try:
        yield
    finally:
        await ended(task)


async def _follow(profiles: ProfileRepository, readiness: Readiness, every_seconds: float) -> None:
    ready: bool | None = None
    while True:
        answers = await _answers(profiles)
        if answers is not ready:
            ready = answers
            log.warning("store answers" if ready else "store does not answer")
            await readiness.set(ready)
            if ready:
                await _warn(profiles)
        await asyncio.sleep(every_seconds)


async def _warn(profiles: ProfileRepository) -> None:
    """Tell the operator, each time that the store is there again, what does not keep the promise."""
    with suppress(StoreUnavailable):
        if found := await profiles.shortcomings():
            log.warning("acknowledged events may be lost", extra={"shortcomings": found})


async def _answers(profiles: ProfileRepository) -> bool:
    try:
        await profiles.ping()
    except StoreUnavailable:
        return False
    return True
