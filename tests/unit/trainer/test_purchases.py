import numpy as np

from tests.unit.trainer.shop import some_purchases
from trainer.purchases import compacted, run_starts, summed_by_day


def ints(*values):
    return np.array(values, np.int32)


def test_a_run_begins_where_any_column_changes():
    assert run_starts(ints(1, 1, 1, 2), ints(5, 5, 6, 6)).tolist() == [0, 2, 3]
    assert run_starts(ints()).tolist() == []


def test_ids_out_of_use_are_dropped_and_the_rest_keep_their_order():
    codes, ids = compacted(ints(3, 1, 3), ["a", "b", "c", "d"])
    assert (codes.tolist(), ids) == ([1, 0, 1], ["b", "d"])


def test_lines_of_one_user_item_and_day_become_one_in_sorted_order():
    units = np.array([1, 2, 4], np.int64)
    columns = summed_by_day(ints(1, 0, 1), ints(0, 0, 0), ints(7, 9, 7), units, units * 10)
    assert [column.tolist() for column in columns] == [[0, 1], [0, 0], [9, 7], [2, 5], [20, 50]]


def test_pairs_begin_where_user_or_item_changes():
    rows = [("ann", "milk", day, 1.0, 1.0) for day in (1, 2)] + [("bob", "milk", 1, 1.0, 1.0)]
    assert some_purchases(rows).pair_starts().tolist() == [0, 2]
