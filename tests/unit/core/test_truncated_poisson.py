import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.truncated_poisson import fit, truncated_mean


def fitted(counts, columns):
    found = fit(np.array([counts], float), np.array([columns], float), np.array([counts]) != 0)
    return found.coefficients[0], found.covariances[0], bool(found.converged[0])


def test_a_count_that_is_not_zero_has_a_mean_above_one():
    mean, variance = truncated_mean(np.array([1e-6, 1.0, 50.0]))
    assert mean == pytest.approx([1.0, 1 / (1 - np.exp(-1)), 50.0], rel=1e-5)
    assert variance == pytest.approx([0.0, 0.6613, 50.0], abs=1e-4)


@given(st.floats(0.01, 100))
def test_the_variance_is_the_slope_of_the_mean_by_the_log_of_the_rate(rate):
    step = 1e-5
    low, high = truncated_mean(np.array([rate * np.exp(-step), rate * np.exp(step)]))[0]
    _, variance = truncated_mean(np.array([rate]))
    assert (high - low) / (2 * step) == pytest.approx(variance[0], rel=1e-4, abs=1e-6)


def test_an_intercept_alone_gives_the_observed_mean_back():
    coefficients, _, converged = fitted([1, 2, 3, 2], [[1]] * 4)
    assert converged
    assert truncated_mean(np.exp(coefficients))[0] == pytest.approx([2.0])


def test_large_counts_follow_the_plain_poisson_regression():
    coefficients, covariance, _ = fitted([100, 200, 100, 200], [[1, 0], [1, 1], [1, 0], [1, 1]])
    assert coefficients == pytest.approx([np.log(100), np.log(2)], rel=1e-6)
    assert covariance == pytest.approx(np.zeros((2, 2)), abs=1e-6)  # the residuals are nothing


def test_weeks_that_are_not_seen_change_nothing():
    seen, _, _ = fitted([3, 5, 2, 6], [[1, 0], [1, 1], [1, 0], [1, 1]])
    more, _, _ = fitted([3, 5, 0, 2, 6], [[1, 0], [1, 1], [1, 9], [1, 0], [1, 1]])
    assert more == pytest.approx(seen)


def test_a_column_that_never_moves_is_told_by_a_hopeless_error_and_not_by_a_crash():
    coefficients, covariance, _ = fitted([3, 5, 2, 6, 4], [[1, 0]] * 5)
    assert np.isfinite(coefficients).all()
    assert np.isfinite(covariance).all()


def test_groups_do_not_touch_each_other():
    counts = np.array([[3.0, 5, 2, 6], [30, 50, 20, 60]])
    columns = np.array([[[1.0, 0], [1, 1], [1, 0], [1, 1]]] * 2)
    both = fit(counts, columns, counts > 0).coefficients
    alone = fit(counts[1:], columns[1:], counts[1:] > 0).coefficients
    assert both[1] == pytest.approx(alone[0])
