import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from tests.unit.trainer.shop import TUNING
from trainer.fit_item_cf import BLOCK_ITEMS, fit_item_cf

PLAIN = {"item_cf_shrinkage": 0.0}
THREE = TUNING.changed({"item_cf_neighbours": 3, **PLAIN})


def neighbours_of(rows, tuning=THREE):
    return fit_item_cf(sparse.csr_matrix(np.array(rows, np.float32)), tuning)


def test_an_item_is_not_its_own_neighbour_and_missing_ones_are_minus_one():
    neighbours, weights = neighbours_of([[1, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert neighbours.tolist() == [[1, -1, -1], [0, -1, -1], [-1, -1, -1]]
    assert weights[0].tolist() == pytest.approx([1 / np.sqrt(2), 0, 0])
    assert (neighbours.dtype, weights.dtype) == (np.int32, np.float32)


def test_a_stronger_purchase_in_common_makes_a_nearer_neighbour():
    neighbours, weights = neighbours_of([[3, 3, 1], [1, 0, 3]])
    assert neighbours[0].tolist() == [1, 2, -1]
    assert weights[0][0] > weights[0][1]


def test_equally_similar_items_come_in_row_order():
    neighbours, _ = neighbours_of([[2, 2, 2, 2]])
    assert neighbours.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_a_pair_that_many_buy_together_is_nearer_than_one_that_a_single_shopper_did():
    # Items 0 and 1: three shoppers took both, a fourth took 1 alone. Items 0 and 2: never.
    rows = [[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]
    _, plain = neighbours_of(rows)
    _, shrunk = neighbours_of(rows, THREE.changed({"item_cf_shrinkage": 10.0}))
    assert plain[0][0] == pytest.approx(3 / np.sqrt(3 * 4))
    assert plain[2][0] == pytest.approx(1.0)
    assert shrunk[0][0] == pytest.approx(3 / (np.sqrt(3 * 4) + 10))
    assert shrunk[2][0] == pytest.approx(1 / 11)


def test_a_product_of_no_strength_is_nobodys_neighbour():
    neighbours, weights = neighbours_of([[0, 2, 2], [0, 0, 0]])
    assert neighbours.tolist() == [[-1, -1, -1], [2, -1, -1], [1, -1, -1]]
    assert weights[0].tolist() == [0, 0, 0]
    explicit = sparse.csr_matrix((np.zeros(3, np.float32), [0, 1, 2], [0, 3]), shape=(1, 3))
    assert (fit_item_cf(explicit, THREE)[0] == -1).all()


def test_all_threads_together_find_what_a_plain_sort_finds():
    draw = np.random.default_rng(3)
    items = BLOCK_ITEMS + 5
    bought = sparse.random(
        60, items, 0.05, "csr", np.float32, draw, lambda size: draw.integers(1, 4, size)
    )
    tuning = TUNING.changed({"item_cf_neighbours": 7})
    neighbours, weights = fit_item_cf(bought, tuning)
    columns = bought.toarray().astype(np.float64)
    lengths = np.linalg.norm(columns, axis=0)
    similarity = columns.T @ columns / (np.outer(lengths, lengths) + tuning.item_cf_shrinkage)
    np.fill_diagonal(similarity, 0)
    for item in range(items):
        best = np.lexsort((np.arange(items), -similarity[item]))[:7]
        best = best[similarity[item, best] > 0]
        assert neighbours[item, : len(best)].tolist() == best.tolist()
        assert weights[item, : len(best)] == pytest.approx(similarity[item, best])
        assert (neighbours[item, len(best) :] == -1).all()


def test_only_the_nearest_are_kept():
    one = TUNING.changed({"item_cf_neighbours": 1})
    neighbours, _ = neighbours_of([[3, 3, 1], [1, 0, 3]], one)
    assert neighbours[0].tolist() == [1]


@given(
    st.lists(
        st.lists(st.sampled_from([0, 0, 1, 2.5]), min_size=5, max_size=5), min_size=1, max_size=8
    )
)
def test_weights_are_the_cosines_of_the_columns(rows):
    matrix = np.array([[1.0] * 5, *rows])
    unit = matrix / np.linalg.norm(matrix, axis=0)
    cosines = unit.T @ unit
    neighbours, weights = neighbours_of(matrix, TUNING.changed({"item_cf_neighbours": 4, **PLAIN}))
    for item in range(5):
        assert sorted(neighbours[item]) == [other for other in range(5) if other != item]
        assert weights[item] == pytest.approx(cosines[item, neighbours[item]], abs=1e-6)
        assert (np.diff(weights[item]) <= 0).all()
