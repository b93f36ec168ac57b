"""The proto's promises, on a real socket with a real Redis."""

import asyncio
import time

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from services.profile_store.wiring import SERVICE
from tests.integration.profile_store.conftest import serving
from tests.integration.profile_store.messages import (
    DAY,
    NOON,
    SECONDS,
    a_line,
    an_event,
    get,
    put,
    refused_field,
)
from tests.unit.artifacts.drafts import a_draft

ACCEPTED = pb.EVENT_STATUS_ACCEPTED
DUPLICATE = pb.EVENT_STATUS_DUPLICATE
REJECTED = pb.EVENT_STATUS_REJECTED
NAN, INFINITY = float("nan"), float("inf")


async def test_an_unknown_user_is_an_empty_profile_of_revision_0(store):
    assert await get(store, "nobody") == types_pb2.Profile(user_id="nobody")


@pytest.mark.parametrize("user_id", ["", "x" * 129, "ü" * 65, "a\nb", "a\x7fb", "a\x85b"])
async def test_a_user_id_that_is_none_is_refused(store, user_id):
    assert await refused_field(get(store, user_id)) == "user_id"


async def test_the_longest_user_id_is_taken(store):
    assert (await get(store, "ü" * 64)).user_id == "ü" * 64


async def test_an_accepted_order_is_in_the_next_read(store):
    assert await put(store, an_event(lines=[a_line(), a_line("bread", 0.5, 4)])) == [
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


async def test_the_same_event_again_changes_nothing_whatever_the_rest_says(store, redis):
    await put(store, an_event())
    before = await get(store)
    again, other = await put(store, an_event(), an_event(user_id="bob", lines=[a_line("tea")]))
    assert (again.status, again.profile_revision) == (DUPLICATE, 1)
    assert (other.status, other.profile_revision) == (DUPLICATE, 0)
    assert await get(store) == before
    assert redis.xlen("restock:events") == 1


async def test_an_event_twice_in_one_request_is_applied_once(store):
    results = await put(store, an_event(), an_event())
    assert [result.status for result in results] == [ACCEPTED, DUPLICATE]
    assert (await get(store)).units_milli == [2000]


async def test_the_log_holds_the_event_as_sent(store, redis):
    await put(store, an_event(), an_event("e2", "bob"))
    logged = [pb.Event.FromString(fields[b"event"]) for _, fields in redis.xrange("restock:events")]
    assert logged == [an_event(), an_event("e2", "bob")]


async def test_a_bad_row_does_not_fail_its_neighbours(store):
    bad = an_event("e2", lines=[a_line(quantity=-1)])
    results = await put(store, an_event(), bad, an_event("e3"))
    assert [result.status for result in results] == [ACCEPTED, REJECTED, ACCEPTED]
    assert results[1].field == "events[1].order.lines[0].quantity"
    assert "0.001 to 1,000,000" in results[1].detail
    assert (await get(store)).revision == 2


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (an_event(event_id=""), "event_id"),
        (an_event(event_id="x" * 129), "event_id"),
        (an_event(user_id="a\0b"), "user_id"),
        (an_event(event_time=None), "event_time"),
        (an_event(seconds=-1), "event_time"),
        (an_event(seconds=int(time.time()) + 2 * 86_400), "event_time"),
        (an_event(seconds=2**62), "event_time"),
        (an_event(event_time={"seconds": NOON, "nanos": -1}), "event_time.nanos"),
        (an_event(order=None), "fact"),
        (an_event(order=pb.Order(lines=[a_line()])), "order.order_id"),
        (an_event(lines=[]), "order.lines"),
        (an_event(lines=[a_line()] * 1001), "order.lines"),
        (an_event(lines=[a_line(), a_line(product_id="x" * 129)]), "order.lines[1].product_id"),
        (an_event(lines=[a_line(quantity=NAN)]), "order.lines[0].quantity"),
        (an_event(lines=[a_line(quantity=INFINITY)]), "order.lines[0].quantity"),
        (an_event(lines=[a_line(quantity=0)]), "order.lines[0].quantity"),
        (an_event(lines=[a_line(quantity=1_000_001)]), "order.lines[0].quantity"),
        (an_event(lines=[a_line(unit_price=NAN)]), "order.lines[0].unit_price"),
        (an_event(lines=[a_line(unit_price=-0.01)]), "order.lines[0].unit_price"),
        (an_event(lines=[a_line(unit_price=10_000_001)]), "order.lines[0].unit_price"),
    ],
)
async def test_a_rejected_row_names_its_field(store, redis, event, field):
    (result,) = await put(store, event)
    assert (result.status, result.field) == (REJECTED, f"events[0].{field}")
    assert result.detail
    assert result.profile_revision == 0
    assert redis.dbsize() == 0


