import pytest

from restock.errors import InvalidFile
from tests.unit.trainer.evaluation.shop import FILE, LENIENT, a_cut, bought
from tests.unit.trainer.shop import some_purchases
from trainer.evaluation.protocol import BASKETS_IN_ORDER, Protocol, cutoffs_of

REGULAR = bought("ann", "milk", 1, 5, 9)


def targets(cut, name):
    """Ids of the targets of each household; None for a product that nobody had bought."""
    ids = [*cut.past.purchases.item_ids, None]
    found = cut.targets[name]
    spans = zip(found.starts, found.starts[1:], strict=False)
    return [sorted(str(ids[row]) for row in found.rows[start:end]) for start, end in spans]


def test_the_next_basket_is_the_first_shopping_day_of_the_window():
    cut = a_cut(REGULAR + bought("ann", "milk", 12, 30) + bought("ann", "tea", 13), 10)
    assert targets(cut, "next_basket") == [["milk"]]
    assert targets(cut, "7_days") == [["None", "milk"]]


def test_windows_end_after_7_and_28_days():
    later = bought("ann", "milk", 16) + bought("ann", "a", 17) + bought("ann", "b", 37, 38)
    cut = a_cut(REGULAR + bought("bob", "a", 1) + bought("bob", "b", 1) + later, 10)
    assert targets(cut, "7_days") == [["milk"]]
    assert targets(cut, "28_days") == [["a", "b", "milk"]]
    assert not a_cut(REGULAR + later, 10).future.days.max() > 37


def test_a_product_that_nobody_had_bought_stays_in_the_denominator():
    cut = a_cut(REGULAR + bought("ann", "milk", 12) + bought("ann", "new", 12), 10)
    assert cut.targets["next_basket"].sizes.tolist() == [2]
    assert sorted(cut.targets["next_basket"].rows.tolist()) == [-1, 0]


def test_a_target_is_a_repeat_for_the_household_that_had_bought_it():
    rows = REGULAR + bought("bob", "tea", 2) + bought("ann", "milk", 12) + bought("ann", "tea", 12)
    found = a_cut(rows, 10).targets["next_basket"]
    assert dict(zip(found.rows.tolist(), found.repeats.tolist(), strict=True)) == {
        0: True,
        1: False,
    }
    assert found.where(~found.repeats).sizes.tolist() == [1]


def test_who_has_two_shopping_days_or_buys_nothing_in_the_window_does_not_count():
    rows = REGULAR + bought("bob", "milk", 1, 2, 12) + bought("cid", "milk", 1, 2, 3, 38)
    assert a_cut(rows + bought("ann", "milk", 37), 10).households == ["ann"]


def test_where_nobody_counts_the_file_is_refused():
    with pytest.raises(InvalidFile, match="no household with 3 shopping days before"):
        a_cut(bought("ann", "milk", 1, 12), 10)
    with pytest.raises(InvalidFile, match="no purchases on both sides of cut-off day 10"):
        a_cut(bought("ann", "milk", 1), 10)


def test_a_sample_of_households_is_the_same_each_time():
    rows = [row for name in "abcdef" for row in bought(name, "milk", 1, 2, 3, 12)]
    few = Protocol(least_item_days=1, most_households=2)
    assert len(a_cut(rows, 10, few).households) == 2
    assert a_cut(rows, 10, few).households == a_cut(rows, 10, few).households


@pytest.mark.parametrize(
    ("last_day", "cutoffs"),
    [(55, [28]), (83, [28, 56]), (90, [35, 63]), (167, [56, 84, 112, 140])],
)
def test_cutoffs_are_the_last_whole_windows_with_a_window_of_history(last_day, cutoffs):
    purchases = some_purchases(bought("ann", "milk", 0, last_day))
    assert cutoffs_of(purchases, LENIENT, FILE) == cutoffs


def test_less_than_two_windows_cannot_be_evaluated():
    purchases = some_purchases(bought("ann", "milk", 0, 54))
    with pytest.raises(
        InvalidFile, match="at least 56 days of purchases are needed to evaluate, n"
    ):
        cutoffs_of(purchases, LENIENT, FILE)


def test_of_baskets_in_order_the_last_ones_are_foretold_one_by_one():
    purchases = some_purchases(bought("ann", "milk", 0, 1, 2, 3))
    assert cutoffs_of(purchases, BASKETS_IN_ORDER, FILE) == [1, 2, 3]
    assert BASKETS_IN_ORDER.targets() == {"next_basket": 1}
