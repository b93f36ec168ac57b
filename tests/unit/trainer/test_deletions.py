import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from restock.core.user_hash import user_hash
from restock.errors import InvalidFile
from tests.unit.trainer.an_export import an_export
from tests.unit.trainer.shop import a_column
from trainer.deletions import Deletions, read_deletions

TIME = pa.timestamp("us", tz="UTC")
ANN = user_hash("ann")


def written(folder, hashes, times, kind=TIME):
    table = pa.table(
        {"user_hash": pa.array(hashes, pa.string()), "deleted_time": pa.array(times, kind)}
    )
    pq.write_table(table, folder / "deleted_users.parquet")


def test_what_a_user_did_up_to_the_deletion_is_forgotten_and_what_came_after_is_not():
    deletions = Deletions({ANN: 100})
    users = a_column(["ann", "ann", "ann", "bob"])
    forgotten = deletions.forgotten(users, np.array([99, 100, 101, 99]))
    assert forgotten.tolist() == [True, True, False, False]


def test_without_deletions_nothing_is_forgotten():
    assert not Deletions({}).forgotten(a_column(["ann"]), np.array([1])).any()


def test_the_last_of_several_deletions_counts(tmp_path):
    written(tmp_path, [ANN, ANN, user_hash("bob")], [5, 9, 7])
    assert read_deletions(tmp_path, "UTC").last_moments == {ANN: 9, user_hash("bob"): 7}


def test_an_export_that_does_not_say_who_was_deleted_is_not_learned_from(tmp_path):
    with pytest.raises(InvalidFile, match=r"deleted_users.parquet: missing: .*run it again"):
        read_deletions(tmp_path, "UTC")
    assert not read_deletions(an_export(tmp_path, {}), "UTC")


@pytest.mark.parametrize(
    ("hashes", "times", "kind", "said"),
    [
        (
            [ANN, "ann"],
            [1, 2],
            TIME,
            "row 2, column 'user_hash': 64 hexadecimal digits, lower case",
        ),
        ([ANN.upper()], [1], TIME, "row 1, column 'user_hash'"),
        ([ANN + "\n"], [1], TIME, "row 1, column 'user_hash'"),
        ([None], [1], TIME, "row 1, column 'user_hash': .*not empty"),
        ([ANN], [None], TIME, "row 1, column 'deleted_time': a moment, not empty"),
        ([ANN], ["yesterday"], pa.string(), "column 'deleted_time': timestamp"),
    ],
)
def test_a_bad_row_is_refused_by_its_number(tmp_path, hashes, times, kind, said):
    written(tmp_path, hashes, times, kind)
    with pytest.raises(InvalidFile, match=said):
        read_deletions(tmp_path, "UTC")
