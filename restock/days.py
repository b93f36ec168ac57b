"""Days as whole numbers, counted from 1970-01-01."""

from datetime import date, timedelta

EPOCH = date(1970, 1, 1)


def day_of(day: date) -> int:
    """Count the days from 1970-01-01 to a date."""
    return (day - EPOCH).days


def date_of(day: int) -> date:
    """Name the date of a day counted from 1970-01-01."""
    return EPOCH + timedelta(days=day)
