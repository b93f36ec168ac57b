"""What happens to events, on a real socket with a real Redis."""

import asyncio
import time

import pytest

from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.events_pb2 import Click, Event, Impression, Order
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.integration.profile_store.conftest import serving
from tests.integration.profile_store.messages import (
    ACCEPTED,
    DAY,
    DUPLICATE,
    INFINITY,
    MIDNIGHT,
    NAN,
    NOON,
    REJECTED,
    a_click,
    a_line,
    a_return,
    a_view,
    an_event,
    an_impression,
    an_order,
    get,
    into_cart,
    logged,
    one_of_each_kind,
    out_of_cart,
    put,
)
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOO_LONG = "x" * 129


async def test_an_accepted_order_is_in_the_next_read(store):
    assert await put(store, an_order("e1", a_line(), a_line("bread", 0.5, 4))) == [
        pb.EventResult(status=ACCEPTED, profile_revision=1)
    ]
    assert await get(store) == types_pb2.Profile(
        user_id="ann",
        revision=1,
        product_ids=["bread", "milk"],
        purchase_counts=[1, 1],
        first_days=[DAY, DAY],
        last_days=[DAY, DAY],
        units_milli=[500, 2000],
        spend_milli=[2000, 3000],
        shopping_days=1,
        last_shopping_day=DAY,
        average_price=2.75,
        spend_per_day=5,
    )


async def test_an_event_of_each_kind_is_taken_and_only_the_impression_changes_no_profile(store):
    results = await put(store, *one_of_each_kind())
    assert {result.status for result in results} == {ACCEPTED}
    assert [result.profile_revision for result in results] == [1, 2, 3, 4, 5, 5, 6]
    profile = await get(store)
    assert profile.revision == 6
    assert list(profile.product_ids) == ["milk", "tea"]
    assert list(profile.units_milli) == [2000, 1000]
    assert list(profile.viewed_product_ids) == ["wine", "bread"]
    assert list(profile.viewed_seconds) == [NOON + 1, NOON]
    assert list(profile.cart_product_ids) == ["eggs"]
    assert list(profile.cart_units_milli) == [1000]


async def test_a_user_with_only_an_impression_is_of_revision_0(store):
    assert await put(store, an_impression("e1")) == [pb.EventResult(status=ACCEPTED)]
    assert await get(store) == types_pb2.Profile(user_id="ann")
    assert len(await logged(store)) == 1


async def test_the_same_event_again_changes_nothing_whatever_the_rest_says(store):
    await put(store, an_order("e1"))
    before = await get(store)
    again, other = await put(store, an_order("e1"), a_view("e1", user_id="bob"))
    assert (again.status, again.profile_revision) == (DUPLICATE, 1)
    assert (other.status, other.profile_revision) == (DUPLICATE, 0)
    assert await get(store) == before
    assert await logged(store) == [an_order("e1")]


async def test_an_event_twice_in_one_request_is_applied_once(store):
    results = await put(store, an_order("e1"), an_order("e1"), an_order("e1", user_id="bob"))
    assert [result.status for result in results] == [ACCEPTED, DUPLICATE, DUPLICATE]
    assert list((await get(store)).units_milli) == [2000]


async def test_an_id_whose_first_event_is_rejected_is_free_for_the_next_user(store):
    await put(store, an_order("e0", order_id="o1"))
    wrong = an_order("e1", a_line("tea"), order_id="o1")
    results = await put(store, wrong, an_order("e1", user_id="bob"))
    assert [result.status for result in results] == [REJECTED, ACCEPTED]


async def test_an_order_sent_again_under_another_event_id_is_recorded_once(store):
    first = an_order("e1", order_id="o1")
    same, other = an_order("e2", order_id="o1"), an_order("e3", a_line("tea"), order_id="o1")
    later = an_order("e4", order_id="o1", seconds=NOON + 1)
    results = await put(store, first, same, other)
    assert [result.status for result in results] == [ACCEPTED, DUPLICATE, REJECTED]
    results = await put(store, same, other, later)
    assert [result.status for result in results] == [DUPLICATE, REJECTED, REJECTED]
    assert {result.field for result in results} == {
        "", "events[1].order.order_id", "events[2].order.order_id",
    }  # fmt: skip
    assert list((await get(store)).units_milli) == [2000]
    assert await logged(store) == [first]


