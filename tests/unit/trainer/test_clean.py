from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.errors import InvalidFile
from tests.unit.trainer.shop import TUNING, some_products, some_transactions
from trainer.clean import clean

PATH = Path("sales.csv")
PRODUCTS = some_products(["bag", "bread", "milk"], excluded=("bag",))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["bag", "bread", "milk", "ghost"]),
        st.integers(0, 5),
        st.sampled_from([-1.0, 0.0, 1.0, 2.5]),
        st.sampled_from([-2.0, 0.0, 1.99]),
    ),
    max_size=30,
)


def cleaned(rows, repeats=None):
    return clean(some_transactions(rows, repeats), PRODUCTS, TUNING, PATH)


def test_each_row_is_left_out_for_the_first_reason_that_fits():
    _, quality = cleaned(
        [
            ("ann", "milk", 1, 1, 1.99),
            ("ann", "milk", 1, -1, -1.99),  # a return
            ("ann", "milk", 1, 1, -1.99),  # a refund
            ("ann", "bag", 1, 0, 0),  # no units, though excluded too
            ("ann", "milk", 1, 1, 1.99),  # an exact duplicate
            ("ann", "ghost", 1, 1, 1),  # no record
            ("ann", "bag", 1, 1, 0.1),  # excluded
            ("bob", "bread", 2, 1, 0),  # a promotion: kept
        ],
        repeats=[4],
    )
    assert (quality.raw_rows, quality.kept_rows, quality.retention) == (8, 2, 0.25)
    assert (quality.returns, quality.zero_quantity, quality.duplicates) == (2, 1, 1)
    assert (quality.unknown_product, quality.excluded, quality.zero_price_kept) == (1, 1, 1)
    assert (quality.users, quality.items, quality.purchases, quality.shopping_days) == (2, 2, 2, 2)


def test_one_users_lines_of_an_item_on_a_day_are_added_up():
    purchases, _ = cleaned(
        [("ann", "milk", 3, 1, 1.99), ("bob", "milk", 3, 1, 1.5), ("ann", "milk", 3, 2, 3.5)]
    )
    assert purchases.user_ids == ["ann", "bob"]
    assert purchases.units_milli.tolist() == [3000, 1000]
    assert purchases.spend_milli.tolist() == [5490, 1500]


def test_users_and_items_without_a_purchase_left_are_forgotten():
    purchases, _ = cleaned([("ann", "milk", 1, 1, 1), ("bob", "bread", 1, 0, 0)])
    assert (purchases.user_ids, purchases.item_ids) == (["ann"], ["milk"])


def test_without_product_records_any_product_counts():
    rows = [("ann", "milk", 1, 1, 1), ("ann", "ghost", 1, 1, 1), ("ann", "bag", 1, 0, 0)]
    purchases, quality = clean(some_transactions(rows), None, TUNING, PATH)
    assert purchases.item_ids == ["ghost", "milk"]
    assert (quality.unknown_product, quality.excluded, quality.zero_quantity) == (0, 0, 1)


def test_a_product_and_day_that_is_left_has_at_least_a_thousandth_of_a_unit():
    purchases, quality = cleaned([("ann", "milk", 1, 0.0004, 1), ("ann", "milk", 2, 0.0006, 1)])
    assert (purchases.days.tolist(), purchases.units_milli.tolist()) == ([2], [1])
    assert quality.zero_quantity == 1


def test_what_is_to_be_forgotten_and_what_came_back_whole_are_left_out_first():
    rows = [("ann", "milk", 1, -1, 1), ("bob", "milk", 1, 0, 1), ("eve", "milk", 1, 1, 1)]
    lines = some_transactions(rows)
    lines.forgotten[0], lines.returned[1] = True, True
    purchases, quality = clean(lines, PRODUCTS, TUNING, PATH)
    assert purchases.user_ids == ["eve"]
    assert (quality.forgotten, quality.users_forgotten, quality.returned) == (1, 1, 1)
    assert (quality.returns, quality.zero_quantity) == (0, 0)


def test_nothing_left_is_refused_with_the_counts():
    with pytest.raises(InvalidFile, match=r"sales.csv: at least one purchase .*") as refused:
        cleaned([("ann", "milk", 1, 0, 0)])
    assert str(refused.value).endswith("after cleaning (rows with quantity 0: 1)")


@given(ROWS)
def test_rows_left_out_and_rows_kept_add_up_to_the_rows_read(rows):
    _, quality = cleaned([("ann", "milk", 0, 1, 1), *rows])
    left_out = quality.returns + quality.zero_quantity + quality.duplicates
    left_out += quality.unknown_product + quality.excluded
    assert left_out + quality.kept_rows == quality.raw_rows == len(rows) + 1


@given(ROWS, st.randoms())
def test_the_order_of_rows_changes_nothing(rows, random):
    rows = [("ann", "milk", 0, 1.0, 1.0), *rows]
    shuffled = random.sample(rows, len(rows))
    (purchases, quality), (others, other_quality) = cleaned(rows), cleaned(shuffled)
    assert purchases.digest() == others.digest()
    assert quality == other_quality


def test_another_price_gives_another_digest():
    one, _ = cleaned([("ann", "milk", 0, 1, 1.99)])
    other, _ = cleaned([("ann", "milk", 0, 1, 1.98)])
    assert one.digest() != other.digest()
