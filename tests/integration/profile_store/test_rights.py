"""What a person may ask for: everything that is held, and that it be forgotten."""

import json
from hashlib import sha256

import pytest
from google.protobuf.json_format import Parse, ParseDict

from restock.v1 import profile_store_pb2 as pb
from restock.v1 import stored_pb2, types_pb2
from restock.v1.events_pb2 import Event
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.integration.profile_store.conftest import serving
from tests.integration.profile_store.messages import (
    ACCEPTED,
    DAY,
    REJECTED,
    a_history,
    a_line,
    a_view,
    an_impression,
    an_order,
    delete,
    deleted_users,
    eventually,
    exported,
    get,
    load,
    logged,
    now,
    one_of_each_kind,
    put,
    put_all,
)
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


def by_kind(lines) -> dict[str, list]:
    found: dict[str, list] = {}
    for line in lines:
        held = json.loads(line)
        found.setdefault(held["kind"], []).append(held[held["kind"]])
    return found


async def test_an_export_holds_profile_ledger_and_every_event_as_sent(store):
    events = one_of_each_kind()
    await put_all(store, events)
    await put_all(store, one_of_each_kind("bob", "b"))
    held = by_kind(await exported(store))
    assert sorted(held) == ["event", "ledger", "profile"]
    assert [ParseDict(event, Event()) for event in held["event"]] == events
    (profile,) = held["profile"]
    assert ParseDict(profile, types_pb2.Profile()) == await get(store)
    (ledger,) = (ParseDict(one, stored_pb2.Ledger()) for one in held["ledger"])
    assert (ledger.revision, ledger.log_length) == (6, 7)
    assert list(ledger.product_ids) == ["milk", "tea"]


async def test_each_line_of_an_export_is_json_on_a_line_of_its_own(store):
    strange = 'a"b\\c Ünï 牛奶'
    await put_all(store, [a_view("e1", strange, user_id=strange)])
    lines = await exported(store, strange)
    assert all("\n" not in line for line in lines)
    view = by_kind(lines)["event"][0]["view"]
    assert Parse(json.dumps(view), Event().view).product_id == strange


async def test_an_imported_user_is_exported_without_events(store):
    await load(store, a_history())
    assert sorted(by_kind(await exported(store))) == ["ledger", "profile"]


async def test_a_user_with_only_an_impression_is_exported(store):
    await put_all(store, [an_impression("e1")])
    assert len(by_kind(await exported(store))["event"]) == 1


async def test_of_an_unknown_and_of_a_deleted_user_there_is_nothing_to_export(store):
    assert await exported(store, "nobody") == []
    await put_all(store, [a_view("e1")])
    await delete(store)
    assert await exported(store) == []


async def test_1200_events_are_exported_in_the_order_accepted(store):
    for batch in range(2):
        await put_all(store, [a_view(f"{batch}-{number}") for number in range(600)])
    found = [event["eventId"] for event in by_kind(await exported(store))["event"]]
    assert found == [f"{batch}-{number}" for batch in range(2) for number in range(600)]


async def test_50_orders_of_1000_lines_come_in_answers_that_every_client_takes(store):
    lines = [a_line(f"product-{number:05}", unit_discount=0.25) for number in range(1000)]
    for start in (0, 25):
        await put_all(
            store, [an_order(f"e{number}", *lines) for number in range(start, start + 25)]
        )
    assert len(await exported(store)) == 52


async def test_a_profile_of_20000_long_product_ids_is_exported(store):
    count = 20_000
    history = pb.PurchaseHistory(
        user_id="ann",
        product_ids=[f"{number:05}".ljust(128, "x") for number in range(count)],
        day_counts=[1] * count,
        days=[DAY] * count,
        units_milli=[1000] * count,
    )
    await load(store, history)
    assert len(await exported(store)) == 2


