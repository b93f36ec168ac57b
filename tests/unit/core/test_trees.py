"""Trees as arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.trees import BLOCK_ROWS, Trees

INFINITE = np.float32(np.inf)


def a_stump(feature: int, threshold: float, left: float, right: float) -> Trees:
    """One node with two leaves."""
    return Trees(
        features=np.array([feature, 0, 0], np.uint32),
        thresholds=np.array([threshold, INFINITE, INFINITE], np.float32),
        children=np.array([1, 1, 2], np.uint32),
        values=np.array([0.0, left, right]),
        roots=np.array([0], np.uint32),
        depths=np.array([1], np.uint32),
    )


@pytest.mark.parametrize(("value", "expected"), [(1.0, -5.0), (2.0, -5.0), (2.5, 7.0)])
def test_a_row_goes_right_only_above_the_threshold(value, expected):
    rows = np.array([[0.0, value]], np.float32)
    assert a_stump(1, 2.0, -5.0, 7.0).score(rows).tolist() == [expected]


def test_a_tree_of_one_leaf_gives_every_row_the_same():
    leaf = Trees(
        np.zeros(1, np.uint32), np.full(1, INFINITE), np.zeros(1, np.uint32), np.array([0.25]),
        np.zeros(1, np.uint32), np.zeros(1, np.uint32),
    )  # fmt: skip
    assert leaf.score(np.zeros((3, 2), np.float32)).tolist() == [0.25, 0.25, 0.25]


def test_no_rows_are_no_scores():
    assert a_stump(0, 1.0, 0.0, 1.0).score(np.zeros((0, 2), np.float32)).tolist() == []


@given(st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=11))
def test_a_row_scores_the_same_in_any_company(values):
    rows = np.array(values, np.float32)[:, None]
    stump = a_stump(0, 0.5, 1.0, 2.0)
    alone = [float(stump.score(rows[place : place + 1])[0]) for place in range(len(rows))]
    assert stump.score(rows).tolist() == alone == [2.0 if v > 0.5 else 1.0 for v in rows[:, 0]]


@pytest.mark.parametrize("rows", [BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 3])
def test_rows_beyond_a_block_score_as_those_within(rows):
    values = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    scores = a_stump(0, 0.5, 1.0, 2.0).score(values)
    assert scores.tolist() == [2.0 if value > 0.5 else 1.0 for value in values[:, 0]]
