"""HYBRID's weights, found again where it is known which source tells the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.blend import BLENDED
from restock.core.metrics import ndcg
from trainer.learned.fit_blend import better_weights, blended_ndcg, fit_blend, simplex
from trainer.learned.windows import Examples

SEED = np.array([0.4, 0.4, 0.2, 0.0])
EXACT = np.array([0.5, 0.25, 0.25, 0.0])
"""Whose sums are the same in any order."""
SHOPPERS, CANDIDATES = 200, 60


def a_window(truth, seed, shoppers=SHOPPERS):
    """Candidates whose sources are random; the basket has what is best by `truth`, noise added."""
    draw = np.random.default_rng(seed)
    count = shoppers * CANDIDATES
    sources = draw.random((count, len(BLENDED))).astype(np.float32)
    wanted = (sources @ np.array(truth) + draw.normal(0, 0.05, count)).reshape(shoppers, -1)
    bought = wanted >= np.sort(wanted, axis=1)[:, -5:-4]
    return Examples(
        rows=np.empty((count, 0), np.float32),
        owned=np.zeros(count, np.bool_),
        next_basket=bought.ravel(),
        days_bought=bought.ravel().astype(np.int8),
        sources=sources,
        starts=np.arange(0, count + 1, CANDIDATES),
        basket_sizes=np.full(shoppers, 5),
        new_sizes=np.zeros(shoppers, np.int64),
    )


def test_the_weights_that_decide_are_found():
    truth = [0.1, 0.6, 0.0, 0.3]
    found = fit_blend([a_window(truth, 1), a_window(truth, 2)])
    assert found == pytest.approx(truth, abs=0.1)
    assert found.sum() == pytest.approx(1)


def test_fitted_weights_are_taken_where_they_do_better_on_a_window_not_seen():
    windows = [a_window([0.0, 0.1, 0.1, 0.8], seed) for seed in (1, 2, 3)]
    found = better_weights(windows, SEED)
    assert blended_ndcg(windows[-1], found) > blended_ndcg(windows[-1], SEED) + 0.1


def test_given_weights_are_left_where_the_last_window_prefers_them():
    windows = [a_window([0.0, 0.0, 0.0, 1.0], seed) for seed in (1, 2)]
    assert better_weights([*windows, a_window(SEED, 3)], SEED) is None


def test_tenths_of_four_sources_are_286_and_each_adds_up_to_1():
    tried = list(simplex(10))
    assert len(tried) == 286
    assert {round(float(weights.sum()), 9) for weights in tried} == {1.0}


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 4))
def test_the_gain_of_a_list_is_the_ndcg_of_the_metrics(seed, candidates, shoppers):
    """Scores of few different values, so that many are equal: the earlier row leads."""
    draw = np.random.default_rng(seed)
    count = candidates * shoppers
    sources = draw.integers(0, 3, (count, len(BLENDED))).astype(np.float32)
    found = draw.random(count) < 0.3
    starts = np.arange(0, count + 1, candidates)
    sizes = np.array([max(int(one.sum()), 1) for one in np.split(found, shoppers)])
    examples = Examples(
        np.empty((count, 0), np.float32), found, found, found.astype(np.int8), sources, starts,
        sizes, sizes,
    )  # fmt: skip
    hits = np.zeros((shoppers, 10), np.bool_)
    for one in range(shoppers):
        span = slice(starts[one], starts[one + 1])
        best = np.argsort(-(sources[span] @ EXACT), kind="stable")[:10]
        hits[one, : len(best)] = found[span][best]
    expected = ndcg(hits, sizes, 10).mean()
    assert blended_ndcg(examples, EXACT) == pytest.approx(expected, rel=1e-6)
