"""The day that it is where the shop is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo


def today_in(time_zone: str | None) -> date:
    """Today's date in a time zone; where this machine is when none is named."""
    return datetime.now(ZoneInfo(time_zone) if time_zone else None).date()
