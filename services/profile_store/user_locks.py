"""Writers of one user, one after another within this process."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary

from restock.errors import StoreUnavailable


class UserLock(asyncio.Lock):
    """Lets one writer of a user read and store at a time."""

    failure: StoreUnavailable | None = None
    """What the writer met that was in front; who waits behind it would meet the same."""


class UserLocks:
    """Locks of all users who are written to now.

    A second writer would read what no longer holds once the first has stored, and do all of its work again;
    many such writers leave no time to anybody. Writers in other processes still meet in the store.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, UserLock] = WeakValueDictionary()

    @asynccontextmanager
    async def held(self, user_ids: Iterable[str]) -> AsyncIterator[None]:
        """Hold users' locks until left; taken in one order by all, so that none waits in a circle.

        Raises:
            StoreUnavailable: the store did not answer a writer in front: else each of a line would wait for
                its own answer in vain, one after another.
        """
        locks = {user_id: self._lock_of(user_id) for user_id in sorted(user_ids)}
        async with AsyncExitStack() as stack:
            for lock in locks.values():
                await stack.enter_async_context(lock)
                if lock.failure is not None:
                    raise StoreUnavailable(str(lock.failure))
            try:
                yield
            except StoreUnavailable as failure:
                for user_id, lock in locks.items():
                    lock.failure = failure
                    self._locks.pop(user_id, None)  # who comes from now on asks the store anew
                raise

    def _lock_of(self, user_id: str) -> UserLock:
        lock = self._locks.get(user_id)
        if lock is None:
            lock = self._locks[user_id] = UserLock()
        return lock
