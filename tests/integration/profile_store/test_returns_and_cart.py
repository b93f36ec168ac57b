"""Facts that take other facts back, in whichever order they come."""

from itertools import permutations

import pytest

from restock.v1 import types_pb2
from tests.integration.profile_store.messages import (
    ACCEPTED,
    DAY,
    DUPLICATE,
    NOON,
    a_history,
    a_line,
    a_return,
    an_order,
    get,
    into_cart,
    load,
    out_of_cart,
    put,
    put_all,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDER = an_order("e1", a_line("milk", 4, 1.5), a_line("tea", 1, 6), order_id="o1")


def columns(profile: types_pb2.Profile) -> dict[str, tuple[int, int]]:
    """Units and money of each product, in thousandths."""
    values = zip(profile.units_milli, profile.spend_milli, strict=True)
    return dict(zip(profile.product_ids, values, strict=True))


async def test_what_came_back_goes_off_its_orders_day(store):
    await put_all(store, [ORDER, a_return("e2", "o1", line=0, quantity=1)])
    assert columns(await get(store)) == {"milk": (3000, 4500), "tea": (1000, 6000)}
    await put_all(store, [a_return("e3", "o1", line=1)])
    profile = await get(store)
    assert columns(profile) == {"milk": (3000, 4500)}
    assert (profile.shopping_days, profile.last_shopping_day) == (1, DAY)


async def test_a_return_before_its_order_is_held_and_applied_when_the_order_comes(store):
    (result,) = await put(store, a_return("e2", "o1", line=0, quantity=1))
    assert (result.status, result.profile_revision) == (ACCEPTED, 1)
    assert await get(store) == types_pb2.Profile(user_id="ann", revision=1)
    await put_all(store, [ORDER])
    assert columns(await get(store)) == {"milk": (3000, 4500), "tea": (1000, 6000)}


@pytest.mark.parametrize("way", [*permutations(range(4))][::5])
async def test_the_profile_is_the_same_whichever_way_an_order_and_its_returns_come(store, way):
    facts = [
        ORDER,
        a_return("e2", "o1", line=0, quantity=1),
        a_return("e3", "o1", line=0, quantity=2),
        a_return("e4", "o1", line=1, quantity=9),
    ]
    for place in way:
        await put_all(store, [facts[place]])
    profile = await get(store)
    assert columns(profile) == {"milk": (1000, 1500)}
    assert profile.revision == 4


async def test_more_than_was_bought_counts_as_all(store):
    await put_all(store, [ORDER, a_return("e2", "o1", 0, 9), a_return("e3", "o1", 1, 9)])
    assert await get(store) == types_pb2.Profile(user_id="ann", revision=3)


async def test_a_return_of_a_line_that_the_order_does_not_have_never_applies(store):
    await put_all(store, [ORDER])
    before = columns(await get(store))
    await put_all(store, [a_return("e2", "o1", line=2)])
    assert columns(await get(store)) == before


async def test_a_held_return_of_such_a_line_never_applies(store):
    await put_all(store, [a_return("e2", "o1", line=2), ORDER])
    assert columns(await get(store)) == {"milk": (4000, 6000), "tea": (1000, 6000)}


async def test_another_users_return_of_the_same_order_number_changes_nothing(store):
    await put_all(store, [ORDER, a_return("e2", "o1", user_id="bob")])
    assert columns(await get(store)) == {"milk": (4000, 6000), "tea": (1000, 6000)}


async def test_a_return_sent_twice_counts_once(store):
    await put_all(store, [ORDER])
    back = a_return("e2", "o1")
    assert [one.status for one in await put(store, back, back)] == [ACCEPTED, DUPLICATE]
    assert [one.status for one in await put(store, back)] == [DUPLICATE]
    assert columns(await get(store))["milk"] == (3000, 4500)


async def test_a_return_of_what_an_import_replaced_takes_nothing_below_zero(store):
    await put_all(store, [ORDER])
    await load(store, a_history(product_ids=["bread"]), replace_existing=True)
    await put_all(store, [a_return("e2", "o1", line=0, quantity=4)])
    assert columns(await get(store)) == {"bread": (2000, 5000)}


async def test_the_newest_word_on_a_product_counts_for_the_cart(store):
    words = [
        into_cart("e1", "milk", 2, seconds=NOON + 2),
        into_cart("e2", "milk", 9, seconds=NOON),
        out_of_cart("e3", "milk", seconds=NOON + 1),
        into_cart("e4", "tea", seconds=NOON + 3),
        into_cart("e5", "eggs", 5, seconds=NOON),
        out_of_cart("e6", "eggs", seconds=NOON),
    ]
    await put_all(store, words)
    profile = await get(store)
    assert list(profile.cart_product_ids) == ["tea", "milk"]
    assert list(profile.cart_units_milli) == [1000, 2000]


async def test_a_purchase_takes_a_product_out_of_the_cart_also_when_it_comes_back(store):
    await put_all(store, [into_cart("e0", "tea"), into_cart("e00", "eggs"), ORDER])
    assert list((await get(store)).cart_product_ids) == ["eggs"]
    await put_all(store, [a_return("e2", "o1", line=1)])
    assert list((await get(store)).cart_product_ids) == ["eggs"]
