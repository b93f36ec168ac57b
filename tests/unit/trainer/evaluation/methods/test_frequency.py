import pytest

from tests.unit.trainer.evaluation.shop import a_past, bought, ranked_ids
from trainer.evaluation.methods.frequency import (
    GlobalPersonalTopFrequency,
    PersonalTopFrequency,
    RecentFrequency,
)

PAST = a_past(
    bought("ann", "milk", 10, 20, 30),
    bought("ann", "tea", 40, 50),
    bought("ann", "bread", 60, 70),
    bought("bob", "tea", 1, 2, 3, 4),
    bought("bob", "rice", 1),
)


def test_p_topfreq_breaks_ties_by_the_most_recent_and_adds_nothing_new():
    """Tea and bread were bought twice each, bread later."""
    assert ranked_ids(PersonalTopFrequency(), PAST, ["ann"], k=4) == [
        ["milk", "bread", "tea", None]
    ]


def test_gp_topfreq_breaks_ties_and_fills_up_by_popularity():
    assert ranked_ids(GlobalPersonalTopFrequency(), PAST, ["ann"], k=4) == [
        ["milk", "tea", "bread", "rice"]
    ]


@pytest.mark.parametrize(("half_life", "first"), [(60.0, "bread"), (10_000.0, "milk")])
def test_recfreq_lets_two_late_purchases_outweigh_three_early_ones(half_life, first):
    """Ages 90, 80, 70 of milk and 40, 30 of bread: 1.20 against 1.34 at 60 days."""
    assert ranked_ids(RecentFrequency(half_life), PAST, ["ann"], k=1) == [[first]]


def test_banned_products_make_room_for_what_is_popular():
    banned = PAST.owned(PAST.users_of(["ann"]))
    found = ranked_ids(GlobalPersonalTopFrequency(), PAST, ["ann"], k=2, banned=banned)
    assert found == [["rice", None]]
