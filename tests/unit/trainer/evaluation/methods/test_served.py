import numpy as np
import pytest

from restock.core.blend import Strategy
from tests.unit.trainer.evaluation.shop import a_past, bought, many, ranked_ids
from tests.unit.trainer.shop import SMALL
from trainer.evaluation.methods.served import Served, ranker_of, shop_of
from trainer.evaluation.methods.served_settings import (
    NO_RULES,
    RULES_OFF,
    Setting,
    rule_pairs,
    settings,
)

PAST = a_past(many(users=8, products=9), day=85)


def served(past, users, k=3, banned=None, strategy=Strategy.HYBRID, **level_2):
    method = Served(SMALL, {"one": Setting(strategy, level_2=level_2)})
    return ranked_ids(method, past, users, k, banned)


@pytest.mark.parametrize("name", settings())
def test_every_setting_fills_the_page_of_known_and_new_households(name):
    method = Served(SMALL)
    for page in ranked_ids(method, PAST, ["u00", "nobody"], k=5, name=name):
        assert len(set(page) - {None}) == 5


def test_a_product_bought_yesterday_comes_last_unless_the_rule_is_off():
    """Milk every ten days until yesterday; bread every ten days until ten days ago."""
    past = a_past(
        bought("ann", "milk", 69, 79, 89, 99), bought("ann", "bread", 70, 80, 90),
        bought("bob", "milk", 69, 79, 89, 99), day=100,
    )  # fmt: skip
    assert served(past, ["ann"], k=2) == [["bread", "milk"]]
    assert served(past, ["ann"], k=2, **NO_RULES) == [["milk", "bread"]]


def test_banned_products_are_never_served():
    owned = PAST.owned(PAST.users_of(["u00"]))
    own = {PAST.purchases.item_ids[row] for row in owned[0]}
    assert own.isdisjoint(served(PAST, ["u00"], 5, owned)[0])


def test_settings_that_differ_in_rules_share_their_candidates():
    shop = shop_of(PAST, SMALL)
    users = np.array([0, 1])
    plain = shop.candidates(Setting(Strategy.HYBRID), users, None)
    assert shop.candidates(Setting(Strategy.HYBRID, level_2=NO_RULES), users, None) is plain
    assert shop.candidates(Setting(Strategy.ALS), users, None) is not plain


def test_every_rule_can_be_switched_off():
    assert set(RULES_OFF) == {
        "leaving out the recent",
        "the due boost",
        "price rules",
        "the segment rule",
        "upsell",
        "variety",
    }
    for knobs in RULES_OFF.values():
        SMALL.changed(knobs)


def test_each_rule_is_judged_with_and_without_by_settings_that_are_there():
    pairs = rule_pairs()
    names = {name for rules in pairs.values() for pair in rules.values() for name in pair}
    assert names <= set(settings())
    assert set(pairs["HYBRID"]) == {"all rules", *RULES_OFF}
    assert "the due boost" not in pairs["LEARNED"]


def test_a_ranker_of_another_past_serves_in_place_of_ones_own():
    rows = many(users=12, products=9, days=150)
    past, other = a_past(rows, day=120), a_past(rows[len(rows) // 2 :], day=120)
    tuning = SMALL.changed({"learned_least_shoppers": 3})
    own, taught = ranker_of(past, tuning), ranker_of(other, tuning)
    shop = shop_of(past, tuning.changed({"learned_windows": 0}), taught)
    assert shop.level1.ranker is taught
    assert shop_of(past, tuning).level1.ranker.own.trees.values.tolist() == (
        own.own.trees.values.tolist()
    )
    assert own.own.trees.values.tolist() != taught.own.trees.values.tolist()


def test_only_the_settings_wanted_are_learned_and_a_ranker_only_for_those_that_ask():
    everything = Served(SMALL)
    assert everything.ranks
    hybrid = everything.only(lambda name: "HYBRID" in name)
    assert not hybrid.ranks
    assert all("HYBRID" in name for name in hybrid.names) and len(hybrid.names) == 10