async def test_two_users_may_have_orders_of_one_number(store):
    results = await put(
        store, an_order("e1", order_id="o1"), an_order("e2", order_id="o1", user_id="bob")
    )
    assert [result.status for result in results] == [ACCEPTED, ACCEPTED]


async def test_a_bad_row_does_not_fail_its_neighbours(store):
    bad = an_order("e2", a_line(quantity=-1))
    results = await put(store, an_order("e1"), bad, an_order("e3"))
    assert [result.status for result in results] == [ACCEPTED, REJECTED, ACCEPTED]
    assert results[1].field == "events[1].order.lines[0].quantity"
    assert "0.001 to 1,000,000" in results[1].detail
    assert (await get(store)).revision == 2


def an_order_of(*lines, **changes) -> Event:
    return an_event(order=Order(**({"order_id": "o1", "lines": lines} | changes)))


def shown(*product_ids, recommendation_id="r1") -> Event:
    impression = Impression(recommendation_id=recommendation_id, product_ids=product_ids)
    return an_event(impression=impression)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (a_view(""), "event_id"),
        (a_view(TOO_LONG), "event_id"),
        (a_view(user_id=""), "user_id"),
        (a_view(user_id="a\0b"), "user_id"),
        (a_view(event_time=None), "event_time"),
        (a_view(seconds=-1), "event_time"),
        (a_view(seconds=int(time.time()) + 2 * 86_400), "event_time"),
        (a_view(seconds=2**62), "event_time"),
        (a_view(event_time={"seconds": NOON, "nanos": -1}), "event_time.nanos"),
        (a_view(event_time={"seconds": NOON, "nanos": 10**9}), "event_time.nanos"),
        (an_event(), "fact"),
        (an_order_of(a_line(), order_id=""), "order.order_id"),
        (an_order_of(a_line(), order_id=TOO_LONG), "order.order_id"),
        (an_order_of(), "order.lines"),
        (an_order_of(*[a_line()] * 1001), "order.lines"),
        (an_order_of(a_line(), a_line(TOO_LONG)), "order.lines[1].product_id"),
        (an_order_of(a_line("")), "order.lines[0].product_id"),
        (an_order_of(a_line(quantity=NAN)), "order.lines[0].quantity"),
        (an_order_of(a_line(quantity=INFINITY)), "order.lines[0].quantity"),
        (an_order_of(a_line(quantity=0)), "order.lines[0].quantity"),
        (an_order_of(a_line(quantity=1_000_001)), "order.lines[0].quantity"),
        (an_order_of(a_line(unit_price=NAN)), "order.lines[0].unit_price"),
        (an_order_of(a_line(unit_price=-0.01)), "order.lines[0].unit_price"),
        (an_order_of(a_line(unit_price=10_000_001)), "order.lines[0].unit_price"),
        (an_order_of(a_line(unit_discount=NAN)), "order.lines[0].unit_discount"),
        (an_order_of(a_line(unit_discount=-0.01)), "order.lines[0].unit_discount"),
        (an_order_of(a_line(unit_discount=10_000_001)), "order.lines[0].unit_discount"),
        (an_order_of(*[a_line(quantity=10**6, unit_price=10**7)] * 1000), "order.lines"),
        (a_return("e1", ""), "order_return.order_id"),
        (a_return("e1", "o1", line=1000), "order_return.line"),
        (a_return("e1", "o1", quantity=0), "order_return.quantity"),
        (a_return("e1", "o1", quantity=-1), "order_return.quantity"),
        (a_return("e1", "o1", quantity=NAN), "order_return.quantity"),
        (a_return("e1", "o1", quantity=1_000_001), "order_return.quantity"),
        (a_view(product_id=""), "view.product_id"),
        (a_view(product_id="a\tb"), "view.product_id"),
        (into_cart("e1", ""), "add_to_cart.product_id"),
        (into_cart("e1", quantity=-1), "add_to_cart.quantity"),
        (into_cart("e1", quantity=NAN), "add_to_cart.quantity"),
        (into_cart("e1", quantity=1_000_001), "add_to_cart.quantity"),
        (out_of_cart("e1", TOO_LONG), "remove_from_cart.product_id"),
        (shown("milk", recommendation_id=""), "impression.recommendation_id"),
        (shown(), "impression.product_ids"),
        (shown(*["milk"] * 101), "impression.product_ids"),
        (shown("milk", ""), "impression.product_ids[1]"),
        (an_event(click=Click(product_id="milk")), "click.recommendation_id"),
        (a_click("e1", ""), "click.product_id"),
    ],
)
async def test_a_rejected_row_names_its_field_and_leaves_nothing(store, redis, event, field):
    (result,) = await put(store, event)
    assert (result.status, result.field) == (REJECTED, f"events[0].{field}")
    assert result.detail
    assert result.profile_revision == 0
    assert redis.dbsize() == 0


