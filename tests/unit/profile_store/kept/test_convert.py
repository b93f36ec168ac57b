from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from restock.v1 import types_pb2
from services.profile_store.facts import CartWord, View
from services.profile_store.kept.convert import (
    ledger_from,
    ledger_to,
    profile_from,
    profile_to,
    steps_of,
)
from services.profile_store.ledger import MAX_DAY, MAX_MILLI, Cell, Ledger, OrderPlace
from services.profile_store.profile import profile_of
from services.profile_store.repository import Kept
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

product_ids = some.text(min_size=1, max_size=5)
millis = some.one_of(some.integers(0, 3), some.integers(0, MAX_MILLI // 8))
amounts = some.one_of(millis, millis.map(lambda milli: -milli))
"""Below 0 where an import replaced what came back later."""
micros = some.integers(0, (MAX_DAY + 1) * 86_400 * MICROS)
hashes = some.integers(0, 2**64 - 1)
days = some.dictionaries(
    some.integers(0, MAX_DAY), some.builds(Cell, amounts, amounts), min_size=1, max_size=4
)
carts = some.dictionaries(
    product_ids, some.tuples(micros, some.integers(0, MAX_DAY), millis), max_size=4
)


@some.composite
def ledgers(draw) -> Ledger:
    """Whatever a ledger may hold, whether or not facts ever lead to it."""
    words = draw(carts)
    orders = draw(some.lists(hashes, unique=True, max_size=5))
    places = sorted(draw(some.sets(some.integers(0, 2**32 - 1), min_size=5, max_size=5)))
    return Ledger(
        revision=draw(some.integers(0, 2**64 - 1)),
        last_micros=draw(micros),
        log_id=draw(some.text("0123456789abcdef", max_size=24)),
        log_length=draw(some.integers(0, 2**32 - 1)),
        cells=draw(some.dictionaries(product_ids, days, max_size=5)),
        first_day=draw(some.integers(0, MAX_DAY + 1)),
        orders={
            name: OrderPlace(place, draw(some.integers(0, MAX_DAY)))
            for name, place in zip(orders, draw(some.permutations(places)), strict=False)
        },
        first_order_day=draw(some.integers(0, MAX_DAY + 1)),
        returns=draw(
            some.dictionaries(some.tuples(hashes, some.integers(0, 999)), millis, max_size=4)
        ),
        views=draw(some.dictionaries(product_ids, micros, max_size=4)),
        cart={product: CartWord(product, *word) for product, word in words.items()},
    )


def kept(ledger: Ledger, user_id: str = "ann") -> Kept:
    profile = profile_of(ledger)
    return Kept(1, ledger_to(ledger, profile), profile_to(user_id, ledger.revision, profile))


@given(ledgers())
def test_any_ledger_comes_back_as_it_was(ledger):
    assert ledger_from(kept(ledger)) == ledger


@given(ledgers(), some.randoms(use_true_random=False))
def test_the_same_ledger_is_the_same_bytes_however_its_parts_are_ordered(ledger, random):
    def shuffled(part):
        return dict(random.sample([*part.items()], len(part)))

    cells = {product: shuffled(found) for product, found in shuffled(ledger.cells).items()}
    other = replace(
        ledger,
        cells=cells,
        orders=shuffled(ledger.orders),
        returns=shuffled(ledger.returns),
        views=shuffled(ledger.views),
        cart=shuffled(ledger.cart),
    )
    assert kept(other) == kept(ledger)


def test_of_nobody_nothing_is_known():
    assert ledger_from(Kept()) == Ledger()
    assert profile_from(None, "ann") == types_pb2.Profile(user_id="ann")


def test_a_user_with_impressions_only_has_a_ledger_and_no_profile():
    ledger = Ledger(log_id="abc", log_length=2)
    assert ledger_from(Kept(1, ledger_to(ledger, profile_of(ledger)))) == ledger


@pytest.mark.parametrize(
    "facts",
    [
        [a_basket(DAY, "milk")],
        [a_basket(DAY, "milk"), a_basket(DAY + 1, "milk")],
        [an_order("o1"), an_order("o2", DAY + 1), a_return("o2")],
        [an_order("o1"), a_return("o1")],
        [a_basket(DAY, "bread milk tea"), a_basket(DAY + 1, "bread tea")],
        [a_basket(0, "milk"), a_basket(MAX_DAY, "tea")],
    ],
    ids=[
        "one day", "two days", "one of two days came back", "all came back", "mixed",
        "first and last day",
    ],
)  # fmt: skip
def test_purchases_come_back_whether_the_profile_says_them_or_not(facts):
    ledger = the_ledger(*facts)
    assert ledger_from(kept(ledger)) == ledger


def test_what_the_profile_says_already_is_not_kept_twice():
    products = [a_line(f"product {n:04}") for n in range(1000)]
    ledger = the_ledger(an_order("o1", DAY, *products))
    assert len(kept(ledger).ledger) < 200 < 500 < len(kept(ledger).profile)


def test_a_profile_is_written_with_what_is_derived_from_it():
    facts = [
        an_order("o1", DAY, a_line("milk", 2000, 1000), a_line("gift", 1000, 0)),
        an_order("o2", DAY + 4, a_line("milk", 1000, 4000)),
        View("tea", 7 * MICROS),
        a_word("ham", 3000),
    ]
    body = kept(the_ledger(*facts)).profile
    assert profile_from(body, "ann") == types_pb2.Profile(
        user_id="ann",
        revision=4,
        product_ids=["gift", "milk"],
        purchase_counts=[1, 2],
        first_days=[DAY, DAY],
        last_days=[DAY, DAY + 4],
        units_milli=[1000, 3000],
        spend_milli=[0, 6000],
        shopping_days=2,
        last_shopping_day=DAY + 4,
        average_price=4 / 3,
        spend_per_day=3.0,
        viewed_product_ids=["tea"],
        viewed_seconds=[7],
        cart_product_ids=["ham"],
        cart_units_milli=[3000],
    )


def test_a_profile_of_which_everything_came_back_has_a_revision_and_no_numbers():
    body = kept(the_ledger(an_order(), a_return())).profile
    assert profile_from(body, "ann") == types_pb2.Profile(user_id="ann", revision=2)


def test_the_largest_sums_are_written():
    ledger = the_ledger(an_order("o1", DAY, a_line("milk", MAX_MILLI, 1000)))
    profile = profile_from(kept(ledger).profile, "ann")
    assert (profile.units_milli, profile.spend_milli) == ([2**63 - 1], [2**63 - 1])
    assert profile.spend_per_day == pytest.approx(2**63 / 1000)


def test_steps_are_differences_the_first_to_0():
    assert steps_of([]) == []
    assert steps_of([0, 3, 3, 10]) == [0, 3, 0, 7]


def test_a_shopper_of_1000_products_bought_on_2000_days_in_200_orders_is_kept_in_25_kilobytes():
    chance = Random(1)
    products = [str(chance.randrange(100_000, 10_000_000)) for _ in range(1000)]
    cells = {
        product: {
            DAY - chance.randrange(365): Cell(
                1000 * chance.randint(1, 3), chance.randrange(500, 9000)
            )
            for _ in range(chance.choice([1, 1, 1, 5]))
        }
        for product in products
    }
    orders = {chance.getrandbits(64): OrderPlace(place, DAY - 365 + place) for place in range(200)}
    ledger = Ledger(revision=200, log_id="a" * 24, log_length=200, cells=cells, orders=orders)
    found = kept(ledger)
    assert sum(map(len, cells.values())) > 1_900
    assert len(found.ledger) + len(found.profile) < 25_000
