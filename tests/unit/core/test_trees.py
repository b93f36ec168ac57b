"""Trees as comparisons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.trees import LANES, LEAVES, Trees, features_of, trees_of
from tests.a_ranker import a_tree

INFINITE = np.float32(np.inf)


@pytest.mark.parametrize(("value", "expected"), [(1.0, -5.0), (2.0, -5.0), (2.5, 7.0)])
def test_a_row_goes_right_only_above_the_threshold(value, expected):
    rows = np.array([[0.0, value]], np.float32)
    assert a_tree(1, 2.0, -5.0, 7.0, width=2).score(rows).tolist() == [expected]


def test_a_tree_of_one_leaf_gives_every_row_the_same():
    nothing = np.empty(0, np.uint32)
    values = np.zeros((1, LEAVES))
    values[0, 0] = 0.25
    leaf = trees_of(np.empty(0, np.int64), np.empty(0, np.float32), nothing, nothing, values, 2)
    assert leaf.score(np.zeros((3, 2), np.float32)).tolist() == [0.25, 0.25, 0.25]


def test_no_rows_are_no_scores():
    assert a_tree(0, 1.0, 0.0, 1.0, 2).score(np.zeros((0, 2), np.float32)).tolist() == []


@given(st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=11))
def test_a_row_scores_the_same_in_any_company(values):
    rows = np.array(values, np.float32)[:, None]
    tree = a_tree(0, 0.5, 1.0, 2.0, width=1)
    alone = [float(tree.score(rows[place : place + 1])[0]) for place in range(len(rows))]
    assert tree.score(rows).tolist() == alone == [2.0 if v > 0.5 else 1.0 for v in rows[:, 0]]


@pytest.mark.parametrize("rows", [LANES - 1, LANES, LANES + 1, 2 * LANES + 3])
def test_rows_beyond_those_scored_together_score_as_those_within(rows):
    values = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    scores = a_tree(0, 0.5, 1.0, 2.0, width=1).score(values)
    assert scores.tolist() == [2.0 if value > 0.5 else 1.0 for value in values[:, 0]]


def a_staircase() -> Trees:
    """A tree of 32 leaves on one feature: leaf k holds values above k - 1, up to k."""
    steps = np.arange(LEAVES - 1)
    masks = np.array([2**LEAVES - 2 ** (step + 1) for step in range(LEAVES - 1)], np.uint32)
    mixed = np.random.default_rng(3).permutation(steps)
    return trees_of(
        np.zeros(len(steps), np.int64), steps[mixed].astype(np.float32),
        np.zeros(len(steps), np.uint32), masks[mixed], np.arange(LEAVES)[None] * 10.0, 1,
    )  # fmt: skip


def test_each_of_32_leaves_is_found_whatever_the_order_of_its_comparisons():
    rows = np.arange(-1, LEAVES + 1, dtype=np.float32)[:, None]
    expected = [0.0, *(10.0 * leaf for leaf in range(LEAVES)), 310.0]
    assert a_staircase().score(rows).tolist() == expected


def test_values_without_end_come_to_the_first_and_the_last_leaf():
    rows = np.array([[-INFINITE], [INFINITE]], np.float32)
    assert a_staircase().score(rows).tolist() == [0.0, 310.0]


def test_comparisons_tell_their_features():
    trees = trees_of(
        np.array([3, 0, 3]), np.array([2.0, 5.0, 1.0], np.float32), np.zeros(3, np.uint32),
        np.array([2, 4, 8], np.uint32), np.zeros((1, LEAVES)), 5,
    )  # fmt: skip
    assert features_of(trees).tolist() == [0, 3, 3]
    assert trees.thresholds.tolist() == [5.0, 1.0, 2.0]
    assert trees.masks.tolist() == [4, 8, 2]
    assert trees.starts.tolist() == [0, 1, 1, 1, 3, 3]
