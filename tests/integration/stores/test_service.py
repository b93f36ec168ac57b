"""The service over each server: whatever it does there at least once."""

import grpc
import pytest

from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from tests.integration.profile_store.messages import (
    ACCEPTED,
    DUPLICATE,
    REJECTED,
    SECONDS,
    a_history,
    a_return,
    a_view,
    an_order,
    delete,
    deleted_users,
    exported,
    get,
    load,
    logged,
    now,
    one_of_each_kind,
    put,
    put_all,
    read_log,
    the_profile,
    unavailable_text,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_events_are_recorded_read_and_streamed(store):
    events = one_of_each_kind()
    await put_all(store, events)
    assert {one.status for one in await put(store, *events)} == {DUPLICATE}
    assert (await get(store)).revision == 6
    more = pb.StreamEventsRequest(events=[*events[:3], a_view("e8", user_id="bob")])
    (answer,) = [one async for one in store.StreamEvents(iter([more]), timeout=SECONDS)]
    assert (answer.watermark, answer.accepted, answer.duplicates) == (4, 1, 3)
    assert [event.event_id for event in await logged(store)] == [f"e{n}" for n in range(1, 9)]


async def test_the_log_is_read_from_a_cursor_to_a_cursor(store):
    await put_all(store, [a_view("e1")])
    (first,) = await read_log(store)
    await put_all(store, [a_view("e2", user_id="bob")])
    (second,) = await read_log(store, after=first.cursor)
    await put_all(store, [a_view("e3")])
    assert [event.event_id for event in second.events] == ["e2"]
    assert await read_log(store, first.cursor, second.cursor) == [second]


async def test_a_return_finds_its_order_in_the_log(store):
    await put_all(store, [an_order("e1", order_id="o1")])
    await put_all(store, [a_return("e2", "o1", quantity=0.5)])
    assert list((await get(store)).units_milli) == [1500]


async def test_the_past_is_imported_kept_and_replaced(store):
    assert await load(store, a_history()) == pb.ImportProfilesResponse(imported=1)
    assert await load(store, a_history()) == pb.ImportProfilesResponse(kept=1)
    answer = await load(store, a_history(), replace_existing=True)
    assert answer == pb.ImportProfilesResponse(imported=1)
    assert await get(store) == the_profile(revision=2)


async def test_a_user_is_exported_deleted_and_comes_back(store):
    await put_all(store, one_of_each_kind())
    assert len(await exported(store)) == 9
    receipt = await delete(store)
    assert (receipt.profiles, receipt.events, receipt.event_ids) == (1, 7, 7)
    assert list(await deleted_users(store)) == [receipt.user_hash]
    assert await get(store) == types_pb2.Profile(user_id="ann")
    assert {one.status for one in await put(store, *one_of_each_kind())} == {REJECTED}
    assert await load(store, a_history()) == pb.ImportProfilesResponse(deleted=1)
    (result,) = await put(store, a_view("e1", event_time=now()))
    assert (result.status, result.profile_revision) == (ACCEPTED, 7)


async def test_a_full_server_refuses_writes_whole_answers_reads_and_forgets(store, redis):
    await put_all(store, [an_order("e1"), an_order("e2", user_id="bob")])
    keys = sorted(redis.keys())
    redis.config_set("maxmemory", "1")
    try:
        writes = (
            put(store, an_order("e3"), an_order("e4", user_id="eve")),
            load(store, a_history("eve")),
        )
        for write in writes:
            text = await unavailable_text(write, grpc.StatusCode.RESOURCE_EXHAUSTED)
            assert text == "Redis has reached its memory limit; sending again is harmless"
        assert (await get(store)).revision == 1
        assert len(await logged(store)) == 2
        assert sorted(redis.keys()) == keys
        assert (await delete(store, "bob")).events == 1
    finally:
        redis.config_set("maxmemory", "0")
    assert [one.profile_revision for one in await put(store, an_order("e3"))] == [2]
