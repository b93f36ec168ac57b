"""The RPCs, called in process over a repository in memory."""

import pytest

from restock.errors import InvalidRequest
from restock.v1 import events_pb2, types_pb2
from restock.v1 import profile_store_pb2 as pb
from services.profile_store.memory_profiles import MemoryProfiles
from tests.contracts.profile_store_machine import NONE, a_servicer, answers, history_of, sent
from tests.unit.profile_store.shop import (
    DAY,
    NOON,
    message,
    order_line,
    ordered,
    returned,
    shown,
    viewed,
)


def a_service():
    return a_servicer(MemoryProfiles())


async def put(service, *events):
    answer = await service.PutEvents(pb.PutEventsRequest(events=events), NONE)
    return list(answer.results)


async def profile(service, user_id="ann", **more):
    request = pb.GetProfileRequest(user_id=user_id, **more)
    return (await service.GetProfile(request, NONE)).profile


async def streamed(service, *messages):
    requests = (pb.StreamEventsRequest(events=events) for events in messages)
    return await answers(service.StreamEvents(sent(*requests), NONE))


async def load(service, *requests):
    return await service.ImportProfiles(sent(*requests), NONE)


def a_load(*user_ids, **more):
    cells = {("milk", DAY): (1000, 1500)}
    histories = [history_of(user_id, cells) for user_id in user_ids]
    return pb.ImportProfilesRequest(histories=histories, **more)


async def test_an_unknown_user_is_an_empty_profile_of_revision_0():
    assert await profile(a_service(), "nobody") == types_pb2.Profile(user_id="nobody")


async def test_an_unknown_user_has_no_cycles_either():
    found = await profile(a_service(), "nobody", include_cycles=True)
    assert found == types_pb2.Profile(user_id="nobody")


async def test_an_accepted_order_is_in_the_next_read():
    service = a_service()
    await put(service, ordered("o1", order_line("milk", 2, 1.5), order_line("bread", 0.5, 4)))
    found = await profile(service)
    assert (found.product_ids, found.units_milli) == (["bread", "milk"], [500, 2000])
    assert (found.revision, found.spend_per_day) == (1, 5.0)


async def test_profiles_come_in_the_order_asked_and_twice_where_asked_twice():
    service = a_service()
    await put(service, ordered("o1", user_id="bob"))
    request = pb.BatchGetProfilesRequest(user_ids=["nobody", "bob", "ann", "bob"])
    found = (await service.BatchGetProfiles(request, NONE)).profiles
    assert [(one.user_id, one.revision) for one in found] == [
        ("nobody", 0), ("bob", 1), ("ann", 0), ("bob", 1)
    ]  # fmt: skip


async def test_a_stream_says_after_each_message_what_is_settled():
    events = [ordered("o1"), viewed(""), ordered("o1", event_id="again")]
    first, second = await streamed(a_service(), events, [returned("o1", line=1000), shown("milk")])
    assert (first.watermark, first.accepted, first.duplicates) == (3, 1, 1)
    assert [(one.number, one.field) for one in first.rejected] == [(2, "view.product_id")]
    assert (second.watermark, second.accepted, second.duplicates) == (5, 2, 1)
    assert [(one.number, one.field) for one in second.rejected] == [(4, "order_return.line")]


async def test_numbers_of_a_stream_go_on_over_its_messages():
    (_, second) = await streamed(a_service(), [viewed(), viewed(event_id="e2")], [viewed("")])
    assert [(one.number, one.event_id) for one in second.rejected] == [(3, "e1")]


async def test_a_stream_without_messages_has_no_answer():
    assert await streamed(a_service()) == []


async def test_an_empty_message_ends_a_stream_after_what_was_settled():
    service, found = a_service(), []
    requests = sent(pb.StreamEventsRequest(events=[viewed()]), pb.StreamEventsRequest())
    with pytest.raises(InvalidRequest, match="events"):
        async for answer in service.StreamEvents(requests, NONE):
            found.append(answer.watermark)
    assert found == [1]


