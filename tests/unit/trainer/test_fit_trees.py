"""LightGBM's trees laid out as arrays."""

import lightgbm
import numpy as np
import pytest

from restock.core.trees import features_of
from trainer.fit_trees import at_most, trees_from


@pytest.fixture(scope="module")
def booster_and_rows():
    draw = np.random.default_rng(7)
    rows = draw.normal(size=(4_000, 12)).astype(np.float32)
    labels = (rows[:, 0] * rows[:, 1] + rows[:, 2] + draw.normal(size=4_000) > 0).astype(float)
    parameters = {
        "objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": 1, "seed": 1,
        "use_missing": False,
    }  # fmt: skip
    return lightgbm.train(parameters, lightgbm.Dataset(rows, labels), 40), rows


def test_the_arrays_score_4000_rows_as_lightgbm_does_bit_for_bit(booster_and_rows):
    booster, rows = booster_and_rows
    assert np.array_equal(trees_from(booster).score(rows), booster.predict(rows, raw_score=True))


def test_a_value_on_a_threshold_goes_where_lightgbm_sends_it(booster_and_rows):
    booster, rows = booster_and_rows
    trees = trees_from(booster)
    edges = np.repeat(rows[:1], len(trees.thresholds), axis=0)
    edges[np.arange(len(edges)), features_of(trees)] = trees.thresholds
    for moved in (edges, np.nextafter(edges, np.float32(np.inf))):
        assert np.array_equal(trees.score(moved), booster.predict(moved, raw_score=True))


@pytest.mark.parametrize("threshold", [0.1, -0.1, 1 / 3, 1e-45, 12_345.678])
def test_a_threshold_is_rounded_down(threshold):
    rounded = at_most(threshold)
    assert float(rounded) <= threshold < float(np.nextafter(rounded, np.float32(np.inf)))


class Dumped:
    """What a booster with one given tree tells of itself."""

    def __init__(self, tree):
        self.tree = tree

    def num_feature(self):
        return 1

    def dump_model(self):
        return {"tree_info": [{"tree_structure": self.tree}]}


def a_node(left, right, threshold=0.5, decision="<="):
    node = {"split_feature": 0, "threshold": threshold, "decision_type": decision}
    return node | {"left_child": left, "right_child": right}


def test_a_node_that_decides_otherwise_is_refused():
    leaf = {"leaf_value": 0.0}
    with pytest.raises(ValueError, match="a node decides by '==', not by '<='"):
        trees_from(Dumped(a_node(leaf, leaf, "1||2", "==")))


def test_a_tree_of_33_leaves_is_refused_and_one_of_32_is_not():
    tree = {"leaf_value": 0.0}
    for leaves in range(2, 33):
        tree = a_node(tree, {"leaf_value": float(leaves)}, threshold=float(leaves))
    assert trees_from(Dumped(tree)).score(np.array([[99.0]], np.float32)).tolist() == [32.0]
    with pytest.raises(ValueError, match="a tree has more than 32 leaves"):
        trees_from(Dumped(a_node(tree, {"leaf_value": 33.0})))