async def test_the_bounds_themselves_are_taken(store):
    soon = int(time.time()) + 86_000
    lines = [a_line("a", 0.001, 10_000_000), a_line("b", 1_000_000, 0, unit_discount=10_000_000)]
    results = await put(
        store,
        an_order("x" * 128, *lines, seconds=soon, order_id="x" * 128),
        an_impression("e2", *["p" * 128] * 100),
        into_cart("e3", "ü" * 64, 1_000_000, seconds=0),
        a_return("e4", "unknown", line=999, quantity=1_000_000),
        an_order("e5", *[a_line("give-away", unit_price=0)] * 1000),
    )
    assert {result.status for result in results} == {ACCEPTED}
    profile = await get(store)
    assert list(profile.units_milli) == [1, 1_000_000_000, 2_000_000]
    assert list(profile.spend_milli) == [10_000_000, 0, 0]
    assert list(profile.cart_units_milli) == [1_000_000_000]


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_request_has_1_to_1000_events(store, count):
    assert await field_refused(put(store, *[a_view()] * count)) == "events"


async def test_1000_events_of_1000_users_are_taken_at_once(store):
    results = await put(store, *(an_order(f"e{n}", user_id=f"u{n}") for n in range(1000)))
    assert {result.status for result in results} == {ACCEPTED}
    assert len(await logged(store)) == 1000


async def test_an_event_falls_on_the_shops_own_day(own_redis_url, redis, tmp_path):
    async with serving(own_redis_url, tmp_path, time_zone="Pacific/Auckland") as channel:
        store = ProfileStoreServiceStub(channel)
        await put(store, an_order("e1", seconds=MIDNIGHT + 86_399))
        assert (await get(store)).last_shopping_day == DAY + 1


async def test_eight_writers_to_one_user_lose_nothing(store):
    async def write(writer: int) -> None:
        for number in range(10):
            (result,) = await put(store, an_order(f"{writer}-{number}"))
            assert result.status == ACCEPTED

    await asyncio.gather(*map(write, range(8)))
    profile = await get(store)
    assert profile.revision == 80
    assert list(profile.units_milli) == [160_000]
    assert len(await logged(store)) == 80


async def test_eight_senders_of_the_same_events_count_them_once(store):
    events = [an_order(f"e{number}", user_id=f"u{number % 3}") for number in range(30)]
    found = await asyncio.gather(*(put(store, *events) for _ in range(8)))
    for copies in zip(*found, strict=True):
        statuses = sorted(result.status for result in copies)
        assert statuses == [ACCEPTED, *[DUPLICATE] * 7]
    assert [list((await get(store, f"u{n}")).units_milli) for n in range(3)] == [[20_000]] * 3
