"""Answers kept for a while: the least recently used goes first."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Tally(Protocol):
    """Counts; a Prometheus counter is one."""

    def inc(self) -> None:
        """Count one more."""


class Cache(Generic[K, V]):
    """A bounded map whose entries go after a time.

    Args:
        entries: most entries kept; 0 keeps none.
        seconds: how long an entry is good.
        hits: counts what was found.
        misses: counts what was not.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        entries: int,
        seconds: float,
        hits: Tally,
        misses: Tally,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._entries = entries
        self._seconds = seconds
        self._hits, self._misses = hits, misses
        self._clock = clock
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._next_sweep = clock() + seconds

    @property
    def on(self) -> bool:
        """Whether anything is kept at all."""
        return self._entries > 0

    def get(self, key: K) -> V | None:
        """Return what is kept under a key and still good, None otherwise."""
        self._sweep()
        found = self._kept.get(key)
        if found is None or found[0] <= self._clock():
            self._misses.inc()
            return None
        self._kept.move_to_end(key)
        self._hits.inc()
        return found[1]

    def __len__(self) -> int:
        """Count what is kept."""
        return len(self._kept)

    def put(self, key: K, value: V) -> None:
        """Keep a value; the least recently used one goes when there are too many."""
        if not self._entries:
            return
        self._kept[key] = (self._clock() + self._seconds, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self._entries:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Let go of all."""
        self._kept.clear()

    def _sweep(self) -> None:
        """Let go of what is no longer good, once in a while: it may be of somebody to be forgotten."""
        now = self._clock()
        if now < self._next_sweep:
            return
        self._next_sweep = now + self._seconds
        for key in [key for key, (ends, _) in self._kept.items() if ends <= now]:
            del self._kept[key]