async def test_a_deletion_takes_everything_and_its_receipt_says_how_much(store):
    await put_all(store, one_of_each_kind())
    await put_all(store, one_of_each_kind("bob", "b"))
    bob = await get(store, "bob")
    before = now().ToMicroseconds()
    receipt = await delete(store)
    assert (receipt.profiles, receipt.events, receipt.event_ids) == (1, 7, 7)
    assert before <= receipt.deleted_time.ToMicroseconds() <= now().ToMicroseconds()
    assert receipt.user_hash == sha256(b"ann").hexdigest()
    assert await get(store) == types_pb2.Profile(user_id="ann")
    assert await get(store, include_cycles=True) == types_pb2.Profile(user_id="ann")
    assert {event.user_id for event in await logged(store)} == {"bob"}
    assert await get(store, "bob") == bob


async def test_an_imported_user_is_deleted_without_events(store):
    await load(store, a_history())
    receipt = await delete(store)
    assert (receipt.profiles, receipt.events, receipt.event_ids) == (1, 0, 0)
    assert (await get(store)).revision == 0


async def test_deletions_are_listed_by_hash_of_unknown_users_too(store):
    assert await deleted_users(store) == {}
    await put_all(store, [a_view("e1")])
    receipts = [await delete(store, user) for user in ("ann", "nobody")]
    assert (receipts[1].profiles, receipts[1].events) == (0, 0)
    assert await deleted_users(store) == {
        receipt.user_hash: receipt.deleted_time.ToMicroseconds() for receipt in receipts
    }


async def test_after_a_second_deletion_the_later_time_counts(store):
    first = await delete(store)
    await put_all(store, [a_view("e1", event_time=now())])
    second = await delete(store)
    assert (second.events, second.event_ids) == (1, 1)
    assert second.deleted_time.ToMicroseconds() > first.deleted_time.ToMicroseconds()
    assert await deleted_users(store) == {second.user_hash: second.deleted_time.ToMicroseconds()}


async def test_events_of_every_kind_from_before_a_deletion_are_rejected_after_it(store, redis):
    await put_all(store, one_of_each_kind())
    receipt = await delete(store)
    keys = sorted(redis.keys())
    at_once = a_view("e8", event_time=receipt.deleted_time)
    results = await put(store, *one_of_each_kind(), at_once)
    assert {result.status for result in results} == {REJECTED}
    assert {result.field for result in results} == {f"events[{n}].event_time" for n in range(8)}
    assert all("deleted" in result.detail for result in results)
    assert sorted(redis.keys()) == keys


async def test_a_user_who_comes_back_begins_with_nothing_and_the_revision_goes_on(store):
    await put_all(store, [an_order(f"e{number}") for number in range(5)])
    await delete(store)
    assert (await get(store)).revision == 0
    (result,) = await put(store, an_order("e0", a_line("tea"), event_time=now()))
    assert (result.status, result.profile_revision) == (ACCEPTED, 6)
    profile = await get(store)
    assert (profile.revision, list(profile.product_ids)) == (6, ["tea"])
    await delete(store)
    (result,) = await put(store, a_view("e9", event_time=now()))
    assert result.profile_revision == 7


async def test_a_revision_goes_on_after_two_deletions_in_a_row(store):
    await put_all(store, [an_order(f"e{number}") for number in range(3)])
    await delete(store)
    await delete(store)
    (result,) = await put(store, a_view("e9", event_time=now()))
    assert result.profile_revision == 4


@pytest.mark.parametrize("user_id", ["", "x" * 129, "a\nb"])
async def test_an_id_that_is_none_is_refused(store, user_id):
    assert await field_refused(delete(store, user_id)) == "user_id"
    assert await field_refused(exported(store, user_id)) == "user_id"


async def test_a_deletion_asks_for_a_new_append_only_file_once_within_the_hour(
    redis, own_redis_url, tmp_path
):
    def rewrites():
        return redis.info("commandstats").get("cmdstat_bgrewriteaof", {"calls": 0})["calls"]

    async def asked():
        return rewrites()

    before = rewrites()
    async with serving(own_redis_url, tmp_path) as channel:
        store = ProfileStoreServiceStub(channel)
        await put_all(store, [a_view("e1")])
        assert rewrites() == before
        await delete(store)
        await eventually(asked, lambda count: count == before + 1)
        await delete(store)
        await delete(store, "bob")
        assert rewrites() == before + 1
