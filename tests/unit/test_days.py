from datetime import date

import pytest

from restock.days import date_of, day_of


@pytest.mark.parametrize(
    ("day", "number"),
    [(date(1970, 1, 1), 0), (date(1969, 12, 31), -1), (date(2017, 12, 31), 17_531)],
)
def test_days_are_counted_from_1970_and_back(day, number):
    assert day_of(day) == number
    assert date_of(number) == day
