"""Events as they come, over connections that may be cut."""

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest

from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.integration.profile_store.messages import (
    SECONDS,
    a_line,
    a_view,
    an_order,
    eventually,
    get,
    logged,
    put_all,
)
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


def a_message(*events) -> pb.StreamEventsRequest:
    return pb.StreamEventsRequest(events=events)


def in_messages(events, size=10) -> list[pb.StreamEventsRequest]:
    return [a_message(*events[start : start + size]) for start in range(0, len(events), size)]


async def streamed(store, *messages) -> list[pb.StreamEventsResponse]:
    return [answer async for answer in store.StreamEvents(iter(messages), timeout=SECONDS)]


async def last_of(call) -> pb.StreamEventsResponse:
    """The answer that came last before a stream broke."""
    last = pb.StreamEventsResponse()
    with pytest.raises(grpc.aio.AioRpcError):
        async for answer in call:
            last = answer
    return last


class Line:
    """A TCP line to a port, which can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def carry(self, reader, writer) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += writer, there_writer
        await asyncio.gather(self._copy(reader, there_writer), self._copy(there_reader, writer))

    async def _copy(self, reader, writer) -> None:
        try:
            while part := await reader.read(2**16):
                writer.write(part)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def a_line_to(port: int):
    """Give a line to a service, and a stub at its near end."""
    line = Line(port)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    near = server.sockets[0].getsockname()[1]
    async with server, grpc.aio.insecure_channel(f"127.0.0.1:{near}") as channel:
        yield line, ProfileStoreServiceStub(channel)
        line.cut()


async def test_watermarks_grow_to_all_that_was_sent(store):
    messages = [
        a_message(an_order("e1"), an_order("e2", user_id="bob")),
        a_message(a_view("e3"), a_view("e1"), a_view("e4", user_id="eve")),
        a_message(a_view("e4")),
    ]
    answers = await streamed(store, *messages)
    assert [answer.watermark for answer in answers] == [2, 5, 6]
    assert [answer.accepted for answer in answers] == [2, 4, 4]
    assert [answer.duplicates for answer in answers] == [0, 1, 2]
    assert [event.event_id for event in await logged(store)] == ["e1", "e2", "e3", "e4"]


async def test_what_is_settled_is_in_the_next_read_while_the_stream_is_open(store):
    call = store.StreamEvents(timeout=SECONDS)
    await call.write(a_message(an_order("e1")))
    assert (await call.read()).watermark == 1
    assert (await get(store)).revision == 1
    await call.write(a_message(an_order("e2")))
    assert (await call.read()).watermark == 2
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF


async def test_a_stream_without_messages_has_no_answers(store):
    assert await streamed(store) == []


async def test_a_bad_row_is_told_by_its_number_and_does_not_end_the_stream(store):
    bad = an_order("e2", a_line(), a_line(quantity=-1))
    first, second, third = await streamed(
        store,
        a_message(a_view("e1"), bad),
        a_message(a_view("")),
        a_message(a_view("e3"), a_view("e4", user_id="")),
    )
    (rejected,) = first.rejected
    assert (rejected.number, rejected.event_id) == (2, "e2")
    assert rejected.field == "order.lines[1].quantity"
    assert "0.001 to 1,000,000" in rejected.detail
    assert [(one.number, one.field) for one in second.rejected] == [(3, "event_id")]
    assert [(one.number, one.field) for one in third.rejected] == [(5, "user_id")]
    assert (third.watermark, third.accepted, third.duplicates) == (5, 2, 0)


@pytest.mark.parametrize("count", [0, 1001])
async def test_a_message_without_events_or_of_1001_ends_the_stream_and_keeps_what_was_settled(
    store, count
):
    call = streamed(store, a_message(an_order("e1")), a_message(*[a_view("e2")] * count))
    assert await field_refused(call) == "events"
    assert [event.event_id for event in await logged(store)] == ["e1"]


async def test_after_a_cut_the_rest_from_the_last_watermark_on_loses_and_doubles_nothing(
    store, shared_port
):
    events = [an_order(f"e{number}", user_id=f"u{number % 7}") for number in range(200)]
    settled = 0
    async with a_line_to(shared_port) as (line, far):
        for cut_at in (30, 90, 150):
            call = far.StreamEvents(iter(in_messages(events[settled:])), timeout=SECONDS)
            last = await last_of(cut_after(call, line, cut_at - settled))
            assert last.watermark >= cut_at - settled
            settled += last.watermark
            await eventually(lambda: refused(far), lambda gone: not gone)
        (*_, last) = await streamed(far, *in_messages(events[settled:]))
    assert last.watermark == last.accepted + last.duplicates == 200 - settled
    assert sorted(event.event_id for event in await logged(store)) == sorted(
        event.event_id for event in events
    )
    units = [sum((await get(store, f"u{user}")).units_milli) for user in range(7)]
    assert sum(units) == 200 * 2000


async def cut_after(call, line, watermark):
    """Pass answers on, and cut the line when so many events are settled."""
    async for answer in call:
        yield answer
        if answer.watermark >= watermark:
            line.cut()


async def refused(store) -> bool:
    try:
        await get(store)
    except grpc.aio.AioRpcError:
        return True
    return False


async def test_all_events_sent_again_from_the_beginning_are_duplicates(store):
    events = [an_order(f"e{number}") for number in range(50)]
    await streamed(store, *in_messages(events))
    (*_, last) = await streamed(store, *in_messages(events))
    assert (last.watermark, last.accepted, last.duplicates) == (50, 0, 50)
    assert list((await get(store)).units_milli) == [100_000]


async def test_a_client_that_leaves_early_keeps_what_was_settled_and_disturbs_nobody(store):
    call = store.StreamEvents(timeout=SECONDS)
    await call.write(a_message(an_order("e1")))
    assert (await call.read()).watermark == 1
    call.cancel()
    assert list((await get(store)).units_milli) == [2000]
    await put_all(store, [an_order("e2")])


async def test_a_client_out_of_time_is_told_so(store):
    async def never_ending():
        yield a_message(an_order("e1"))
        await asyncio.sleep(60)

    async def ask():
        async for _ in store.StreamEvents(never_ending(), timeout=0.3):
            pass

    assert (await refusal_of_plain(ask())) is grpc.StatusCode.DEADLINE_EXCEEDED
    assert (await get(store)).revision == 1


async def refusal_of_plain(call) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as refused_call:
        await call
    return refused_call.value.code()


async def test_eight_streams_at_once_count_everything_once(store):
    events = [an_order(f"e{number}", user_id=f"u{number % 3}") for number in range(60)]
    found = await asyncio.gather(*(streamed(store, *in_messages(events, 6)) for _ in range(8)))
    assert {answers[-1].watermark for answers in found} == {60}
    assert sum(answers[-1].accepted for answers in found) == 60
    assert [list((await get(store, f"u{n}")).units_milli) for n in range(3)] == [[40_000]] * 3
