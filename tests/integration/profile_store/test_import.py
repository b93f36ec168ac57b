"""Whole profiles, on a real socket with a real Redis."""

import pytest

from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from tests.integration.profile_store.messages import (
    DAY,
    SECONDS,
    a_line,
    a_profile,
    an_event,
    get,
    load,
    put,
    refused_field,
)


async def test_an_imported_profile_is_read_back_with_what_follows_from_it(store):
    assert await load(store, a_profile()) == pb.ImportProfilesResponse(imported=1)
    wanted = a_profile(revision=1, average_price=2.5, spend_per_day=5)
    assert await get(store) == wanted


async def test_what_follows_from_the_columns_is_not_taken_from_the_sender(store):
    sent = a_profile(revision=9, average_price=99, spend_per_day=99, segment=types_pb2.SEGMENT_HIGH)
    await load(store, sent)
    assert await get(store) == a_profile(revision=1, average_price=2.5, spend_per_day=5)


async def test_products_are_put_in_order(store):
    await load(store, a_profile(product_ids=["milk", "bread"], spend_milli=[1000, 2000]))
    profile = await get(store)
    assert list(profile.product_ids) == ["bread", "milk"]
    assert list(profile.spend_milli) == [2000, 1000]


async def test_an_empty_column_is_all_zero_and_a_profile_may_be_empty(store):
    await load(store, a_profile(spend_milli=[]), types_pb2.Profile(user_id="bob"))
    assert list((await get(store)).spend_milli) == [0, 0]
    assert await get(store, "bob") == types_pb2.Profile(user_id="bob", revision=1)


async def test_what_exists_is_kept(store):
    await put(store, an_event(lines=[a_line("tea")]))
    assert await load(store, a_profile(), a_profile("bob")) == pb.ImportProfilesResponse(
        imported=1, kept=1
    )
    assert list((await get(store)).product_ids) == ["tea"]


async def test_what_exists_is_replaced_when_asked_and_its_events_stay_in_the_log(store, redis):
    await put(store, an_event(lines=[a_line("tea")]))
    answer = await load(store, a_profile(), replace_existing=True)
    assert answer == pb.ImportProfilesResponse(imported=1)
    assert await get(store) == a_profile(revision=2, average_price=2.5, spend_per_day=5)
    assert redis.xlen("restock:events") == 1


async def test_whether_to_replace_is_read_from_the_first_message(store):
    requests = [
        pb.ImportProfilesRequest(profiles=[a_profile()]),
        pb.ImportProfilesRequest(profiles=[a_profile()], replace_existing=True),
    ]
    answer = await store.ImportProfiles(iter(requests), timeout=SECONDS)
    assert answer == pb.ImportProfilesResponse(imported=1, kept=1)


async def test_an_order_goes_on_from_an_import(store):
    await load(store, a_profile())
    seconds = (DAY + 9) * 86_400
    await put(store, an_event(seconds=seconds, lines=[a_line("milk"), a_line("tea")]))
    profile = await get(store)
    assert profile.revision == 2
    assert list(profile.product_ids) == ["bread", "milk", "tea"]
    assert list(profile.purchase_counts) == [2, 3, 1]
    assert list(profile.last_days) == [DAY + 7, DAY + 9, DAY + 9]
    assert (profile.shopping_days, profile.last_shopping_day) == (3, DAY + 9)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user_id": ""}, "user_id"),
        ({"product_ids": ["milk", "a\tb"]}, "product_ids[1]"),
        ({"product_ids": ["milk", ""]}, "product_ids[1]"),
        ({"product_ids": ["milk", "milk"]}, "product_ids[1]"),
        ({"purchase_counts": [2]}, "purchase_counts"),
        ({"units_milli": [1, 2, 3]}, "units_milli"),
        ({"purchase_counts": []}, "purchase_counts[0]"),
        ({"purchase_counts": [2, 9]}, "purchase_counts[1]"),
        ({"purchase_counts": [2, 1]}, "purchase_counts[1]"),
        ({"first_days": [DAY, DAY + 8]}, "last_days[1]"),
        ({"last_days": [DAY + 7, 70_000]}, "last_days[1]"),
        ({"spend_milli": [0, 2**63]}, "spend_milli[1]"),
        ({"shopping_days": 1}, "shopping_days"),
        ({"shopping_days": 2**32 - 1}, "shopping_days"),
        ({"last_shopping_day": DAY}, "last_shopping_day"),
    ],
)
async def test_a_profile_that_does_not_fit_is_refused_by_field(store, redis, changes, field):
    wrong = a_profile(**changes)
    assert await refused_field(load(store, wrong)) == f"profiles[0].{field}"
    assert redis.dbsize() == 0


async def test_a_profile_of_50000_products_is_refused(store):
    wrong = a_profile(product_ids=[f"p{number}" for number in range(50_000)])
    assert await refused_field(load(store, wrong)) == "profiles[0].product_ids"


async def test_a_profile_of_20000_products_is_taken_and_takes_no_other_product(store):
    await load(store, a_profile(product_ids=[f"p{number:05}" for number in range(20_000)]))
    known, new = await put(
        store,
        an_event("e1", lines=[a_line("p00007")]),
        an_event("e2", lines=[a_line("p00007"), a_line("new")]),
    )
    assert known.status == pb.EVENT_STATUS_ACCEPTED
    assert (new.status, new.field) == (
        pb.EVENT_STATUS_REJECTED,
        "events[1].order.lines[1].product_id",
    )
    assert len((await get(store)).product_ids) == 20_000


async def test_profiles_before_a_wrong_one_are_loaded(store):
    right = [a_profile(f"u{number}") for number in range(40)]
    assert await refused_field(load(store, *right, a_profile(shopping_days=0))) == (
        "profiles[40].shopping_days"
    )
    assert (await get(store, "u0")).revision == 1


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_message_has_1_to_1000_profiles(store, count):
    assert await refused_field(load(store, *[a_profile()] * count)) == "profiles"