async def test_the_bounds_themselves_are_taken(store):
    soon = int(time.time()) + 86_000
    lines = [a_line("a", 0.001, 10_000_000), a_line("b", 1_000_000, 0)]
    (result,) = await put(store, an_event("x" * 128, seconds=soon, lines=lines))
    assert result.status == ACCEPTED
    profile = await get(store)
    assert list(profile.units_milli) == [1, 1_000_000_000]
    assert list(profile.spend_milli) == [10_000_000, 0]


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_request_has_1_to_1000_events(store, count):
    assert await refused_field(put(store, *[an_event()] * count)) == "events"


async def test_an_event_falls_on_the_shops_own_day(own_redis_url, redis, tmp_path):
    async with serving(own_redis_url, tmp_path, time_zone="Pacific/Auckland") as channel:
        store = ProfileStoreServiceStub(channel)
        await put(store, an_event(seconds=DAY * 86_400 + 86_399))
        assert (await get(store)).last_shopping_day == DAY + 1


async def test_profiles_come_in_the_order_asked(store):
    await put(store, an_event(), an_event("e2", "bob"))
    request = pb.BatchGetProfilesRequest(user_ids=["bob", "nobody", "ann", "bob"])
    answer = await store.BatchGetProfiles(request, timeout=SECONDS)
    assert [profile.user_id for profile in answer.profiles] == ["bob", "nobody", "ann", "bob"]
    assert [profile.revision for profile in answer.profiles] == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("user_ids", "field"),
    [([], "user_ids"), (["a"] * 1001, "user_ids"), (["a", ""], "user_ids[1]")],
)
async def test_a_batch_has_1_to_1000_valid_users(store, user_ids, field):
    request = pb.BatchGetProfilesRequest(user_ids=user_ids)
    assert await refused_field(store.BatchGetProfiles(request, timeout=SECONDS)) == field


async def test_eight_writers_to_one_user_lose_nothing(store):
    async def write(writer: int) -> None:
        for number in range(10):
            (result,) = await put(store, an_event(f"{writer}-{number}"))
            assert result.status == ACCEPTED

    await asyncio.gather(*map(write, range(8)))
    profile = await get(store)
    assert profile.revision == 80
    assert profile.units_milli == [160_000]


async def test_segments_follow_the_live_bundle(store, bundles):
    await put(store, an_event(), an_event("e2", "bob", lines=[a_line(unit_price=0.1)]))
    await put(store, an_event("e3", "eve", lines=[a_line(unit_price=0)]))
    assert (await get(store)).segment == types_pb2.SEGMENT_UNSPECIFIED
    bundles.activate(bundles.publish(a_draft()))
    await eventually(lambda: get(store), lambda profile: profile.segment == types_pb2.SEGMENT_HIGH)
    assert (await get(store, "bob")).segment == types_pb2.SEGMENT_SMALL
    assert (await get(store, "eve")).segment == types_pb2.SEGMENT_UNSPECIFIED
    assert (await get(store, "nobody")).segment == types_pb2.SEGMENT_UNSPECIFIED


async def test_it_is_ready_without_a_bundle(channel):
    health = health_pb2_grpc.HealthStub(channel)
    request = health_pb2.HealthCheckRequest(service=SERVICE)
    serving_status = health_pb2.HealthCheckResponse.SERVING
    await eventually(lambda: health.Check(request), lambda answer: answer.status == serving_status)


async def eventually(ask, is_so):
    """Ask until it is so; a few seconds at most."""
    async with asyncio.timeout(SECONDS):
        while not is_so(await ask()):
            await asyncio.sleep(0.02)
