import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from implicit.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from restock.core.als import fold_in, gramian
from tests.unit.core.shop import floats

NOTHING = np.empty(0, np.int64)


def some_factors(items, width, seed=0):
    return np.random.default_rng(seed).normal(size=(items, width)).astype(np.float32)


def solved_by_hand(factors, regularization, rows, strengths, alpha):
    """All items' equations in full, in double precision: ``(Y'CY + lambda I) x = Y'Cp``."""
    wide = factors.astype(np.float64)
    confidence, preference = np.ones(len(wide)), np.zeros(len(wide))
    for row, strength in zip(rows, strengths, strict=True):
        confidence[row], preference[row] = alpha * strength, 1
    system = wide.T @ np.diag(confidence) @ wide + regularization * np.eye(wide.shape[1])
    return np.linalg.solve(system, wide.T @ (confidence * preference))


def test_the_gramian_is_what_all_items_say_plus_lambda_on_the_diagonal():
    factors = np.array([[1, 2], [3, 4]], np.float32)
    assert gramian(factors, 0.5).tolist() == [[10.5, 14], [14, 20.5]]


@given(
    items=st.integers(1, 30),
    width=st.integers(1, 8),
    seed=st.integers(0, 1000),
    alpha=st.floats(0.5, 40),
    regularization=st.floats(1, 100),
    data=st.data(),
)
def test_a_folded_in_user_solves_the_normal_equations(
    items, width, seed, alpha, regularization, data
):
    factors = some_factors(items, width, seed)
    bought = data.draw(st.lists(st.integers(0, items - 1), unique=True))
    rows = np.array(bought, np.int64)
    strength = st.floats(0.125, 50, width=32)
    said = floats(*data.draw(st.lists(strength, min_size=len(rows), max_size=len(rows))))
    user = fold_in(factors, gramian(factors, regularization), rows, said, alpha)
    expected = solved_by_hand(factors, regularization, rows, said, alpha)
    assert user == pytest.approx(expected, rel=1e-2, abs=1e-3)


@pytest.mark.parametrize("alpha", [1.0, 5.0])
def test_a_folded_in_user_is_the_one_that_implicit_would_recalculate(alpha):
    chance = np.random.default_rng(3)
    strengths = np.where(chance.random((20, 40)) < 0.2, chance.random((20, 40)) * 5 + 0.1, 0)
    purchases = csr_matrix(strengths.astype(np.float32))
    with threadpool_limits(1, "blas"):  # implicit warns of more
        model = AlternatingLeastSquares(
            factors=8, regularization=2.0, alpha=alpha, iterations=5, random_state=1, num_threads=1
        )
        model.fit(purchases, show_progress=False)
    gram = gramian(model.item_factors, 2.0)
    for user in range(20):
        of_user = purchases[user]
        rows = of_user.indices.astype(np.int64)
        mine = fold_in(model.item_factors, gram, rows, of_user.data, alpha)
        assert mine == pytest.approx(model.recalculate_user(user, of_user), rel=1e-3, abs=1e-3)


def test_a_user_without_a_signal_has_factors_of_zero():
    factors = some_factors(5, 3)
    user = fold_in(factors, gramian(factors, 1.0), NOTHING, floats(), 1.0)
    assert user.tolist() == [0, 0, 0]
    assert user.dtype == np.float32


def test_a_user_is_nearest_to_what_was_bought():
    factors = np.array([[1, 0], [0.9, 0.1], [0, 1]], np.float32)
    user = fold_in(factors, gramian(factors, 0.1), np.array([0]), floats(3), 1.0)
    scores = factors @ user
    assert scores.argsort().tolist() == [2, 1, 0]


def test_the_same_item_twice_is_two_signals_and_not_an_error():
    factors = some_factors(5, 3)
    user = fold_in(factors, gramian(factors, 1.0), np.array([2, 2]), floats(1, 1), 1.0)
    assert np.isfinite(user).all()


@pytest.mark.parametrize("strength", [0.0, 1e-30, 1e-6, 0.1, 4e5])
@pytest.mark.parametrize("regularization", [0.0, 20.0])
def test_neither_tiny_nor_huge_strengths_break_the_solution(strength, regularization):
    # Two items, four factors: without regularisation the system is singular.
    factors = some_factors(2, 4)
    gram = gramian(factors, regularization)
    user = fold_in(factors, gram, np.array([0, 1]), floats(strength, strength), 0.001)
    assert np.isfinite(user).all()


@given(
    strengths=st.lists(st.floats(0, 5e5, width=32), min_size=6, max_size=6),
    alpha=st.floats(0.001, 100),
)
def test_every_user_has_finite_factors(strengths, alpha):
    factors = some_factors(6, 3)
    user = fold_in(factors, gramian(factors, 1.0), np.arange(6), floats(*strengths), alpha)
    assert np.isfinite(user).all()
