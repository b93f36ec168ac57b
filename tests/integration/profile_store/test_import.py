"""Purchases of the past, on a real socket with a real Redis."""

import pytest

from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from tests.integration.profile_store.messages import (
    ACCEPTED,
    DAY,
    DUPLICATE,
    NOON,
    SECONDS,
    a_history,
    a_line,
    a_return,
    a_view,
    an_order,
    delete,
    get,
    into_cart,
    load,
    logged,
    put,
    put_all,
    the_profile,
)
from tests.integration.refusals import field_refused, refusal_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_imported_user_is_read_back_with_what_follows_from_the_purchases(store):
    assert await load(store, a_history()) == pb.ImportProfilesResponse(imported=1)
    assert await get(store) == the_profile()


async def test_days_products_and_sums_are_taken_as_sent(store):
    history = pb.PurchaseHistory(
        user_id="ann",
        product_ids=["milk", "bread"],
        day_counts=[3, 1],
        days=[DAY, DAY + 2, 65_535, 0],
        units_milli=[1, 2, 3, 4],
        spend_milli=[10, 20, 30, 40],
    )
    await load(store, history)
    profile = await get(store)
    assert list(profile.product_ids) == ["bread", "milk"]
    assert list(profile.purchase_counts) == [1, 3]
    assert list(profile.first_days) == [0, DAY]
    assert list(profile.last_days) == [0, 65_535]
    assert list(profile.units_milli) == [4, 6]
    assert list(profile.spend_milli) == [40, 60]
    assert (profile.shopping_days, profile.last_shopping_day) == (4, 65_535)


async def test_money_may_be_left_out_and_a_history_may_be_empty(store):
    await load(store, a_history(spend_milli=[]), pb.PurchaseHistory(user_id="bob"))
    assert list((await get(store)).spend_milli) == [0, 0]
    assert await get(store, "bob") == types_pb2.Profile(user_id="bob", revision=1)


@pytest.mark.parametrize("known", [an_order("e1", a_line("tea")), a_view("e1"), into_cart("e1")])
async def test_a_user_of_whom_anything_is_known_is_kept(store, known):
    await put_all(store, [known])
    before = await get(store)
    answer = await load(store, a_history(), a_history("bob"))
    assert answer == pb.ImportProfilesResponse(imported=1, kept=1)
    assert await get(store) == before


async def test_an_import_again_keeps_what_was_imported(store):
    await load(store, a_history())
    answer = await load(store, a_history(product_ids=["tea"]), a_history("bob"))
    assert answer == pb.ImportProfilesResponse(imported=1, kept=1)
    assert await get(store) == the_profile()


async def test_purchases_are_replaced_when_asked_and_log_views_and_cart_stay(store):
    events = [an_order("e1", a_line("tea")), a_view("e2", "ham"), into_cart("e3", "eggs")]
    await put_all(store, events)
    answer = await load(store, a_history(), replace_existing=True)
    assert answer == pb.ImportProfilesResponse(imported=1)
    assert await get(store) == the_profile(
        revision=4,
        viewed_product_ids=["ham"],
        viewed_seconds=[NOON],
        cart_product_ids=["eggs"],
        cart_units_milli=[1000],
    )
    assert await logged(store) == events


async def test_what_was_recorded_before_a_replacement_is_known_after_it(store):
    await put_all(store, [an_order("e1", order_id="o1")])
    await load(store, a_history(), replace_existing=True)
    same, again = await put(store, an_order("e1", order_id="o1"), an_order("e2", order_id="o1"))
    assert (same.status, again.status) == (DUPLICATE, DUPLICATE)
    assert (await get(store)).revision == 2


async def test_a_deleted_user_is_left_out_even_when_replacing(store):
    await load(store, a_history(), a_history("bob"))
    await delete(store, "ann")
    histories = a_history(), a_history("bob")
    assert await load(store, *histories) == pb.ImportProfilesResponse(kept=1, deleted=1)
    answer = await load(store, *histories, replace_existing=True)
    assert answer == pb.ImportProfilesResponse(imported=1, deleted=1)
    assert await get(store) == types_pb2.Profile(user_id="ann")


async def test_a_deleted_user_of_whom_nothing_was_known_is_left_out(store):
    await delete(store, "ann")
    assert await load(store, a_history()) == pb.ImportProfilesResponse(deleted=1)


async def test_a_user_twice_in_a_message_counts_as_kept_once(store):
    answer = await load(store, a_history(), a_history())
    assert answer == pb.ImportProfilesResponse(imported=1, kept=1)


async def test_whether_to_replace_is_read_from_the_first_message(store):
    requests = [
        pb.ImportProfilesRequest(histories=[a_history()]),
        pb.ImportProfilesRequest(histories=[a_history()], replace_existing=True),
    ]
    answer = await store.ImportProfiles(iter(requests), timeout=SECONDS)
    assert answer == pb.ImportProfilesResponse(imported=1, kept=1)


