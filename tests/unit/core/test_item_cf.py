import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core import item_cf
from restock.core.item_cf import (
    ANCHOR,
    NOBODY,
    SUM,
    Workspace,
    add_neighbours,
    best_touched,
    distinct,
    forget,
)
from tests.unit.core.shop import floats

MILK, BREAD, EGGS, WINE = range(4)
NEIGHBOURS = np.array([[BREAD, EGGS], [MILK, NOBODY], [MILK, BREAD], [NOBODY, NOBODY]], np.int32)
WEIGHTS = np.array([[0.5, 0.25], [0.5, 0], [0.25, 0.125], [0, 0]], np.float32)
ALL = np.arange(4)


def heard(space, rows, strengths, neighbours=NEIGHBOURS, weights=WEIGHTS):
    """Add the neighbours of what was bought; tells the rows that were touched."""
    count = add_neighbours(
        neighbours, weights, np.array(rows, np.int64), floats(*strengths), space.gains,
        space.touched,
    )  # fmt: skip
    return space.touched[:count]


def sums(space):
    return space.gains[:, SUM].tolist()


def anchors(space):
    """Position of the signal that gave each item most, NOBODY where none gave anything."""
    return [int(row[ANCHOR]) if row[SUM] > 0 else NOBODY for row in space.gains]


def test_a_neighbour_gains_strength_times_similarity_from_everything_bought():
    space = Workspace(4)
    touched = heard(space, [MILK, EGGS], [2, 4])
    # Bread: 2 * 0.5 + 4 * 0.125; eggs: 2 * 0.25; milk: 4 * 0.25.
    assert sums(space) == [1, 1.5, 0.5, 0]
    assert sorted(touched.tolist()) == [MILK, BREAD, EGGS]


def test_the_anchor_is_what_gave_most():
    space = Workspace(4)
    heard(space, [MILK, EGGS], [2, 4])
    assert anchors(space) == [1, 0, 0, NOBODY]
    forget(space.gains, space.touched, 3)
    heard(space, [MILK, EGGS], [1, 100])
    assert anchors(space) == [1, 1, 0, NOBODY]


def test_nothing_bought_touches_nothing():
    space = Workspace(4)
    assert heard(space, [], []).tolist() == []
    assert heard(space, [WINE], [5]).tolist() == []


def test_an_item_of_no_strength_or_similarity_touches_nothing():
    space = Workspace(4)
    assert heard(space, [MILK], [0]).tolist() == []
    assert heard(space, [MILK], [1], weights=np.zeros((4, 2), np.float32)).tolist() == []


def naive(neighbours, weights, rows, strengths):
    """The same sum, item by item."""
    gains = np.zeros((len(rows), len(neighbours)))
    for position, (row, strength) in enumerate(zip(rows, strengths, strict=True)):
        for item, weight in zip(neighbours[row], weights[row], strict=True):
            if item >= 0:
                gains[position, item] += strength * weight
    return gains


@given(data=st.data(), items=st.integers(2, 12), seed=st.integers(0, 1000))
def test_the_compiled_loop_adds_up_what_a_plain_loop_does(data, items, seed):
    chance = np.random.default_rng(seed)
    width = int(chance.integers(1, items))
    neighbours = np.array([chance.permutation(items)[:width] for _ in range(items)], np.int32)
    for row in neighbours:
        row[width - int(chance.integers(0, width + 1)) :] = NOBODY
    weights = chance.random((items, width)).astype(np.float32)
    rows = data.draw(st.lists(st.integers(0, items - 1), max_size=8))
    strength = st.floats(0.125, 10, width=32)
    said = data.draw(st.lists(strength, min_size=len(rows), max_size=len(rows)))
    space = Workspace(items)
    for _ in range(2):  # the second time on what the first left
        touched = heard(space, rows, said, neighbours, weights)
        gains = naive(neighbours, weights, rows, said)
        assert sums(space) == pytest.approx(gains.sum(axis=0), rel=1e-5)
        assert sorted(touched.tolist()) == np.flatnonzero(gains.sum(axis=0)).tolist()
        for item, anchor in enumerate(anchors(space)):
            expected = gains[:, item].max(initial=0)
            assert (gains[anchor, item] if anchor >= 0 else 0) == pytest.approx(expected)
        forget(space.gains, space.touched, len(touched))
        assert not any(sums(space))
        assert set(anchors(space)) <= {NOBODY}


@given(
    rows=st.lists(st.integers(0, 9), max_size=20),
    blocked=st.lists(st.integers(0, 9), max_size=20),
)
def test_distinct_rows_keep_their_order_once_each_without_the_blocked(rows, blocked):
    marks = np.full(10, NOBODY, np.int32)
    found = distinct(np.array(rows, np.int64), np.array(blocked, np.int64), marks)
    assert found.tolist() == [row for row in dict.fromkeys(rows) if row not in blocked]
    assert (marks == NOBODY).all()


@given(st.lists(st.floats(-9, 9, width=32), max_size=20), st.integers(1, 25))
def test_the_strongest_are_the_strongest_in_any_order(strengths, count):
    found = item_cf.strongest_first(floats(*strengths), count)
    best = sorted(strengths, reverse=True)[:count]
    assert sorted((strengths[position] for position in found), reverse=True) == best
    assert len(set(found.tolist())) == len(found)


def test_the_best_touched_are_the_highest_sums():
    space = Workspace(4)
    touched = heard(space, [MILK, EGGS], [2, 4])
    best = {
        count: sorted(best_touched(space.gains, touched, count).tolist()) for count in (1, 2, 9)
    }
    assert best == {1: [BREAD], 2: [MILK, BREAD], 9: [MILK, BREAD, EGGS]}
