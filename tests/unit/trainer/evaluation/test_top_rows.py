import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trainer.evaluation.shop import a_past, bought
from trainer.evaluation.methods.method import BLOCK_USERS, ScoredRanker
from trainer.evaluation.past import RowLists
from trainer.evaluation.top_rows import top_rows

score = st.sampled_from([-np.inf, 0.0, 0.5, 1.0, 2.0])


@given(st.lists(score, min_size=1, max_size=12), st.integers(1, 6))
def test_the_best_rows_are_those_of_a_stable_sort(scores, k):
    order = sorted(range(len(scores)), key=lambda row: -scores[row])
    best = [row for row in order if scores[row] > -np.inf][:k]
    found = top_rows(np.array([scores]), k)[0].tolist()
    assert found == best + [-1] * (k - len(best))


def test_more_households_than_a_block_are_ranked_each_by_its_own_scores():
    users = BLOCK_USERS + 3
    rows = [bought(f"u{user:04d}", product, 1) for user in range(users) for product in "ab"]
    past = a_past(*rows)
    ranker = ScoredRanker(past, lambda users: np.stack([users % 2, 1 - users % 2], axis=1) * 1.0)
    banned = RowLists(np.minimum(np.arange(users + 1), 1), np.zeros(1, np.int32))
    places = np.arange(users)
    assert ranker.rank(places, 1, None)[:, 0].tolist() == [1 - user % 2 for user in range(users)]
    assert ranker.rank(places, 2, banned)[[0, 1, users - 1]].tolist() == [[1, -1], [0, 1], [1, 0]]
