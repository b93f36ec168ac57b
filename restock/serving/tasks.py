"""Ending background tasks."""

import asyncio
from typing import Any

INSIST_SECONDS = 0.1
"""How long a cancelled task may take before it is cancelled again."""


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancel a task until it ends; what it raises is not raised here.

    Once is not enough: Python 3.11's `asyncio.wait_for` takes a cancellation that arrives together
    with its result for none, and a Redis client waits that way for every command it sends.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=INSIST_SECONDS)
    if not task.cancelled():
        task.exception()  # looked at, so that nobody is told that it was not