async def test_whether_to_replace_is_read_from_the_first_message():
    service = a_service()
    await load(service, a_load("ann", "bob"))
    answer = await load(service, a_load("ann", replace_existing=True), a_load("bob"))
    assert answer == pb.ImportProfilesResponse(imported=2)
    answer = await load(service, a_load("ann"), a_load("bob", replace_existing=True))
    assert answer == pb.ImportProfilesResponse(kept=2)


async def test_an_import_without_messages_loads_nobody():
    assert await load(a_service()) == pb.ImportProfilesResponse()


async def test_users_before_a_wrong_one_are_loaded():
    service = a_service()
    with pytest.raises(InvalidRequest) as error:
        await load(service, a_load("ann", "bob", ""))
    assert error.value.field == "histories[2].user_id"
    assert [(await profile(service, user)).revision for user in ("ann", "bob")] == [1, 1]


@pytest.mark.parametrize("field", ["after", "up_to"])
async def test_what_is_no_cursor_is_refused(field):
    request = pb.ReadEventsRequest(**{field: "yesterday"})
    with pytest.raises(InvalidRequest) as error:
        await answers(a_service().ReadEvents(request, NONE))
    assert error.value.field == field


async def test_of_an_unknown_user_nothing_is_exported():
    assert await answers(a_service().ExportUser(pb.ExportUserRequest(user_id="x"), NONE)) == []


async def test_a_deleted_user_is_not_exported_and_comes_back_with_a_higher_revision():
    service = a_service()
    await put(service, ordered("o1"), ordered("o2"))
    receipt = await service.DeleteUser(pb.DeleteUserRequest(user_id="ann"), NONE)
    assert (receipt.profiles, receipt.events, receipt.event_ids) == (1, 2, 2)
    assert await answers(service.ExportUser(pb.ExportUserRequest(user_id="ann"), NONE)) == []
    (refused,) = await put(service, ordered("o1"))
    assert (refused.status, refused.field) == (
        pb.EVENT_STATUS_REJECTED, "events[0].event_time"
    )  # fmt: skip
    later = viewed(seconds=receipt.deleted_time.seconds + 60)
    assert [one.profile_revision for one in await put(service, later)] == [3]


async def test_after_a_deletion_an_impression_is_answered_with_the_revision_of_the_profile():
    service = a_service()
    await put(service, ordered("o1"))
    receipt = await service.DeleteUser(pb.DeleteUserRequest(user_id="ann"), NONE)
    (seen,) = await put(service, shown("milk", seconds=receipt.deleted_time.seconds + 60))
    plain, with_cycles = await profile(service), await profile(service, include_cycles=True)
    assert plain.revision == with_cycles.revision == seen.profile_revision


@pytest.mark.parametrize("wrong", ["", "x" * 129, "a\nb"])
async def test_a_user_id_that_is_none_is_refused_by_every_rpc(wrong):
    service = a_service()
    calls = [
        service.GetProfile(pb.GetProfileRequest(user_id=wrong), NONE),
        service.GetReplenishment(pb.GetReplenishmentRequest(user_id=wrong), NONE),
        service.DeleteUser(pb.DeleteUserRequest(user_id=wrong), NONE),
        answers(service.ExportUser(pb.ExportUserRequest(user_id=wrong), NONE)),
    ]
    for call in calls:
        with pytest.raises(InvalidRequest) as error:
            await call
        assert error.value.field == "user_id"


async def test_a_cart_entry_stays_out_when_its_purchase_is_forgotten():
    service = a_service()
    facts = [
        message("e1", add_to_cart=events_pb2.AddToCart(product_id="milk")),
        ordered("o1", order_line("milk")),
        *(ordered(f"o{n}", *map(order_line, "abc"), seconds=NOON + n * 86_400) for n in (2, 3)),
    ]
    await put(service, *facts)
    assert list((await profile(service)).cart_product_ids) == []
    await put(service, ordered("o4", *map(order_line, "abc"), seconds=NOON + 4 * 86_400))
    assert list((await profile(service)).cart_product_ids) == []
