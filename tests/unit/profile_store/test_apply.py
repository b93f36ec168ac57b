from itertools import permutations

import pytest

from restock.errors import InvalidRequest
from services.profile_store.apply import applied
from services.profile_store.bounds import Bounds
from services.profile_store.events.convert import hash_of
from services.profile_store.facts import Impression, View
from services.profile_store.ledger import MAX_MILLI, Ledger
from tests.unit.profile_store.shop import (
    BOUNDS,
    DAY,
    a_basket,
    a_line,
    a_return,
    a_word,
    an_order,
    cells,
    micros_of,
    the_ledger,
)


def test_an_order_adds_units_and_money_to_its_day():
    ledger = the_ledger(an_order("o1", DAY, a_line("milk", 2000, 1500), a_line("bread", 500, 0)))
    assert cells(ledger) == {"milk": {DAY: (2000, 3000)}, "bread": {DAY: (500, 0)}}


def test_two_lines_and_two_orders_of_a_product_on_one_day_are_one_cell():
    ledger = the_ledger(an_order("o1", DAY, a_line(), a_line()), an_order("o2"))
    assert cells(ledger) == {"milk": {DAY: (3000, 4500)}}


def test_an_order_notes_its_place_in_the_log():
    ledger = the_ledger(View("milk", 1), an_order("o1"), Impression(), an_order("o2"))
    places = {name: order.place for name, order in ledger.orders.items()}
    assert places == {hash_of("o1"): 1, hash_of("o2"): 3}
    assert ledger.log_length == 4


@pytest.mark.parametrize(
    ("fact", "revision"),
    [(an_order(), 8), (a_return(), 8), (View("milk", 1), 8), (a_word(), 8), (Impression(), 7)],
    ids=["order", "return", "view", "cart", "impression"],
)
def test_every_fact_but_an_impression_grows_the_revision(fact, revision):
    before = Ledger(revision=7, log_length=3)
    after = applied(before, fact, {}, BOUNDS)
    assert (after.revision, after.log_length) == (revision, 4)


def test_an_impression_changes_nothing_else():
    before = the_ledger(an_order(), View("milk", 1), a_word())
    after = the_ledger(Impression(), ledger=before)
    assert (after.cells, after.views, after.cart) == (before.cells, before.views, before.cart)


def test_the_old_ledger_stays_as_it_was():
    facts = [an_order(), View("milk", 1), a_word(), a_return()]
    old, same = the_ledger(*facts), the_ledger(*facts)
    the_ledger(an_order("o2"), View("tea", 2), a_word("tea"), a_return("o9"), ledger=old)
    assert old == same


def test_a_return_takes_units_and_money_off_the_orders_day():
    order = an_order("o1", DAY, a_line("milk", 3000, 1500))
    assert cells(the_ledger(order, a_return("o1", 1000))) == {"milk": {DAY: (2000, 3000)}}


def test_a_return_before_its_order_is_held_and_applied_when_the_order_comes():
    order = an_order("o1", DAY, a_line("milk", 3000, 1500))
    held = the_ledger(a_return("o1", 1000))
    assert held.cells == {}
    assert held.returns == {(hash_of("o1"), 0): 1000}
    assert cells(the_ledger(order, ledger=held)) == {"milk": {DAY: (2000, 3000)}}


@pytest.mark.parametrize("units_milli", [3000, 3001, 10**9])
def test_more_than_was_bought_counts_as_all_of_it(units_milli):
    order = an_order("o1", DAY, a_line("milk", 3000, 1500))
    back = a_return("o1", units_milli)
    assert cells(the_ledger(order, back)) == cells(the_ledger(back, order)) == {
        "milk": {DAY: (0, 0)}
    }  # fmt: skip


def test_two_returns_that_together_exceed_the_line_take_it_off_once():
    order = an_order("o1", DAY, a_line("milk", 3000, 1500))
    other = an_order("o2", DAY, a_line("milk", 500, 1000))
    ledger = the_ledger(other, order, a_return("o1", 2000), a_return("o1", 2000))
    assert cells(ledger) == {"milk": {DAY: (500, 500)}}
    assert ledger.returns == {(hash_of("o1"), 0): 4000}


def test_returns_of_parts_of_a_unit_leave_no_money_behind():
    order = an_order("o1", DAY, a_line("milk", 3, 333))
    part = a_return("o1", 1)
    assert cells(the_ledger(order, part, part, part)) == {"milk": {DAY: (0, 0)}}


def test_a_return_names_its_line():
    order = an_order("o1", DAY, a_line("milk"), a_line("tea"), a_line("milk", 5000))
    ledger = the_ledger(order, a_return("o1", 4000, line=2))
    assert cells(ledger) == {"milk": {DAY: (2000, 3000)}, "tea": {DAY: (1000, 1500)}}


def test_a_return_of_a_line_that_the_order_does_not_have_never_applies_before_or_after_it():
    after = the_ledger(an_order("o1"), a_return("o1", line=1))
    before = the_ledger(a_return("o1", line=1), an_order("o1"))
    assert cells(after) == cells(before) == {"milk": {DAY: (1000, 1500)}}
    assert after.returns == before.returns == {}
    assert after.revision == before.revision == 2


def test_a_return_of_an_order_too_old_to_count_is_not_held_before_or_after_it():
    bounds, newer = Bounds(orders=1), an_order("new", DAY + 1)
    full = the_ledger(newer, an_order("newest", DAY + 2), bounds=bounds)
    for facts in permutations([an_order("old", DAY), a_return("old")]):
        after = the_ledger(*facts, ledger=full, bounds=bounds)
        assert (cells(after), after.orders, after.returns) == (cells(full), full.orders, {})