async def test_an_order_goes_on_from_an_import(store):
    await load(store, a_history())
    seconds = (DAY + 9) * 86_400
    await put_all(store, [an_order("e1", a_line("milk"), a_line("tea"), seconds=seconds)])
    profile = await get(store)
    assert profile.revision == 2
    assert list(profile.product_ids) == ["bread", "milk", "tea"]
    assert list(profile.purchase_counts) == [2, 3, 1]
    assert list(profile.last_days) == [DAY + 7, DAY + 9, DAY + 9]
    assert (profile.shopping_days, profile.last_shopping_day) == (3, DAY + 9)


async def test_an_order_on_an_imported_day_adds_to_that_day(store):
    await load(store, a_history())
    await put_all(store, [an_order("e1", order_id="o1"), a_return("e2", "o1", quantity=1)])
    profile = await get(store)
    assert list(profile.purchase_counts) == [2, 2]
    assert list(profile.units_milli) == [2000, 3000]
    assert list(profile.spend_milli) == [5000, 6500]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user_id": ""}, "user_id"),
        ({"user_id": "x" * 129}, "user_id"),
        ({"product_ids": ["milk", "a\tb"]}, "product_ids[1]"),
        ({"product_ids": ["milk", ""]}, "product_ids[1]"),
        ({"product_ids": ["milk", "milk"]}, "product_ids"),
        ({"day_counts": [2, 1, 1]}, "day_counts"),
        ({"day_counts": [2]}, "day_counts"),
        ({"day_counts": []}, "day_counts"),
        ({"day_counts": [4, 0]}, "day_counts[1]"),
        ({"day_counts": [2, 3]}, "days"),
        ({"day_counts": [2, 2**32 - 1]}, "days"),
        ({"days": [DAY] * 3}, "days"),
        ({"days": [DAY, DAY, DAY, DAY + 7]}, "days[1]"),
        ({"days": [DAY, DAY + 7, DAY + 7, DAY]}, "days[3]"),
        ({"days": [DAY, DAY + 7, DAY, 65_536]}, "days"),
        ({"units_milli": [1, 2, 3]}, "units_milli"),
        ({"units_milli": []}, "units_milli"),
        ({"units_milli": [1, 0, 1, 1]}, "units_milli[1]"),
        ({"units_milli": [1, 1, 2**63 - 1, 1]}, "units_milli"),
        ({"spend_milli": [1, 2, 3]}, "spend_milli"),
        ({"spend_milli": [0, 0, 2**63, 0]}, "spend_milli"),
    ],
)
async def test_a_history_that_does_not_fit_is_refused_by_field(store, redis, changes, field):
    wrong = a_history(**{"user_id": "ann"} | changes)
    assert await field_refused(load(store, wrong)) == f"histories[0].{field}"
    assert redis.dbsize() == 0


async def test_a_refusal_says_whose_history_it_was(store):
    refusal = await refusal_of(load(store, a_history("eve", days=[DAY])))
    assert "user eve" in refusal.message


async def test_histories_before_a_wrong_one_are_loaded(store):
    right = [a_history(f"u{number}") for number in range(40)]
    field = await field_refused(load(store, *right, a_history(units_milli=[])))
    assert field == "histories[40].units_milli"
    assert (await get(store, "u0")).revision == 1


async def test_of_25000_product_days_the_latest_whole_days_that_make_20000_are_kept(store):
    days = [DAY + number for number in range(25)]
    history = pb.PurchaseHistory(
        user_id="ann",
        product_ids=[f"p{number:04}" for number in range(1000)],
        day_counts=[25] * 1000,
        days=days * 1000,
        units_milli=[1000] * 25_000,
    )
    await load(store, history)
    profile = await get(store)
    assert set(profile.purchase_counts) == {20}
    assert set(profile.first_days) == {DAY + 5}
    assert profile.shopping_days == 20


async def test_more_than_20000_products_on_one_day_are_refused(store, redis):
    count = 20_001
    history = pb.PurchaseHistory(
        user_id="ann",
        product_ids=[f"p{number:05}" for number in range(count)],
        day_counts=[1] * count,
        days=[DAY] * count,
        units_milli=[1000] * count,
    )
    assert await field_refused(load(store, history)) == "histories[0].days"
    assert redis.dbsize() == 0


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_message_has_1_to_1000_histories(store, count):
    assert await field_refused(load(store, *[a_history()] * count)) == "histories"


async def test_1000_users_in_one_message_are_loaded(store):
    answer = await load(store, *(a_history(f"u{number}") for number in range(1000)))
    assert answer == pb.ImportProfilesResponse(imported=1000)
    (result,) = await put(store, an_order("e1", user_id="u999"))
    assert (result.status, result.profile_revision) == (ACCEPTED, 2)
