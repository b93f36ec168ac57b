import numpy as np
import pytest

from tests.unit.trainer.evaluation.shop import LENIENT, a_cut, bought, many
from tests.unit.trainer.shop import SMALL
from trainer.evaluation.cold_start import cold, others
from trainer.evaluation.methods.served import ranker_of

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


def test_the_others_are_all_households_that_are_not_judged_with_all_they_bought():
    rest = others(CUT.past, 0.3, LENIENT).purchases
    before = dict(zip(CUT.past.purchases.user_ids, CUT.past.profiles.shopping_days, strict=True))
    assert set(rest.user_ids) == set(before) - set(cold(CUT, 0.3, 5, LENIENT).households)
    assert (
        len(rest)
        == np.isin(CUT.past.purchases.user_ids, rest.user_ids)[CUT.past.purchases.users].sum()
    )


def test_what_new_households_bought_changes_nothing_in_the_ranker_that_serves_them():
    tuning = SMALL.changed({"learned_least_shoppers": 5})
    rows = many(days=150)
    new = set(cold(a_cut(rows, 120), 0.3, 1, LENIENT).households)
    changed = [(user, "p03" if user in new else item, *rest) for user, item, *rest in rows]
    one, other = (
        ranker_of(others(a_cut(bought, 120).past, 0.3, LENIENT), tuning)
        for bought in (rows, changed)
    )
    assert rows != changed
    for name in ("own", "new"):
        trees, again = getattr(one, name).trees, getattr(other, name).trees
        assert trees.values.tobytes() == again.values.tobytes()
        assert trees.thresholds.tobytes() == again.thresholds.tobytes()
