import math
from zoneinfo import ZoneInfo

import pytest

from restock.errors import InvalidRequest
from services.profile_store.events.calendar import Calendar, Moment

DAY = 17_500
MIDNIGHT = DAY * 86_400
LAST_SECOND = 65_536 * 86_400 - 1
"""Of 2149-06-06 in UTC."""
SKEW = 86_400


def moment(seconds, nanos=0, now=MIDNIGHT, zone="UTC"):
    return Calendar(ZoneInfo(zone), SKEW).moment(seconds, nanos, now, "event_time")


def refused_field(*arguments, **changes):
    with pytest.raises(InvalidRequest) as error:
        moment(*arguments, **changes)
    return error.value.field


@pytest.mark.parametrize(
    ("zone", "seconds", "day"),
    [
        ("UTC", MIDNIGHT, DAY),
        ("UTC", MIDNIGHT - 1, DAY - 1),
        ("America/New_York", MIDNIGHT + 5 * 3600 - 1, DAY - 1),
        ("America/New_York", MIDNIGHT + 5 * 3600, DAY),
        ("Pacific/Kiritimati", MIDNIGHT - 14 * 3600, DAY),
        ("Pacific/Kiritimati", MIDNIGHT - 14 * 3600 - 1, DAY - 1),
        ("Asia/Kathmandu", MIDNIGHT - 5 * 3600 - 45 * 60, DAY),
    ],
)
def test_a_day_begins_at_the_shops_midnight(zone, seconds, day):
    assert moment(seconds, zone=zone).day == day


@pytest.mark.parametrize(
    ("utc_seconds", "day"),
    [
        (1_490_482_800 - 1, 17_250),
        (1_490_482_800, 17_251),
        (1_490_482_800 + 23 * 3600 - 1, 17_251),
        (1_490_482_800 + 23 * 3600, 17_252),
        (1_509_228_000 - 1, 17_467),
        (1_509_228_000, 17_468),
        (1_509_228_000 + 25 * 3600 - 1, 17_468),
        (1_509_228_000 + 25 * 3600, 17_469),
    ],
)
def test_berlins_26th_of_march_2017_has_23_hours_and_its_29th_of_october_25(utc_seconds, day):
    assert moment(utc_seconds, zone="Europe/Berlin").day == day


@pytest.mark.parametrize(
    ("nanos", "micros"), [(0, 0), (999, 0), (1000, 1), (1999, 1), (999_999_999, 999_999)]
)
def test_a_moment_is_kept_to_whole_microseconds(nanos, micros):
    assert moment(5, nanos) == Moment(5_000_000 + micros, 0)


@pytest.mark.parametrize("nanos", [-1, 1_000_000_000])
def test_nanos_outside_a_second_are_refused(nanos):
    assert refused_field(5, nanos) == "event_time.nanos"


def test_1970_01_01_is_the_first_day():
    assert moment(0) == Moment(0, 0)
    assert refused_field(-1) == "event_time"


def test_west_of_greenwich_1970_01_01_begins_later():
    assert refused_field(0, zone="America/New_York") == "event_time"
    assert moment(5 * 3600, zone="America/New_York").day == 0


def test_east_of_greenwich_what_was_before_1970_in_utc_is_refused():
    assert refused_field(-1, zone="Asia/Tokyo") == "event_time"


def test_2149_06_06_is_the_last_day():
    assert moment(LAST_SECOND, now=LAST_SECOND).day == 65_535
    assert refused_field(LAST_SECOND + 1, now=LAST_SECOND) == "event_time"


def test_a_day_ahead_of_the_clock_is_allowed_and_a_second_more_is_not():
    assert moment(MIDNIGHT + SKEW).day == DAY + 1
    assert refused_field(MIDNIGHT + SKEW + 1) == "event_time"


def test_the_last_part_of_the_last_second_ahead_is_allowed():
    assert moment(MIDNIGHT + SKEW, 999_999_999).day == DAY + 1


@pytest.mark.parametrize("seconds", [10**12, 2**63 - 1, -(2**63), -(10**12)])
def test_a_huge_time_is_refused_and_not_an_overflow(seconds):
    assert refused_field(seconds) == "event_time"


def test_what_was_recorded_once_is_read_whatever_the_clock_says_now():
    assert moment(LAST_SECOND, now=math.inf).day == 65_535
