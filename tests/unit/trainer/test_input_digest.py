from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import trainer
from tests.unit.trainer.shop import some_products, some_purchases
from trainer.input_digest import digest_of, recipe_digest, sources_of

ROWS = [("ann", "milk", 3, 1.0, 2.0), ("bob", "tea", 4, 2.0, 5.0)]


@dataclass(frozen=True)
class Pair:
    one: object
    other: object


VALUES = [
    None, True, 1, 1.0, "1", "", "None", [], [1], ["1"], [[1]], [1, 2], [12], [True], [[], []], {}, {"a": 1},
    {"a": [1]}, {1: "a"}, Pair(1, 2), Pair(2, 1), [1.0], [1, "a"], ["1", "a"], ["a", "b"], ["ab"],
    np.array([1, 2]), np.array([1, 2], np.int32), np.array([1.0, 2.0]), np.array([[1, 2]]), np.array([2, 1]),
    np.array([[1], [2]]), np.empty(0), np.empty((0, 3)), np.array([True, False]),
    sparse.csr_matrix([[1.0, 0.0]]), sparse.csr_matrix([[1.0]]), sparse.csr_matrix([[0.0, 1.0]]),
]  # fmt: skip


def test_different_values_have_different_digests_and_equal_ones_the_same():
    digests = [digest_of(value) for value in VALUES]
    assert len(set(digests)) == len(VALUES)
    assert digests == [digest_of(value) for value in VALUES]
    assert digest_of(1, 2) != digest_of(12) != digest_of([1, 2])


def test_a_path_stands_for_the_bytes_of_its_file(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.write_bytes(b"week,product\n")
    assert digest_of(one) == digest_of(other)
    other.write_bytes(b"week,product\n1,milk\n")
    assert digest_of(one) != digest_of(other)


def test_rows_apart_in_memory_have_the_digest_of_their_values():
    table = np.arange(12.0).reshape(3, 4)
    assert digest_of(table[:, 1:3]) == digest_of(table[:, 1:3].copy())
    assert digest_of(table.T) == digest_of(table.T.copy())


def test_every_column_of_purchases_and_products_counts():
    known = digest_of(some_purchases(ROWS), some_products(["milk", "tea"]))
    assert known == digest_of(some_purchases(ROWS), some_products(["milk", "tea"]))
    dearer = [*ROWS[:1], ("bob", "tea", 4, 2.0, 5.5)]
    assert known != digest_of(some_purchases(dearer), some_products(["milk", "tea"]))
    assert known != digest_of(some_purchases(ROWS), some_products(["milk", "tea"], {"tea": "hot"}))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", np.int64(1), np.array([None]), Pair])
def test_what_might_not_tell_all_that_it_holds_has_no_digest(value):
    with pytest.raises(TypeError, match="no digest of"):
        digest_of([value])


def test_an_installation_has_one_recipe():
    assert recipe_digest() == recipe_digest()


def test_a_change_in_any_source_file_is_seen(tmp_path):
    (tmp_path / "learned").mkdir()
    (tmp_path / "learned" / "fit.py").write_text("ROUNDS = 150\n")
    known = sources_of(tmp_path)
    assert known == ["learned/fit.py", "ROUNDS = 150\n"]
    (tmp_path / "learned" / "fit.py").write_text("ROUNDS = 151\n")
    assert sources_of(tmp_path) != known
    assert "fit_als.py" in sources_of(Path(trainer.__path__[0]))
