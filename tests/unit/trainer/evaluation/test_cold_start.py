import pytest

from tests.unit.trainer.evaluation.shop import LENIENT, a_cut, bought, many
from trainer.evaluation.cold_start import cold

CUT = a_cut(many(), 85)


@pytest.mark.parametrize("days", [1, 2, 5])
def test_new_households_keep_their_last_shopping_days_and_the_others_all(days):
    shorter = cold(CUT, 0.3, days, LENIENT)
    before = dict(zip(CUT.past.purchases.user_ids, CUT.past.profiles.shopping_days, strict=True))
    now = dict(
        zip(shorter.past.purchases.user_ids, shorter.past.profiles.shopping_days, strict=True)
    )
    assert all(now[user] == days for user in shorter.households)
    assert all(now[user] == before[user] for user in set(before) - set(shorter.households))
    assert 0.1 < len(shorter.households) / len(before) < 0.5


def test_it_is_the_last_days_that_are_kept():
    cut = a_cut(bought("ann", "milk", 1, 5, 9, 12) + bought("bob", "tea", 1, 5, 9, 12), 10)
    shorter = cold(cut, 1.0, 2, LENIENT)
    assert shorter.past.purchases.days.tolist() == [5, 9, 5, 9]


def test_without_any_day_the_household_is_unknown_and_nothing_is_a_repeat():
    shorter = cold(CUT, 0.3, 0, LENIENT)
    assert (shorter.users == -1).all()
    assert not shorter.targets["next_basket"].repeats.any()


def test_the_same_households_are_made_new_with_the_same_targets_and_true_history():
    one, five = cold(CUT, 0.3, 1, LENIENT), cold(CUT, 0.3, 5, LENIENT)
    assert one.households == five.households
    assert one.shopping_days.tolist() == five.shopping_days.tolist()
    sizes = dict(zip(CUT.households, CUT.targets["next_basket"].sizes, strict=True))
    assert one.targets["next_basket"].sizes.tolist() == [sizes[user] for user in one.households]
