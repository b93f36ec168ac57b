import numpy as np
import pytest

from restock.tuning_config import TuningConfig
from tests.unit.trainer.evaluation.shop import a_past, bought, many, ranked_ids
from trainer.evaluation.methods.seed_hybrid import SeedHybrid, minmax, purchase_strengths
from trainer.evaluation.methods.seed_rules import SeedRules

EVERYBODY = np.array([0])


def changed(rule, past, scores):
    """Scores of the first household after one rule."""
    scores = np.array([scores], np.float64)
    getattr(SeedRules(past), rule)(scores, EVERYBODY)
    return scores[0].tolist()


def test_a_purchase_of_usual_price_and_quantity_has_a_strength_of_log_2():
    past = a_past(bought("ann", "milk", 1, 2))
    assert purchase_strengths(past, TuningConfig()) == pytest.approx([np.log(2)] * 2)


def test_twice_the_households_mean_price_is_stronger():
    """Prices 1 and 3, mean 2: ratios 0.5 and 1.5; half of log1p each, and half of log 2."""
    past = a_past(bought("ann", "a", 1, spend=1), bought("ann", "b", 1, spend=3))
    expected = [0.5 * np.log(1.5) + 0.5 * np.log(2), 0.5 * np.log(2.5) + 0.5 * np.log(2)]
    assert purchase_strengths(past, TuningConfig()) == pytest.approx(expected)


def test_minmax_brings_each_household_to_0_and_1():
    assert minmax(np.array([[2.0, 4, 3], [5, 5, 5]])).tolist() == [[0, 1, 0.5], [0, 0, 0]]


def test_what_was_bought_within_half_its_cycle_is_left_out_and_what_is_due_gains():
    """Milk every 20 days, 5 days ago; bread every 10 days, 20 days ago; tea once, of no known cycle."""
    past = a_past(
        bought("ann", "milk", 55, 75, 95), bought("ann", "bread", 70, 80), bought("ann", "tea", 99)
    )
    assert past.purchases.item_ids == ["milk", "bread", "tea"]
    assert changed("leave_out_recent", past, [1, 1, 1]) == [-np.inf, 1, 1]
    assert changed("boost_due", past, [1, 1, 1]) == [1, pytest.approx(1.15), 1]


def test_an_item_with_five_gaps_has_a_cycle_for_those_who_bought_it_once():
    """Bob's gaps of 10 days; ann bought it once, 4 days ago."""
    past = a_past(bought("ann", "milk", 96), bought("bob", "milk", 40, 50, 60, 70, 80, 90))
    assert changed("leave_out_recent", past, [1]) == [-np.inf]


def test_prices_are_compared_with_the_households_mean():
    """Ann pays 2 on average; items cost 2, 3.5 and 8 in the median."""
    past = a_past(
        bought("ann", "a", 1, 2, 3, spend=2),
        bought("bob", "b", 1, 2, spend=3.5),
        bought("bob", "c", 1, spend=8),
    )
    assert changed("penalise_price", past, [1, 1, 1]) == pytest.approx([1, 1.5 / 1.75, 1.5 / 4])
    assert changed("leave_out_dear", past, [1, 1, 1]) == [1, 1, -np.inf]
    assert changed("upsell", past, [1, 1, 1]) == pytest.approx([1.02, 1.035, 1.04])


def test_without_prices_no_price_rule_changes_anything():
    past = a_past(bought("ann", "a", 1, 2, spend=0), bought("bob", "b", 1, spend=0))
    for rule in ("penalise_price", "leave_out_dear", "upsell"):
        assert changed(rule, past, [0.5, 1]) == [0.5, 1]


def test_every_rule_gives_a_ranking_and_parts_have_names():
    past = a_past(many(users=8, products=9), day=85)
    method = SeedHybrid()
    assert len(method.names) == 3 + 6
    assert SeedHybrid(with_rules=False).names == method.names[:3]
    for name in method.names:
        assert ranked_ids(method, past, ["u00"], k=1, name=name)[0][0] is not None
