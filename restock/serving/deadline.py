"""One call's time: what the caller gave, shared out to the hops that the call makes."""

import time
from collections.abc import Callable

ENDLESS_SECONDS = 86_400.0
"""gRPC says "no deadline" with a very long one: what is longer than a day counts as none."""


class Budget:
    """Seconds that a call may still take, less a reserve for answering.

    Args:
        seconds: time from now until the caller gives up, at least 0.
        reserve_seconds: kept back from every hop, so that an answer still gets out.
        clock: monotonic seconds.
    """

    __slots__ = ("_clock", "_ends", "_reserve")

    def __init__(
        self,
        seconds: float,
        reserve_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._reserve = reserve_seconds
        self._ends = clock() + seconds

    def for_hop(self, ceiling_seconds: float) -> float:
        """Seconds that one hop may take: its ceiling or what remains less the reserve; 0 for none."""
        return max(0.0, min(ceiling_seconds, self._ends - self._clock() - self._reserve))


def given_seconds(time_remaining: float | None, default_seconds: float) -> float:
    """Seconds that a caller gave, or the default where it set no deadline.

    Args:
        time_remaining: what ``context.time_remaining()`` says.
        default_seconds: for callers without a deadline.
    """
    if time_remaining is None or time_remaining > ENDLESS_SECONDS:
        return default_seconds
    return max(0.0, time_remaining)
