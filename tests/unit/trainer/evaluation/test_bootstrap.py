import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.evaluation.bootstrap import drawn, interval

IDS = [f"u{number}" for number in range(40)]


def test_a_difference_that_every_household_has_has_no_width():
    households = drawn(set(IDS), seed=0)
    one = np.random.default_rng(0).random((40, 1))
    means = households.means(one + 0.25) - households.means(one)
    assert interval(means) == pytest.approx((0.25, 0.25))


def test_the_interval_of_a_mean_is_about_two_standard_errors_each_way():
    values = np.random.default_rng(1).normal(5, 2, 400)
    households = drawn({f"u{number}" for number in range(400)}, seed=0)
    low, high = interval(households.means(values[:, None]))
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert low < values.mean() < high


def test_cutoffs_count_alike_however_many_households_each_has():
    households = drawn(set(IDS), seed=0)
    table = households.table([(IDS, np.zeros(40)), (IDS[:10], np.ones(10))])
    assert np.allclose(households.means(table), 0.5)


@given(st.permutations(range(40)))
def test_the_order_of_households_changes_nothing(order):
    values = np.arange(40.0)
    households = drawn(set(IDS), seed=3, resamples=20)
    plain = households.table([(IDS, values)])
    shuffled = households.table([([IDS[place] for place in order], values[list(order)])])
    assert np.array_equal(households.means(plain), households.means(shuffled))
    assert np.array_equal(drawn({IDS[place] for place in order}, 3, 20).draws, households.draws)


def test_without_a_value_there_is_no_interval():
    households = drawn(set(IDS), seed=0, resamples=5)
    assert np.isnan(interval(households.means(np.full((40, 2), np.nan)))).all()
