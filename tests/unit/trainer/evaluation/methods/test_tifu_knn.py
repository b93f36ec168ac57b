import numpy as np
import pytest
from scipy import sparse

from tests.unit.trainer.evaluation.shop import a_past, bought, ranked_ids
from trainer.evaluation.methods.tifu_knn import TifuKnn, grouped, nearest


def test_five_baskets_in_three_groups_are_one_two_and_two():
    place, total = np.arange(5), np.full(5, 5)
    group, held = grouped(place, total, np.full(5, 3))
    assert group.tolist() == [0, 1, 1, 2, 2]
    assert held.tolist() == [1, 2, 2, 2, 2]


def test_a_purchase_weighs_by_its_basket_and_its_group():
    """Four baskets in two groups; decays one half. Of the first: 0.5^3 / 2 baskets * 0.5 / 2 groups."""
    past = a_past(bought("ann", "milk", 1, 2, 3, 4))
    weights = TifuKnn(groups=2, basket_decay=0.5, group_decay=0.5).weights(past)
    assert weights == pytest.approx([0.125 * 0.5 / 4, 0.25 * 0.5 / 4, 0.5 / 4, 1 / 4])


def test_with_fewer_baskets_than_groups_each_is_a_group():
    past = a_past(bought("ann", "milk", 1, 2))
    weights = TifuKnn(groups=3, basket_decay=1.0, group_decay=0.5).weights(past)
    assert weights == pytest.approx([0.25, 0.5])


def test_neighbours_are_the_nearest_by_distance_without_the_household_itself():
    vectors = sparse.csr_matrix(np.array([[1.0, 0], [0.9, 0], [0, 5]]))
    assert nearest(vectors, 1).toarray().argmax(axis=1).tolist() == [1, 0, 1]


def test_a_neighbours_product_comes_after_ones_own():
    past = a_past(
        bought("ann", "milk", 1, 2), bought("bob", "milk", 1, 2), bought("bob", "tea", 2),
        bought("cid", "rice", 1, 2, 3),
    )  # fmt: skip
    found = ranked_ids(TifuKnn(neighbours=1, own_weight=0.5), past, ["ann"], k=2)
    assert found == [["milk", "tea"]]


def test_a_household_alone_has_itself_only():
    past = a_past(bought("ann", "milk", 1, 2))
    assert ranked_ids(TifuKnn(), past, ["ann"], k=1) == [["milk"]]
