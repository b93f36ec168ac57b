import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.pooled_effects import pooled


def together(estimates, errors, groups=None, count=1):
    codes = np.array(groups or [0] * len(estimates), np.int32)
    return pooled(codes, np.array(estimates, float), np.array(errors, float), count)


def test_estimates_that_agree_are_weighted_by_their_precision():
    found = together([1.0, 1.1], [0.1, 0.2])  # weights 100 and 25
    assert found.means[0] == pytest.approx(1.02)
    assert found.spreads[0] == 0


def test_what_chance_does_not_explain_is_spread():
    # Q = 100 x 0.06^2 + 25 x 0.24^2 = 1.8, less 1, over 125 - 10,625 / 125 = 40.
    found = together([1.0, 1.3], [0.1, 0.2])
    assert found.spreads[0] == pytest.approx(0.02**0.5)
    assert found.means[0] == pytest.approx(1.1)


def test_real_differences_widen_the_interval_and_level_the_weights():
    found = together([0.0, 4.0], [0.01, 0.5])
    assert found.means[0] == pytest.approx(2.0, abs=0.1)
    assert found.spreads[0] > 2
    assert found.highs[0] - found.lows[0] > 4


def test_a_group_without_an_estimate_has_no_mean():
    found = together([1.0, 1.0], [0.1, 0.1], groups=[2, 2], count=3)
    assert np.isnan(found.means[:2]).all()
    assert found.sizes.tolist() == [0, 0, 2]


def test_one_estimate_is_told_as_it_is():
    found = together([-1.5], [0.5])
    assert (found.means[0], found.spreads[0]) == (-1.5, 0)
    assert (found.lows[0], found.highs[0]) == pytest.approx((-2.48, -0.52), abs=0.001)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0.01, 3)), min_size=1, max_size=20))
def test_the_mean_lies_among_the_estimates(pairs):
    estimates, errors = zip(*pairs, strict=True)
    found = together(estimates, errors)
    assert min(estimates) - 1e-9 <= found.means[0] <= max(estimates) + 1e-9
    assert found.lows[0] <= found.means[0] <= found.highs[0]


def test_nineteen_of_twenty_intervals_hold_the_true_mean():
    chance = np.random.default_rng(1)
    groups = np.repeat(np.arange(400), 30).astype(np.int32)
    errors = chance.uniform(0.2, 1.0, len(groups))
    truth = -1.0 + chance.normal(0, 0.5, len(groups))
    found = pooled(groups, truth + chance.normal(0, errors), errors, 400)
    held = (found.lows <= -1.0) & (found.highs >= -1.0)
    assert 0.91 <= held.mean() <= 0.98
