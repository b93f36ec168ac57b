import pytest

from tests.unit.trainer.evaluation.shop import a_past, bought, ranked_ids
from trainer.evaluation.methods.popular import Popular, decayed_popularity

PAST = a_past(
    bought("ann", "milk", 10, 20), bought("bob", "milk", 30), bought("bob", "tea", 90, 99)
)


def test_popularity_counts_household_days_alike_for_everybody():
    assert ranked_ids(Popular(), PAST, ["ann", "zoe"], k=2) == [["milk", "tea"]] * 2


def test_a_half_life_lets_old_purchases_fade():
    assert ranked_ids(Popular("now", 10.0), PAST, ["ann"], k=1) == [["tea"]]
    assert decayed_popularity(PAST, 10.0)[1] == pytest.approx(0.5 + 0.5**0.1)
