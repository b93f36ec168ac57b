import numpy as np

from tests.unit.trainer.shop import some_purchases
from trainer.profiles import pair_users, profile_table, spend_per_day

ROWS = [
    ("bob", "milk", 5, 1, 1.5),
    ("ann", "milk", 3, 1, 2.0),
    ("ann", "milk", 9, 2, 4.0),
    ("ann", "bread", 9, 1, 3.0),
]


def test_a_pair_holds_its_days_units_and_money():
    profiles = profile_table(some_purchases(ROWS))  # items: milk, the most bought, then bread
    assert profiles.user_ids == ["ann", "bob"]
    assert profiles.starts.tolist() == [0, 2, 3]
    assert profiles.item_rows.tolist() == [0, 1, 0]
    assert profiles.purchase_counts.tolist() == [2, 1, 1]
    assert profiles.first_days.tolist() == [3, 9, 5]
    assert profiles.last_days.tolist() == [9, 9, 5]
    assert profiles.units_milli.tolist() == [3000, 1000, 1000]
    assert profiles.spend_milli.tolist() == [6000, 3000, 1500]


def test_a_shopping_day_counts_once_however_many_items():
    profiles = profile_table(some_purchases(ROWS))
    assert profiles.shopping_days.tolist() == [2, 1]
    assert profiles.last_shopping_days.tolist() == [9, 5]
    assert spend_per_day(profiles).tolist() == [4.5, 1.5]
    assert pair_users(profiles).tolist() == [0, 0, 1]


def test_columns_have_the_dtypes_of_the_bundle():
    profiles = profile_table(some_purchases(ROWS))
    assert profiles.starts.dtype == np.int64
    assert profiles.item_rows.dtype == np.int32
    assert profiles.purchase_counts.dtype == profiles.first_days.dtype == np.uint32
    assert profiles.units_milli.dtype == profiles.spend_milli.dtype == np.uint64
