"""Long work on the event loop, cut so that others have their turn in between."""

import asyncio
import time

SLICE_SECONDS = 0.005
"""Work done before others have their turn: reads wait so long at most, and a step's own length."""


class Turns:
    """Of one piece of work."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def give(self) -> None:
        """Let others go first, if the work has gone on for long enough."""
        if time.perf_counter() - self._since > SLICE_SECONDS:
            await asyncio.sleep(0)
            self._since = time.perf_counter()
