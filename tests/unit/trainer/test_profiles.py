import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from restock.artifacts.profiles import DTYPES
from tests.unit.trainer.shop import some_purchases
from trainer.profiles import pair_users, profile_table, spend_per_day

ROWS = [
    ("bob", "milk", 5, 1, 1.5),
    ("ann", "milk", 3, 1, 2.0),
    ("ann", "milk", 9, 2, 4.0),
    ("ann", "bread", 9, 1, 3.0),
]
PURCHASES = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["milk", "bread", "tea"]),
        st.integers(1, 5),
        st.sampled_from([0.5, 1.0]),
        st.sampled_from([0.0, 1.99]),
    ),
    min_size=1,
    max_size=20,
)


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


def test_a_pair_holds_each_of_its_days_in_order():
    profiles = profile_table(some_purchases([*ROWS, ("ann", "milk", 9, 1, 2.5)]))
    assert profiles.day_starts.tolist() == [0, 2, 3, 4]
    assert profiles.days.tolist() == [3, 9, 9, 5]
    assert profiles.day_units_milli.tolist() == [1000, 3000, 1000, 1000]
    assert profiles.day_spend_milli.tolist() == [2000, 6500, 3000, 1500]


@given(PURCHASES)
def test_days_of_a_pair_ascend_and_add_up_to_what_the_pair_holds(rows):
    profiles = profile_table(some_purchases(rows))
    starts = profiles.day_starts[:-1]
    pairs = np.repeat(np.arange(len(starts)), np.diff(profiles.day_starts))
    assert (np.diff(profiles.days.astype(int))[np.diff(pairs) == 0] > 0).all()
    assert np.diff(profiles.day_starts).tolist() == profiles.purchase_counts.tolist()
    assert profiles.days[starts].tolist() == profiles.first_days.tolist()
    assert profiles.days[profiles.day_starts[1:] - 1].tolist() == profiles.last_days.tolist()
    units = np.add.reduceat(profiles.day_units_milli, starts)
    spend = np.add.reduceat(profiles.day_spend_milli, starts)
    assert units.tolist() == profiles.units_milli.tolist()
    assert spend.tolist() == profiles.spend_milli.tolist()


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
    assert {name: getattr(profiles, name).dtype for name in DTYPES} == DTYPES
