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
    """Ask the repository every so many seconds, and say ready while it answers; log each new reason."""
    task = asyncio.create_task(_follow(profiles, readiness, every_seconds))
    try:
        yield
    finally:
        await ended(task)


async def _follow(profiles: ProfileRepository, readiness: Readiness, every_seconds: float) -> None:
    known: str | None = None
    while True:
        reason = await _reason(profiles)
        if reason != known:
            if reason:
                log.warning("store does not answer", extra={"reason": reason})
            else:
                log.warning("store answers")
            if not (reason and known):
                await readiness.set(not reason)
            known = reason
            if not reason:
                await _warn(profiles)
        await asyncio.sleep(every_seconds)


async def _warn(profiles: ProfileRepository) -> None:
    """Tell the operator, each time that the store is there again, what does not keep the promise."""
    with suppress(StoreUnavailable):
        if found := await profiles.shortcomings():
            log.warning("acknowledged events may be lost", extra={"shortcomings": found})


async def _reason(profiles: ProfileRepository) -> str:
    """Say why the repository does not answer, empty when it does: for the log, as it may name an address."""
    try:
        await profiles.ping()
    except StoreUnavailable as error:
        return f"{error}: {error.__cause__}" if error.__cause__ else str(error)
    return ""
