"""Gathers reads that arrive while one is under way into the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

Value = bytes | None
MAX_KEYS = 256
"""Keys of one round trip: a few megabytes at most in practice."""


class CoalescedReads:
    """Reads single keys with one round trip under way at a time.

    A lone caller's read goes out at once; under load each round trip carries what gathered
    during the one before, which costs far less than a round trip each.
    """

    def __init__(self, read_many: Callable[[Sequence[str]], Awaitable[Sequence[Value]]]) -> None:
        self._read_many = read_many
        self._waiting: list[tuple[str, asyncio.Future[Value]]] = []
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: str) -> Value:
        """Return the key's value; raises what `read_many` raises."""
        future: asyncio.Future[Value] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, future))
        if self._reading is None:
            self._reading = asyncio.create_task(self._read())
        return await future

    async def _read(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_KEYS], self._waiting[MAX_KEYS:]
                await self._answer(batch)
        finally:
            self._reading = None

    async def _answer(self, batch: list[tuple[str, asyncio.Future[Value]]]) -> None:
        try:
            values = await self._read_many([key for key, _ in batch])
        except Exception as error:  # each caller gets it
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), value in zip(batch, values, strict=True):
            if not future.done():
                future.set_result(value)
