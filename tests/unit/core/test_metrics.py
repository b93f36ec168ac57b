import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core import metrics

K = 4


def lists(rows):
    """Starts and rows of lists of rows."""
    starts = np.cumsum([0, *map(len, rows)])
    return starts, np.array([row for one in rows for row in one], np.int32)


def found_of(ranked, targets):
    return metrics.hits(np.array(ranked, np.int32), *lists(targets))


def test_three_of_four_targets_in_four_places_are_a_recall_of_three_quarters():
    found = found_of([[7, 1, 2, 3]], [[1, 2, 3, 9]])
    assert found.tolist() == [[False, True, True, True]]
    assert metrics.recall(found, np.array([4]), 4).tolist() == [0.75]
    assert metrics.recall(found, np.array([4]), 2).tolist() == [0.25]
    assert metrics.precision(found, 2).tolist() == [0.5]
    assert metrics.hit_rate(found, 1).tolist() == [0]
    assert metrics.hit_rate(found, 2).tolist() == [1]


def test_an_empty_place_never_hits_a_target_that_nothing_can():
    assert not found_of([[-1, -1], [0, -1]], [[-1, 5], [-1]]).any()


def test_another_users_target_is_no_hit():
    assert found_of([[1], [2]], [[2], [1]]).tolist() == [[False], [False]]


def test_a_hit_at_rank_2_of_one_target_has_an_ndcg_of_1_over_log2_of_3():
    found = found_of([[8, 1, 9]], [[1]])
    assert metrics.ndcg(found, np.array([1]), 3)[0] == pytest.approx(1 / math.log2(3))


def test_average_precision_divides_by_as_many_targets_as_a_page_can_hold():
    found = found_of([[1, 8, 2]], [[1, 2, 3, 4, 5]])
    assert metrics.average_precision(found, np.array([5]), 3)[0] == pytest.approx((1 + 2 / 3) / 3)


def test_without_a_target_there_is_no_recall():
    found = found_of([[1, 2]], [[]])
    assert np.isnan(metrics.recall(found, np.array([0]), 2)).all()
    assert np.isnan(metrics.ndcg(found, np.array([0]), 2)).all()
    assert np.isnan(metrics.average_precision(found, np.array([0]), 2)).all()


def test_coverage_counts_what_anybody_was_shown_once():
    assert metrics.coverage(np.array([[0, 1], [1, -1]]), 4) == 0.5


users = st.lists(
    st.tuples(
        st.lists(st.integers(0, 9), unique=True, max_size=K),
        st.lists(st.integers(0, 9), unique=True, min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=5,
)


def slow(ranked, targets):
    """Recall, NDCG and average precision of one user, by the definitions."""
    best = min(K, len(targets))
    gains = [1 / math.log2(rank + 1) for rank, row in enumerate(ranked, 1) if row in targets]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, best + 1))
    precisions = [
        len(set(ranked[:rank]) & set(targets)) / rank
        for rank, row in enumerate(ranked, 1)
        if row in targets
    ]
    return len(gains) / len(targets), sum(gains) / ideal, sum(precisions) / best


@given(users)
def test_all_metrics_are_those_of_plain_python(users):
    ranked = [[*page, *[-1] * (K - len(page))] for page, _ in users]
    found = found_of(ranked, [targets for _, targets in users])
    sizes = np.array([len(targets) for _, targets in users])
    ours = [
        metrics.recall(found, sizes, K),
        metrics.ndcg(found, sizes, K),
        metrics.average_precision(found, sizes, K),
    ]
    expected = [slow(page, targets) for page, targets in users]
    assert np.allclose(np.array(ours).T, expected)
    assert (np.array(ours) <= 1 + 1e-12).all()


@given(st.lists(st.integers(0, 99), unique=True, min_size=1, max_size=12))
def test_the_ideal_ranking_has_an_ndcg_and_average_precision_of_1(targets):
    page = [*targets[:K], *[-1] * (K - len(targets))]
    found, sizes = found_of([page], [targets]), np.array([len(targets)])
    assert metrics.ndcg(found, sizes, K)[0] == pytest.approx(1)
    assert metrics.average_precision(found, sizes, K)[0] == pytest.approx(1)
