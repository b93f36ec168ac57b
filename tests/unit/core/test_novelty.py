"""New products beside known ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.novelty import best_of_both, new_of

SCORES = np.array([9, 8, 7, 6, 5, 4], np.float32)
KNOWN = np.array([True, True, True, True, False, False])


@pytest.mark.parametrize(
    ("count", "novelty", "expected"),
    [
        (4, 0.0, [0, 1, 2, 3]),
        (4, 0.25, [0, 1, 2, 4]),
        (4, 1.0, [0, 1, 4, 5]),
        (6, 0.0, [0, 1, 2, 3, 4, 5]),
        (9, 0.5, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_the_best_of_both_kinds_are_chosen_and_either_fills_up_for_the_other(
    count, novelty, expected
):
    assert best_of_both(SCORES, KNOWN, count, novelty).tolist() == expected


def test_nothing_is_chosen_from_nothing():
    nothing = np.empty(0, np.float32)
    assert best_of_both(nothing, nothing.astype(bool), 5, 0.5).tolist() == []


def test_halves_are_rounded_up():
    assert [new_of(5, share) for share in (0.0, 0.1, 0.3, 0.5, 1.0)] == [0, 1, 2, 3, 5]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=20),
    st.integers(1, 20),
    st.floats(0, 1),
)
def test_as_many_are_chosen_as_can_be_and_the_share_is_kept_where_it_can_be(rows, count, novelty):
    scores = np.array([score for score, _ in rows], np.float32)
    known = np.array([kind for _, kind in rows])
    chosen = best_of_both(scores, known, count, novelty)
    assert len(chosen) == min(count, len(rows))
    assert (np.diff(scores[chosen]) <= 0).all()
    new, wanted = int((~known[chosen]).sum()), new_of(count, novelty)
    if (~known).sum() >= wanted and known.sum() >= count - wanted:
        assert new == wanted
