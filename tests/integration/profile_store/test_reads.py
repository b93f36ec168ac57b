"""Reading profiles, on a real socket with a real Redis."""

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from restock.artifacts.store import BundleStore
from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from services.profile_store.wiring import SERVICE
from tests.integration.profile_store.conftest import serving
from tests.integration.profile_store.messages import (
    SECONDS,
    a_history,
    a_line,
    a_view,
    an_order,
    eventually,
    get,
    load,
    put_all,
)
from tests.integration.refusals import field_refused
from tests.unit.artifacts.drafts import a_draft

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_unknown_user_is_an_empty_profile_of_revision_0(store):
    assert await get(store, "nobody") == types_pb2.Profile(user_id="nobody")
    assert await get(store, "nobody", include_cycles=True) == types_pb2.Profile(user_id="nobody")


@pytest.mark.parametrize("user_id", ["", "x" * 129, "ü" * 65, "a\nb", "a\x7fb", "a\x85b"])
async def test_a_user_id_that_is_none_is_refused(store, user_id):
    assert await field_refused(get(store, user_id)) == "user_id"


async def test_the_longest_user_id_is_taken(store):
    assert (await get(store, "ü" * 64)).user_id == "ü" * 64


async def test_cycles_are_filled_in_on_request_only(store):
    await load(store, a_history())
    await put_all(store, [an_order("e1", a_line("tea"))])
    plain = await get(store)
    assert not plain.cycle_days
    assert not plain.cycle_gaps
    profile = await get(store, include_cycles=True)
    assert list(profile.product_ids) == ["bread", "milk", "tea"]
    assert list(profile.cycle_gaps) == [1, 1, 0]
    assert profile.cycle_days[0] == profile.cycle_days[1] > 0
    profile.ClearField("cycle_days")
    profile.ClearField("cycle_gaps")
    assert profile == plain


async def test_profiles_come_in_the_order_asked(store):
    await put_all(store, [an_order("e1"), an_order("e2", user_id="bob")])
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
    assert await field_refused(store.BatchGetProfiles(request, timeout=SECONDS)) == field


async def test_of_30_products_looked_at_the_20_newest_are_kept(store):
    await put_all(store, [a_view(f"e{n}", f"p{n}", seconds=1000 + n) for n in range(30)])
    profile = await get(store)
    assert list(profile.viewed_product_ids) == [f"p{number}" for number in range(29, 9, -1)]
    assert profile.viewed_seconds[0] == 1029


async def test_segments_follow_the_live_bundle(redis, own_redis_url, tmp_path):
    async with serving(own_redis_url, tmp_path) as channel:
        await segments_follow(ProfileStoreServiceStub(channel), BundleStore(tmp_path / "models"))


async def segments_follow(store, bundles):
    await put_all(
        store,
        [
            an_order("e1"),
            an_order("e2", a_line(unit_price=0.1), user_id="bob"),
            an_order("e3", a_line(unit_price=0), user_id="eve"),
        ],
    )
    assert (await get(store)).segment == types_pb2.SEGMENT_UNSPECIFIED
    bundles.activate(bundles.publish(a_draft()))
    await eventually(lambda: get(store), lambda profile: profile.segment == types_pb2.SEGMENT_HIGH)
    assert (await get(store, "bob")).segment == types_pb2.SEGMENT_SMALL
    assert (await get(store, "eve")).segment == types_pb2.SEGMENT_UNSPECIFIED
    assert (await get(store, "nobody")).segment == types_pb2.SEGMENT_UNSPECIFIED


async def test_it_is_ready_without_a_bundle(shared_channel):
    health = health_pb2_grpc.HealthStub(shared_channel)
    request = health_pb2.HealthCheckRequest(service=SERVICE)
    serving_status = health_pb2.HealthCheckResponse.SERVING
    await eventually(lambda: health.Check(request), lambda answer: answer.status == serving_status)
