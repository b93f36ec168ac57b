"""Writers of one user, one after another within this process."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class UserLocks:
    """Lets one writer of a user read and store at a time.

    A second one would read what no longer holds once the first has stored, and do all of its work again;
    many such writers leave no time to anybody. Writers in other processes still meet in the store.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, user_ids: Iterable[str]) -> AsyncIterator[None]:
        """Hold users' locks until left; taken in one order by all, so that none waits in a circle."""
        locks = [self._lock_of(user_id) for user_id in sorted(user_ids)]
        async with AsyncExitStack() as stack:
            for lock in locks:
                await stack.enter_async_context(lock)
            yield

    def _lock_of(self, user_id: str) -> asyncio.Lock:
        lock = self._locks.get(user_id)
        if lock is None:
            lock = self._locks[user_id] = asyncio.Lock()
        return lock
