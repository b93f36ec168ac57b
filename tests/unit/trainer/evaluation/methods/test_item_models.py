"""EASE, item-CF and ALS on three households: who buys milk buys bread, who buys tea buys rice."""

import numpy as np
import pytest

from restock.tuning_config import TuningConfig
from tests.unit.trainer.evaluation.shop import a_past, bought, ranked_ids
from trainer.evaluation.methods.als import Als
from trainer.evaluation.methods.ease import Ease, item_weights
from trainer.evaluation.methods.item_cf import ItemCf

WEAK = TuningConfig(als_factors=2, als_regularization=0.1)
PAST = a_past(
    *(bought(user, product, 1, 2) for user in "abc" for product in ("milk", "bread")),
    *(bought(user, product, 1, 2) for user in "de" for product in ("tea", "rice")),
    bought("fay", "milk", 3),
)


@pytest.mark.parametrize("method", [Ease(), ItemCf(), Als(WEAK)], ids=["ease", "item-cf", "als"])
def test_who_buys_milk_is_told_of_bread(method):
    owned = PAST.owned(PAST.users_of(["fay"]))
    for name in method.names:
        assert ranked_ids(method, PAST, ["fay"], 1, owned, name) == [["bread"]]


def test_ease_solves_each_item_from_the_others():
    """Two items with X'X = [[3, 2], [2, 3]] and lambda 1: 2 / 4 both ways, and 0 on the diagonal."""
    weights = item_weights(np.array([[3, 2], [2, 3]], np.float32), 1.0)
    assert weights == pytest.approx(np.array([[0, 0.5], [0.5, 0]]))


def test_ease_knows_only_the_most_bought_items():
    found = ranked_ids(Ease(most_items=2), PAST, ["fay"], k=4)
    assert sorted(found[0][:2]) == ["bread", "milk"]
    assert found[0][2:] == [None, None]


def test_item_cf_keeps_an_item_among_its_own_neighbours():
    assert ranked_ids(ItemCf(), PAST, ["fay"], k=1) == [["milk"]]
