import pytest

from tests.a_bundle import SEGMENT_CUTS, two_shoppers
from trainer.analysis.segments import segments_section


def test_segments_say_who_spends_what():
    # Ann pays 9.00 on 3 days (3.00 a day), Bob 14.50 on one; the cuts are 10, 20 and 40.
    small, low, average, high = segments_section(two_shoppers(), SEGMENT_CUTS).segments
    assert (small.name, small.households, small.household_share) == ("small", 1, 0.5)
    assert (small.spend_per_day, small.products_per_day, small.units_per_day) == (3.0, 2.0, 2.0)
    assert small.shopping_days == 3
    assert (low.name, low.spend_per_day_from, low.spend_per_day) == ("low average", 10.0, 14.5)
    assert low.revenue_share == pytest.approx(14.5 / 23.5)
    assert (average.households, average.spend_per_day) == (0, None)
    assert high.revenue == 0


def test_households_that_never_paid_are_told_apart():
    free = two_shoppers()
    free.spend_milli[:] = 0
    found = segments_section(free, SEGMENT_CUTS).segments
    assert (found[-1].name, found[-1].households) == ("unknown", 2)
    assert found[-1].revenue_share is None