def test_of_more_orders_than_fit_the_oldest_days_are_forgotten_with_all_that_was_bought():
    bounds = Bounds(orders=3)
    ledger = Ledger()
    for number, day in enumerate([DAY + 2, DAY, DAY + 1, DAY + 1]):
        ledger = applied(ledger, an_order(f"o{number}", day), {}, bounds)
    assert sorted(order.day for order in ledger.orders.values()) == [DAY + 1, DAY + 1, DAY + 2]
    assert (ledger.first_order_day, ledger.first_day) == (DAY + 1, DAY + 1)
    assert cells(ledger) == {"milk": {DAY + 1: (2000, 3000), DAY + 2: (1000, 1500)}}
    late = applied(ledger, an_order("o9", DAY), {}, bounds)
    assert (late.cells, late.orders) == (ledger.cells, ledger.orders)


def test_a_day_of_more_products_than_fit_is_refused_also_when_it_is_not_the_newest():
    bounds = Bounds(product_days=2)
    lines = [a_line(product) for product in ("milk", "tea", "ham")]
    ledger = applied(Ledger(), an_order("o1", DAY + 1), {}, bounds)
    with pytest.raises(InvalidRequest, match="at most 2 products of a user on one day"):
        applied(ledger, an_order("o2", DAY, *lines), {}, bounds)


def test_more_returns_of_unknown_orders_than_fit_are_refused_and_those_of_known_ones_are_not():
    bounds = Bounds(returns=2)
    ledger = applied(Ledger(), an_order("o1"), {}, bounds)
    known = {hash_of("o1"): an_order("o1")}
    for name in ("x", "y"):
        ledger = applied(ledger, a_return(name), {}, bounds)
    with pytest.raises(InvalidRequest, match="2 lines wait for their orders already"):
        applied(ledger, a_return("z"), {}, bounds)
    assert cells(applied(ledger, a_return("o1"), known, bounds)) == {"milk": {DAY: (0, 0)}}


def test_returns_of_known_orders_and_of_lines_that_they_lack_take_no_place_of_those_that_wait():
    bounds, order = Bounds(returns=2), an_order("o1", DAY, a_line("milk"), a_line("tea"))
    back = [a_return("o1", line=line) for line in range(9)]
    ledger = the_ledger(order, *back, a_return("x"), a_return("y"), bounds=bounds)
    assert sorted(ledger.returns.values()) == [1000] * 4
    with pytest.raises(InvalidRequest, match="2 lines wait for their orders already"):
        applied(ledger, a_return("z"), {}, bounds)


def test_a_return_of_another_order_is_held():
    ledger = the_ledger(an_order("o1"), a_return("o2"))
    assert cells(ledger) == {"milk": {DAY: (1000, 1500)}}
    assert ledger.returns == {(hash_of("o2"), 0): 1000}


def test_returns_of_a_line_stay_below_2_to_the_63rd():
    most = Ledger(returns={(hash_of("o1"), 0): MAX_MILLI - 1000})
    assert the_ledger(a_return(), ledger=most).returns == {(hash_of("o1"), 0): MAX_MILLI}
    with pytest.raises(InvalidRequest) as refused:
        the_ledger(a_return("o1", 1001), ledger=most)
    assert refused.value.field == "order_return.quantity"


@pytest.mark.parametrize("line", [a_line("milk", MAX_MILLI, 0), a_line("milk", 1000, MAX_MILLI)])
def test_sums_of_a_product_stay_below_2_to_the_63rd_over_all_its_days(line):
    most = the_ledger(an_order("o1", DAY, line))
    the_ledger(an_order("o2", DAY + 1, a_line("tea", MAX_MILLI, 0)), ledger=most)
    more = a_line("milk", 1, 1000)
    with pytest.raises(InvalidRequest) as refused:
        the_ledger(an_order("o2", DAY + 1, more), ledger=most)
    assert refused.value.field == "order.lines"


def test_an_order_of_a_forgotten_day_is_noted_but_not_counted():
    bounds = Bounds(product_days=2)
    full = the_ledger(a_basket(DAY, "a"), a_basket(DAY + 1, "b c"), bounds=bounds)
    late = the_ledger(an_order("o9", DAY), ledger=full, bounds=bounds)
    assert late.cells == full.cells == the_ledger(a_basket(DAY + 1, "b c")).cells
    assert hash_of("o9") in late.orders
    assert late.revision == full.revision + 1


def test_a_return_of_a_forgotten_day_changes_no_day():
    bounds = Bounds(product_days=2)
    facts = [an_order("o1", DAY), a_basket(DAY + 1, "b c"), a_return("o1")]
    ledger = the_ledger(*facts, bounds=bounds)
    assert (ledger.first_day, set(ledger.cells)) == (DAY + 1, {"b", "c"})


def test_the_latest_view_of_a_product_counts():
    ledger = the_ledger(View("milk", 5), View("milk", 9), View("milk", 7))
    assert ledger.views == {"milk": 9}


def test_a_view_at_1970_01_01_is_a_view():
    assert the_ledger(View("milk", 0)).views == {"milk": 0}


@pytest.mark.parametrize("words", [(1000, 0, 2000), (0, 2000, 1000), (2000, 1000, 0)])
def test_of_words_at_the_same_time_the_removal_counts(words):
    ledger = the_ledger(*(a_word("milk", units) for units in words))
    assert ledger.cart["milk"].units_milli == 0


def test_a_word_that_comes_late_does_not_count():
    ledger = the_ledger(a_word("milk", 2000, DAY + 1), a_word("milk", 0, DAY))
    assert ledger.cart["milk"].micros == micros_of(DAY + 1)
