from itertools import permutations

import pytest

from restock.errors import InvalidRequest
from services.profile_store.bounds import Bounds, newest_views, newest_words, within_days
from services.profile_store.facts import View
from services.profile_store.ledger import Cell, Ledger
from tests.unit.profile_store.shop import DAY, a_basket, a_return, a_word, cells, the_ledger

EIGHT = Bounds(product_days=8)


def days_of(ledger: Ledger) -> set[int]:
    return {day for days in ledger.cells.values() for day in days}


def test_what_fits_exactly_is_kept_whole():
    ledger = the_ledger(a_basket(DAY, "a b c d"), a_basket(DAY + 1, "a b c d"), bounds=EIGHT)
    assert (ledger.first_day, days_of(ledger)) == (0, {DAY, DAY + 1})


def test_one_pair_more_forgets_the_whole_oldest_day():
    facts = [a_basket(DAY, "a b c d"), a_basket(DAY + 1, "a b c d"), a_basket(DAY + 2, "e")]
    ledger = the_ledger(*facts, bounds=EIGHT)
    assert (ledger.first_day, days_of(ledger)) == (DAY + 1, {DAY + 1, DAY + 2})
    assert sorted(ledger.cells) == ["a", "b", "c", "d", "e"]


def test_a_day_between_what_was_forgotten_and_what_is_kept_may_still_come():
    facts = [a_basket(DAY, "a b c d"), a_basket(DAY + 9, "a b c d e"), a_basket(DAY + 5, "a b")]
    for order in permutations(facts):
        ledger = the_ledger(*order, bounds=EIGHT)
        assert (ledger.first_day, days_of(ledger)) == (DAY + 1, {DAY + 5, DAY + 9})


def test_a_product_of_which_only_forgotten_days_were_known_is_gone():
    ledger = the_ledger(a_basket(DAY, "a"), a_basket(DAY + 1, "b c d e f g h i"), bounds=EIGHT)
    assert sorted(ledger.cells) == list("bcdefghi")


def test_an_order_that_is_itself_too_old_forgets_its_own_day():
    ledger = the_ledger(a_basket(DAY + 1, "a b c d e f g"), a_basket(DAY, "h i"), bounds=EIGHT)
    assert (ledger.first_day, days_of(ledger)) == (DAY + 1, {DAY + 1})


def test_a_day_that_all_came_back_still_takes_its_place():
    order = a_basket(DAY, "a b c d e f g h")
    back = a_return(f"{DAY} a b c d e f g h", 1000)
    for facts in permutations([order, back, a_basket(DAY + 1, "a")]):
        ledger = the_ledger(*facts, bounds=EIGHT)
        assert (ledger.first_day, days_of(ledger)) == (DAY + 1, {DAY + 1})


def test_more_products_on_the_newest_day_than_fit_are_refused():
    full = the_ledger(a_basket(DAY, "a b c d e f g h"), bounds=EIGHT)
    with pytest.raises(InvalidRequest) as refused:
        the_ledger(a_basket(DAY, "i"), ledger=full, bounds=EIGHT)
    assert refused.value.field == "order.lines"
    assert "at most 8 products" in refused.value.allowed


def test_the_product_of_a_full_day_may_be_bought_again():
    full = the_ledger(a_basket(DAY, "a b c d e f g h"), bounds=EIGHT)
    assert cells(the_ledger(a_basket(DAY, "a"), ledger=full, bounds=EIGHT))["a"] == {
        DAY: (2000, 3000)
    }


def test_forgetting_only_ever_goes_forward():
    ledger, first_days = Ledger(), []
    for day in (DAY, DAY + 5, DAY + 2, DAY + 1, DAY + 9, DAY + 7):
        ledger = the_ledger(a_basket(day, "a b c"), ledger=ledger, bounds=EIGHT)
        first_days.append(ledger.first_day)
    assert first_days == sorted(first_days) == [0, 0, DAY + 1, DAY + 2, DAY + 3, DAY + 6]


def test_within_days_leaves_a_small_ledger_alone():
    ledger = Ledger(cells={"a": {DAY: Cell(1, 1)}})
    assert within_days(ledger, 1) is ledger


def test_of_views_at_one_time_those_of_the_first_product_ids_are_kept():
    assert newest_views({"d": 5, "b": 5, "a": 4, "c": 5}, 2) == {"b": 5, "c": 5}


def test_as_many_views_as_fit_are_all_kept():
    views = {"a": 1, "b": 2}
    assert newest_views(views, 2) == views


def test_of_words_at_one_time_those_of_the_first_product_ids_are_kept():
    words = [a_word("d"), a_word("b"), a_word("a", day=DAY - 1), a_word("c")]
    assert sorted(newest_words({word.product_id: word for word in words}, 2)) == ["b", "c"]


def test_a_removal_takes_a_place_among_the_words_like_any_other():
    bounds = Bounds(cart=1)
    words = [a_word("tea", 1000, DAY), a_word("milk", 0, DAY + 1)]
    for order in permutations(words):
        assert sorted(the_ledger(*order, bounds=bounds).cart) == ["milk"]


def test_three_views_are_kept_in_every_order_of_five():
    views = [View("a", 3), View("b", 3), View("c", 3), View("d", 1), View("e", 9)]
    kept = {tuple(sorted(the_ledger(*order, bounds=Bounds(views=3)).views.items()))
            for order in permutations(views)}  # fmt: skip
    assert kept == {(("a", 3), ("b", 3), ("e", 9))}
