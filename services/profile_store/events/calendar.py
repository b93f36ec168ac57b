"""When an event may have happened, and on which day that was."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from restock.days import day_of
from restock.errors import InvalidRequest
from services.profile_store.ledger import MAX_DAY

MICROS = 1_000_000
NANOS = 1_000_000_000


@dataclass(frozen=True)
class Moment:
    """A point in time, as the shop sees it."""

    micros: int
    """Microseconds since 1970-01-01."""
    day: int
    """Local day, counted from 1970-01-01."""


@dataclass(frozen=True)
class Calendar:
    """The shop's."""

    zone: tzinfo
    """Its time zone."""
    max_skew_seconds: int
    """How far ahead of the clock a moment may lie."""

    def moment(self, seconds: int, nanos: int, now_seconds: float, path: str) -> Moment:
        """Check a time.

        Raises:
            InvalidRequest: it is malformed, before 1970 or too far ahead.
        """
        if not 0 <= nanos < NANOS:
            raise InvalidRequest(f"{path}.nanos", f"0 to 999,999,999, not {nanos}")
        if seconds > now_seconds + self.max_skew_seconds:
            allowed = f"at most {self.max_skew_seconds:,} seconds ahead of the clock"
            raise InvalidRequest(path, allowed)
        if seconds < 0 or not 0 <= (day := self.day(seconds)) <= MAX_DAY:
            raise InvalidRequest(path, "1970-01-01 to 2149-06-06 in the shop's time zone")
        return Moment(seconds * MICROS + nanos * MICROS // NANOS, day)

    def day(self, seconds: float) -> int:
        """Local day of a time, counted from 1970-01-01."""
        return day_of(datetime.fromtimestamp(seconds, self.zone).date())
