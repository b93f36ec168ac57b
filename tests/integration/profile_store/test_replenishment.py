"""What a shopper is about to need again, on a real socket with a real Redis and a small model version."""

import time
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.a_bundle import CYCLE_DAYS, published
from tests.a_bundle import DAY as TRAINED_DAY
from tests.integration.profile_store.conftest import serving
from tests.integration.profile_store.messages import (
    SECONDS,
    a_history,
    a_line,
    an_order,
    eventually,
    get,
    load,
    put_all,
)
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

LAST = TRAINED_DAY
"""Day of the last weekly shop."""
WEEKS = [LAST - 28, LAST - 21, LAST - 14, LAST - 7, LAST]


def at_day(day: int) -> Timestamp:
    return Timestamp(seconds=day * 86_400 + 43_200)


def weekly_milk(user_id="ann") -> pb.PurchaseHistory:
    """Two milk a week, five times; bread and cake once, an unknown thing once."""
    return pb.PurchaseHistory(
        user_id=user_id,
        product_ids=["milk", "bread", "cake", "unknown"],
        day_counts=[5, 1, 1, 1],
        days=[*WEEKS, LAST - 28, LAST, LAST],
        units_milli=[2000] * 5 + [1000] * 3,
    )


async def outlook(store, day=LAST, user_id="ann", **changes: Any) -> pb.GetReplenishmentResponse:
    fields = {"as_of_time": at_day(day)} | changes
    request = pb.GetReplenishmentRequest(user_id=user_id, **fields)
    return await store.GetReplenishment(request, timeout=SECONDS)


async def of_product(store, product_id: str, day: int, **changes: Any) -> pb.Replenishment:
    products = (await outlook(store, day, **changes)).products
    (found,) = (one for one in products if one.product_id == product_id)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def trained(own_redis_url, tmp_path_factory):
    """A service with a model version, by its name and stub."""
    home = tmp_path_factory.mktemp("home")
    version = published(home)
    async with serving(own_redis_url, home) as channel:
        stub = ProfileStoreServiceStub(channel)

        async def version_used() -> str:
            return (await outlook(stub)).model_version

        await eventually(version_used, lambda used: used == version)
        yield version, stub


@pytest_asyncio.fixture(loop_scope="module")
async def shop(redis, trained):
    """The service, with Ann's purchases."""
    _, stub = trained
    await load(stub, weekly_milk())
    return stub


async def test_an_answer_names_its_day_and_its_model_version(shop, trained):
    answer = await outlook(shop, LAST + 3)
    assert (answer.as_of_day, answer.model_version) == (LAST + 3, trained[0])


async def test_what_was_bought_after_the_moment_looked_from_does_not_exist_for_the_answer(
    shop, redis
):
    found = await outlook(shop, LAST - 10, page_size=9)
    assert [one.product_id for one in found.products] == ["milk", "bread"]
    milk = next(one for one in found.products if one.product_id == "milk")
    assert (milk.gaps, milk.last_day) == (2, LAST - 14)
    redis.flushall()
    days = WEEKS[:3]
    then = pb.PurchaseHistory(
        user_id="ann", product_ids=["milk", "bread"], day_counts=[3, 1], days=[*days, LAST - 28],
        units_milli=[2000] * 3 + [1000],
    )  # fmt: skip
    await load(shop, then)
    assert await outlook(shop, LAST - 10, page_size=9) == found


async def test_the_day_looked_from_itself_counts_and_of_before_the_first_there_is_nothing(shop):
    assert (await of_product(shop, "milk", LAST)).last_day == LAST
    assert (await outlook(shop, LAST - 29)).products == []


async def test_milk_every_week_is_due_about_a_week_after_the_last(shop):
    milk = await of_product(shop, "milk", LAST + 1)
    assert milk.gaps == 4
    assert milk.last_day == LAST
    assert 7 <= milk.cycle_days < CYCLE_DAYS
    assert milk.cycle_days_low < milk.cycle_days < milk.cycle_days_high
    assert LAST + 7 <= milk.due_day <= LAST + 10
    assert 0 < milk.probability < 1
    assert milk.suggested_units == 2


async def test_a_product_goes_from_too_soon_over_due_to_overdue_and_lapsed(shop):
    async def state(day: int) -> str:
        milk = await of_product(shop, "milk", day, horizon_days=1)
        return pb.ReplenishmentState.Name(milk.state).removeprefix("REPLENISHMENT_STATE_")

    due = (await of_product(shop, "milk", LAST)).due_day
    assert await state(LAST) == "TOO_SOON"
    assert await state(due - 1) == "DUE"
    assert await state(due + 2) == "OVERDUE"
    assert await state(LAST + 365) == "LAPSED"


async def test_a_longer_horizon_makes_a_purchase_more_probable(shop):
    found = [(await of_product(shop, "milk", LAST, horizon_days=days)) for days in (1, 7, 30, 90)]
    chances = [one.probability for one in found]
    assert chances == sorted(chances)
    assert chances[0] < chances[-1] <= 1


