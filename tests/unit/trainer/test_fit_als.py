import numpy as np
from scipy import sparse

from tests.unit.trainer.shop import SMALL
from trainer.fit_als import fit_als

STRENGTHS = sparse.random(
    30, 20, density=0.3, format="csr", dtype=np.float32, rng=np.random.default_rng(1)
)


def test_factors_have_a_row_a_user_and_a_row_an_item_in_float32():
    users, items = fit_als(STRENGTHS, SMALL, lambda: None)
    assert (users.shape, items.shape) == ((30, 4), (20, 4))
    assert users.dtype == items.dtype == np.float32


def test_the_same_seed_gives_the_same_bits_and_another_seed_does_not():
    first, again, other = (
        fit_als(STRENGTHS, SMALL.changed({"seed": seed}), lambda: None)[1] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_every_alternation_is_told():
    told = []
    fit_als(STRENGTHS, SMALL, lambda: told.append(1))
    assert len(told) == 3
