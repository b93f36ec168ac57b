"""Which day it is for the shop; days count from 1970-01-01 in the shop's time zone."""

import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from restock.days import day_of
from restock.limits import SECONDS_A_DAY


class Calendar:
    """Turns moments into days.

    Args:
        time_zone: the shop's, such as ``Europe/Berlin``.
        fixed_day: what "today" is whatever the clock says, for replaying historical data.
        clock: seconds since 1970 in UTC.
    """

    def __init__(
        self,
        time_zone: str = "UTC",
        fixed_day: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # UTC needs no table: a division does.
        self._zone = None if time_zone == "UTC" else ZoneInfo(time_zone)
        self._fixed_day = fixed_day
        self._clock = clock

    def today(self) -> int:
        """The day for which to recommend when a request names none."""
        return self.day_at(self._clock()) if self._fixed_day is None else self._fixed_day

    def day_at(self, seconds: float) -> int:
        """The day of a moment since 1970-01-01T00:00Z; at least 1, as 0 means unset on the wire."""
        if self._zone is None:
            return max(1, int(seconds // SECONDS_A_DAY))
        return max(1, day_of(datetime.fromtimestamp(seconds, self._zone).date()))