async def test_a_horizon_of_0_is_a_week_and_a_page_of_0_is_everything_up_to_100(shop):
    assert await outlook(shop) == await outlook(shop, horizon_days=7, page_size=100)
    assert await outlook(shop) != await outlook(shop, horizon_days=8)


async def test_what_was_bought_once_is_not_known_well_enough(shop):
    insufficient = pb.REPLENISHMENT_STATE_INSUFFICIENT_DATA
    assert (await of_product(shop, "unknown", LAST + 5)).state == insufficient
    assert (await of_product(shop, "unknown", LAST + 5)).gaps == 0


async def test_the_most_probable_products_come_first_and_no_more_than_asked_for(shop):
    answer = await outlook(shop, LAST + 6)
    chances = [one.probability for one in answer.products]
    assert len(chances) == 4
    assert chances == sorted(chances, reverse=True)
    assert answer.products[0].product_id == "milk"
    assert (await outlook(shop, LAST + 6, page_size=2)).products == answer.products[:2]


async def test_only_the_states_asked_for_are_answered(shop):
    everything = (await outlook(shop, LAST + 5)).products
    states = {one.state for one in everything}
    assert len(states) >= 2
    for state in states:
        wanted = [one for one in everything if one.state == state]
        assert list((await outlook(shop, LAST + 5, states=[state])).products) == wanted
    assert (await outlook(shop, LAST + 5, states=[*states])).products == everything


async def test_an_order_counts_in_the_next_answer(shop):
    before = await of_product(shop, "milk", LAST + 7)
    seconds = at_day(LAST + 7).seconds
    await put_all(shop, [an_order("e1", a_line("milk", 2, 1), seconds=seconds)])
    after = await of_product(shop, "milk", LAST + 7)
    assert (before.gaps, after.gaps) == (4, 5)
    assert after.last_day == LAST + 7
    assert after.due_day > before.due_day


async def test_a_larger_purchase_lasts_longer(shop):
    seconds = at_day(LAST + 7).seconds
    await load(shop, weekly_milk("bob"))
    few = an_order("e1", a_line("milk", 2, 1), seconds=seconds)
    many = an_order("e2", a_line("milk", 6, 1), seconds=seconds, user_id="bob")
    await put_all(shop, [few, many])
    soon = await of_product(shop, "milk", LAST + 7)
    late = await of_product(shop, "milk", LAST + 7, user_id="bob")
    assert late.due_day > soon.due_day


async def test_without_a_moment_it_looks_from_today(shop):
    request = pb.GetReplenishmentRequest(user_id="ann")
    answer = await shop.GetReplenishment(request, timeout=SECONDS)
    assert answer.as_of_day in {int(time.time()) // 86_400, int(time.time() - 5) // 86_400}


async def test_a_profile_with_cycles_says_the_same_cycles(shop):
    profile = await get(shop, include_cycles=True)
    cycles = dict(zip(profile.product_ids, profile.cycle_days, strict=True))
    gaps = dict(zip(profile.product_ids, profile.cycle_gaps, strict=True))
    assert gaps == {"bread": 0, "cake": 0, "milk": 4, "unknown": 0}
    for product in ("bread", "milk"):
        said = (await of_product(shop, product, profile.last_shopping_day)).cycle_days
        assert cycles[product] == pytest.approx(said)


async def test_an_unknown_user_needs_nothing(shop):
    assert not (await outlook(shop, user_id="nobody")).products


async def test_without_a_model_version_it_is_answered_from_the_shopper_alone(store):
    await load(store, a_history())
    answer = await outlook(store, user_id="ann", day=18_000)
    assert answer.model_version == ""
    assert [one.product_id for one in answer.products] == ["bread", "milk"]
    assert [one.gaps for one in answer.products] == [1, 1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"user_id": ""}, "user_id"),
        ({"user_id": "x" * 129}, "user_id"),
        ({"horizon_days": 91}, "horizon_days"),
        ({"horizon_days": 2**32 - 1}, "horizon_days"),
        ({"page_size": 1001}, "page_size"),
        ({"as_of_time": Timestamp(seconds=-1)}, "as_of_time"),
        ({"as_of_time": Timestamp(seconds=int(time.time()) + 2 * 86_400)}, "as_of_time"),
        ({"as_of_time": Timestamp(nanos=-1)}, "as_of_time.nanos"),
        ({"states": [1, 0]}, "states[1]"),
        ({"states": [99]}, "states[0]"),
    ],
)
async def test_what_is_outside_its_range_is_refused(store, changes, field):
    assert await field_refused(outlook(store, **changes)) == field


async def test_the_bounds_themselves_are_taken(store):
    for changes in ({"horizon_days": 90}, {"page_size": 1000}, {"as_of_time": Timestamp()}):
        assert not (await outlook(store, **changes)).products
