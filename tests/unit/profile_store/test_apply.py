import pytest
from hypothesis import given
from hypothesis import strategies as some

from restock.errors import InvalidRequest
from services.profile_store.apply import apply_order, bought_on
from services.profile_store.profiles import MAX_MILLI, OrderLine, Profile
from tests.unit.profile_store.shop import DAY, MAX_PRODUCTS, a_line, after, an_imported_profile

NOBODY = Profile("ann")

lines = some.builds(
    OrderLine,
    product_id=some.sampled_from("abcdef"),
    units_milli=some.integers(1, 10**9),
    spend_milli=some.integers(0, 10**13),
)
orders = some.lists(
    some.tuples(some.integers(DAY, DAY + 9), some.lists(lines, min_size=1, max_size=5)), max_size=12
)


def applied(profile, sent):
    for day, bought in sent:
        profile = apply_order(profile, day, bought, MAX_PRODUCTS)
    return profile


def test_a_first_order_fills_every_column():
    profile = apply_order(
        NOBODY, DAY, [a_line("milk", 2000, 3000), a_line("bread", 500, 0)], MAX_PRODUCTS
    )
    assert profile == Profile(
        user_id="ann",
        product_ids=["bread", "milk"],
        purchase_counts=[1, 1],
        first_days=[DAY, DAY],
        last_days=[DAY, DAY],
        units_milli=[500, 2000],
        spend_milli=[0, 3000],
        shopping_days=1,
        last_shopping_day=DAY,
    )


def test_two_purchases_of_a_product_on_one_day_count_once_and_add_up():
    profile = after(NOBODY, (DAY, "milk milk"), (DAY, "milk"))
    assert (profile.purchase_counts, profile.shopping_days) == ([1], 1)
    assert (profile.units_milli, profile.spend_milli) == ([3000], [4500])


@pytest.mark.parametrize("days", [(0, 2, 5), (5, 2, 0), (2, 0, 5), (0, 5, 2), (5, 0, 2), (2, 5, 0)])
def test_three_days_in_any_order_and_again_are_three_days(days):
    sent = [(DAY + day, "milk") for day in days]
    profile = after(NOBODY, *sent, *sent)
    assert profile.purchase_counts == [3]
    assert (profile.first_days, profile.last_days) == ([DAY], [DAY + 5])
    assert (profile.shopping_days, profile.last_shopping_day) == (3, DAY + 5)
    assert profile.units_milli == [6000]


def test_a_day_on_which_only_something_else_was_bought_is_no_new_shopping_day():
    profile = after(NOBODY, (DAY, "milk"), (DAY + 1, "milk"), (DAY + 2, "milk"), (DAY + 1, "bread"))
    assert profile.shopping_days == 3


def test_1970_01_01_is_a_day_like_any_other():
    profile = after(NOBODY, (0, "milk"))
    assert (profile.shopping_days, profile.last_shopping_day) == (1, 0)
    assert after(profile, (0, "milk")).shopping_days == 1


def test_an_imported_products_first_and_last_day_are_not_counted_again():
    profile = after(an_imported_profile(), (DAY, "milk"), (DAY + 20, "milk"))
    assert (profile.purchase_counts, profile.shopping_days) == ([3], 3)


def test_an_imported_products_last_day_stays_known_when_a_later_one_comes():
    profile = after(an_imported_profile(), (DAY + 25, "milk"), (DAY + 20, "milk"))
    assert (profile.purchase_counts, profile.last_days) == ([4], [DAY + 25])


def test_a_day_inside_an_import_counts_as_its_own():
    assert after(an_imported_profile(), (DAY + 10, "milk")).purchase_counts == [4]


def test_an_imported_last_shopping_day_is_known_without_a_product():
    profile = Profile("ann", shopping_days=4, last_shopping_day=DAY)
    assert bought_on(profile, DAY)
    assert after(profile, (DAY, "milk")).shopping_days == 4


def test_the_old_profile_stays_as_it_was():
    old = after(NOBODY, (DAY, "milk"))
    after(old, (DAY + 1, "bread milk"), (DAY - 1, "milk"))
    assert old == after(NOBODY, (DAY, "milk"))


def test_a_full_profile_takes_known_products_and_refuses_new_ones():
    full = after(NOBODY, (DAY, "a b"))
    assert apply_order(full, DAY, [a_line("a")], 2).units_milli == [2000, 1000]
    with pytest.raises(InvalidRequest) as refused:
        apply_order(full, DAY, [a_line("a"), a_line("c")], 2)
    assert refused.value.field == "order.lines[1].product_id"


def test_a_sum_that_would_not_fit_is_refused():
    most = apply_order(NOBODY, DAY, [a_line("a", MAX_MILLI, 0)], MAX_PRODUCTS)
    with pytest.raises(InvalidRequest) as refused:
        apply_order(most, DAY, [a_line("a", 1, 0)], MAX_PRODUCTS)
    assert refused.value.field == "order.lines[0].quantity"


@given(orders, some.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(sent, random):
    shuffled = list(sent)
    random.shuffle(shuffled)
    assert applied(NOBODY, sent) == applied(NOBODY, shuffled)


@given(orders)
def test_counts_days_and_sums_are_those_of_the_facts(sent):
    profile = applied(NOBODY, sent)
    facts = [(line.product_id, day, line) for day, bought in sent for line in bought]
    assert profile.product_ids == sorted({product for product, _, _ in facts})
    for row, product in enumerate(profile.product_ids):
        days = {day for name, day, _ in facts if name == product}
        bought = [line for name, _, line in facts if name == product]
        assert profile.purchase_counts[row] == len(days)
        assert (profile.first_days[row], profile.last_days[row]) == (min(days), max(days))
        assert profile.units_milli[row] == sum(line.units_milli for line in bought)
        assert profile.spend_milli[row] == sum(line.spend_milli for line in bought)
    assert profile.shopping_days == len({day for day, _ in sent})
    assert profile.last_shopping_day == max((day for day, _ in sent), default=0)
