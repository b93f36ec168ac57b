"""The log, on a real socket with a real Redis."""

import logging

import pytest

from restock.v1 import profile_store_pb2 as pb
from restock.v1.events_pb2 import Event
from tests.integration.profile_store.messages import (
    SECONDS,
    a_line,
    a_view,
    an_order,
    delete,
    logged,
    one_of_each_kind,
    put,
    put_all,
    read_log,
)
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


def ids_in(answers) -> list[str]:
    return [event.event_id for answer in answers for event in answer.events]


async def test_an_empty_log_has_no_answers(store):
    assert await read_log(store) == []


async def test_events_of_all_kinds_come_as_sent_in_the_order_accepted(store):
    events = [*one_of_each_kind("ann", "a"), *one_of_each_kind("bob", "b")]
    for event in events:
        await put_all(store, [event])
    assert await logged(store) == events


async def test_rejected_events_and_duplicates_are_not_in_it(store):
    await put(store, a_view("e1"), a_view("e1"), a_view("e2", ""), a_view("e3", "bread"))
    assert ids_in(await read_log(store)) == ["e1", "e3"]


async def test_reading_goes_on_after_a_cursor_and_ends_with_one(store):
    await put_all(store, [a_view("e1")])
    (first,) = await read_log(store)
    await put_all(store, [a_view("e2"), a_view("e3")])
    (second,) = await read_log(store, after=first.cursor)
    await put_all(store, [a_view("e4", user_id="bob")])
    assert ids_in([second]) == ["e2", "e3"]
    assert ids_in(await read_log(store, after=second.cursor)) == ["e4"]
    assert ids_in(await read_log(store, up_to=second.cursor)) == ["e1", "e2", "e3"]
    assert ids_in(await read_log(store, first.cursor, second.cursor)) == ["e2", "e3"]
    assert await read_log(store, second.cursor, second.cursor) == []


async def test_1200_events_come_in_pages_of_which_each_cursor_is_a_place_to_go_on_from(store):
    events = [a_view(f"e{number}", user_id=f"u{number}") for number in range(1200)]
    await put_all(store, events[:600])
    await put_all(store, events[600:])
    wanted = [event.event_id for event in events]
    answers = await read_log(store)
    assert len(answers) >= 2
    assert ids_in(answers) == wanted
    read = 0
    for answer in answers:
        read += len(answer.events)
        assert ids_in(await read_log(store, after=answer.cursor)) == wanted[read:]
        assert ids_in(await read_log(store, up_to=answer.cursor)) == wanted[:read]


async def test_large_orders_come_in_answers_that_every_client_takes(store):
    lines = [a_line("p" * 100 + f"{number:03}") for number in range(1000)]
    for user in range(8):
        await put_all(
            store, [an_order(f"{user}-{n}", *lines, user_id=f"u{user}") for n in range(4)]
        )
    answers = await read_log(store)
    assert len(ids_in(answers)) == 32
    assert max(answer.ByteSize() for answer in answers) < 2_000_000


async def test_15000_views_of_long_event_ids_come_in_answers_that_every_client_takes(store):
    for batch in range(15):
        ids = (f"{batch:02}-{number:03}-".ljust(128, "x") for number in range(1000))
        await put_all(store, [a_view(name, "p", user_id=f"u{batch}") for name in ids])
    answers = await read_log(store)
    assert len(ids_in(answers)) == 15_000
    assert max(answer.ByteSize() for answer in answers) < 2_000_000


async def test_a_deleted_users_events_are_missing_and_cursors_go_on(store):
    await put_all(store, [a_view("e1"), a_view("e2", user_id="bob"), a_view("e3", user_id="eve")])
    (before,) = await read_log(store)
    await delete(store, "bob")
    (after,) = await read_log(store)
    assert ids_in([after]) == ["e1", "e3"]
    assert after.cursor == before.cursor
    assert await read_log(store, after=before.cursor) == []


async def test_a_log_of_which_everything_was_deleted_still_gives_a_cursor(store):
    await put_all(store, [a_view("e1")])
    await delete(store)
    (answer,) = await read_log(store)
    assert ids_in([answer]) == []
    await put_all(store, [a_view("e2", user_id="bob")])
    assert ids_in(await read_log(store, after=answer.cursor)) == ["e2"]


async def test_a_reader_that_leaves_early_is_no_error(store, caplog):
    events = [a_view(f"e{number}", "p" * 100, user_id=f"u{number}") for number in range(1000)]
    for batch in range(3):
        await put_all(store, [again(event, batch) for event in events])
    for _ in range(20):
        call = store.ReadEvents(pb.ReadEventsRequest(), timeout=SECONDS)
        assert (await call.read()).events
        call.cancel()
    await read_log(store)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def again(event: Event, batch: int) -> Event:
    """The same event under another id."""
    other = Event()
    other.CopyFrom(event)
    other.event_id += f"-{batch}"
    return other


@pytest.mark.parametrize("field", ["after", "up_to"])
@pytest.mark.parametrize(
    "cursor",
    ["x", "1", "1-", "-1-0", "1-0 ", "1-0\n", "(1-0", "+", "١-٠", "99999999999999999999-0"],
)
async def test_a_cursor_that_was_never_given_out_is_refused(store, field, cursor):
    assert await field_refused(read_log(store, **{field: cursor})) == field
