from itertools import permutations

import pytest

from services.profile_store.facts import View
from services.profile_store.ledger import Ledger
from services.profile_store.profile import Profile, profile_of
from tests.unit.profile_store.shop import (
    DAY,
    MICROS,
    a_basket,
    a_line,
    a_return,
    a_word,
    an_order,
    the_ledger,
)


def test_nothing_known_is_an_empty_profile():
    assert profile_of(Ledger()) == Profile()


def test_every_column_is_in_order_of_product_ids():
    ledger = the_ledger(
        an_order("o1", DAY, a_line("milk", 2000, 1500), a_line("bread", 500, 4000)),
        an_order("o2", DAY + 3, a_line("milk", 1000, 1000)),
    )
    assert profile_of(ledger) == Profile(
        product_ids=["bread", "milk"],
        purchase_counts=[1, 2],
        first_days=[DAY, DAY],
        last_days=[DAY, DAY + 3],
        units_milli=[500, 3000],
        spend_milli=[2000, 4000],
        last_units_milli=[500, 1000],
        inner_steps=[[], []],
        days=frozenset({DAY, DAY + 3}),
    )


@pytest.mark.parametrize("days", list(permutations([0, 2, 5])))
def test_three_days_in_any_order_are_three_days(days):
    profile = profile_of(the_ledger(*(a_basket(DAY + day, "milk") for day in days)))
    assert (profile.purchase_counts, profile.last_units_milli) == ([3], [1000])
    assert (profile.first_days, profile.last_days) == ([DAY], [DAY + 5])
    assert profile.inner_steps == [[2]]


def test_1970_01_01_is_a_day_like_any_other():
    profile = profile_of(the_ledger(a_basket(0, "milk")))
    assert (profile.purchase_counts, profile.first_days, profile.days) == ([1], [0], {0})


def test_a_give_away_is_a_purchase():
    profile = profile_of(the_ledger(an_order("o1", DAY, a_line("milk", 1000, 0))))
    assert (profile.product_ids, profile.spend_milli) == (["milk"], [0])


def test_a_day_that_all_came_back_no_longer_counts():
    orders = [an_order("o1", DAY), an_order("o2", DAY + 3)]
    profile = profile_of(the_ledger(*orders, a_return("o2")))
    assert (profile.purchase_counts, profile.last_days, profile.days) == ([1], [DAY], {DAY})


def test_a_day_stays_a_shopping_day_while_something_of_it_was_kept():
    order = an_order("o1", DAY, a_line("milk"), a_line("bread"))
    profile = profile_of(the_ledger(order, a_return("o1", line=0)))
    assert (profile.product_ids, profile.days) == (["bread"], {DAY})


def test_a_product_that_all_came_back_is_not_in_the_profile():
    assert profile_of(the_ledger(an_order(), a_return())) == Profile()


def test_a_thousandth_that_was_kept_is_a_purchase():
    profile = profile_of(the_ledger(an_order(), a_return("o1", 999)))
    assert (profile.purchase_counts, profile.units_milli, profile.spend_milli) == ([1], [1], [2])


def test_views_are_newest_first_in_whole_seconds_and_equal_times_by_product_id():
    views = [View("tea", 7 * MICROS + 999_999), View("ham", 9 * MICROS), View("egg", 9 * MICROS)]
    assert profile_of(the_ledger(*views)).views == [("egg", 9), ("ham", 9), ("tea", 7)]


def test_views_within_a_second_are_still_newest_first():
    assert profile_of(the_ledger(View("a", 1), View("b", 2))).views == [("b", 0), ("a", 0)]


def test_the_cart_is_newest_first_and_equal_times_by_product_id():
    words = [a_word("tea", day=DAY), a_word("ham", day=DAY + 1), a_word("egg", 2000, DAY + 1)]
    cart = [("egg", 2000), ("ham", 1000), ("tea", 1000)]
    assert profile_of(the_ledger(*words)).cart == cart


def test_what_was_taken_out_is_not_in_the_cart():
    assert profile_of(the_ledger(a_word("milk"), a_word("milk", 0, DAY + 1))).cart == []


@pytest.mark.parametrize(
    ("bought", "cart"), [(DAY - 1, [("milk", 1000)]), (DAY, []), (DAY + 1, [])]
)
def test_a_purchase_on_the_same_day_or_later_takes_a_product_out_of_the_cart(bought, cart):
    facts = [a_word("milk", day=DAY), a_basket(bought, "milk")]
    for order in permutations(facts):
        assert profile_of(the_ledger(*order)).cart == cart


def test_a_purchase_of_something_else_leaves_the_cart():
    facts = [a_word("milk"), a_basket(DAY, "bread")]
    assert profile_of(the_ledger(*facts)).cart == [("milk", 1000)]


def test_a_word_after_the_purchase_puts_the_product_back_into_the_cart():
    facts = [a_word("milk", day=DAY + 1), a_basket(DAY, "milk"), a_word("milk", day=DAY)]
    assert profile_of(the_ledger(*facts)).cart == [("milk", 1000)]
