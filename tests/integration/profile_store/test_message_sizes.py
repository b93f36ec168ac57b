"""What was taken once can be read for good, whatever the largest message to take is by then."""

import asyncio
import json

import grpc
import pytest
from grpc_status import rpc_status
from typer.testing import CliRunner

from restock.cli import app
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.integration.profile_store.conftest import listening, serving
from tests.integration.profile_store.messages import a_line, a_view, an_order, put, put_all
from tests.unit.cli.a_profile_store import counted, events_in

MEBIBYTE = 2**20
WHOLE = [("grpc.max_receive_message_length", -1)]


def large_orders(count: int) -> list:
    """Orders of 1,000 lines and 123,000 bytes each."""
    lines = [a_line(f"product {number:05} {'x' * 90}") for number in range(1000)]
    return [an_order(f"e{number}", *lines) for number in range(count)]


async def restock(port: int, *arguments) -> str:
    """Run a command in a thread, beside the service."""
    words = [*map(str, arguments), "--address", f"127.0.0.1:{port}"]
    result = await asyncio.to_thread(CliRunner().invoke, app, words)
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_a_log_of_3_mebibytes_at_once_is_read_from_a_service_that_takes_1(
    redis, own_redis_url, tmp_path
):
    events = large_orders(25)
    async with serving(own_redis_url, tmp_path / "before") as channel:
        await put_all(ProfileStoreServiceStub(channel), events)
    async with listening(own_redis_url, tmp_path / "after", max_message_mebibytes=1) as port:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=WHOLE) as channel:
            store = ProfileStoreServiceStub(channel)
            answers = [answer async for answer in store.ReadEvents(pb.ReadEventsRequest())]
            assert [event for answer in answers for event in answer.events] == events
            assert max(answer.ByteSize() for answer in answers) > 2 * MEBIBYTE
        await restock(port, "events", "export", tmp_path / "log")
        assert events_in(tmp_path / "log") == counted(events)
        lines = (await restock(port, "user", "export", "ann")).splitlines()
        assert [json.loads(line)["kind"] for line in lines][2:] == ["event"] * 25


async def test_a_request_of_exactly_the_limit_is_taken_and_read_though_its_answer_is_larger(
    redis, own_redis_url, tmp_path
):
    request = pb.PutEventsRequest(events=large_orders(8))
    while request.ByteSize() < MEBIBYTE - 240:
        request.events.append(a_view(f"{len(request.events):03}", "x" * 100))
    request.events.append(a_view("999", "x" * 10))
    last, room = request.events[-1], MEBIBYTE - request.ByteSize()
    last.event_id += "x" * (room // 2)
    last.view.product_id += "x" * (room - room // 2)
    while request.ByteSize() > MEBIBYTE:  # a longer text has a longer length before it
        last.view.product_id = last.view.product_id[:-1]
    assert request.ByteSize() == MEBIBYTE
    async with serving(own_redis_url, tmp_path, max_message_mebibytes=1) as channel:
        store = ProfileStoreServiceStub(channel)
        await put_all(store, request.events)
        (answer,) = [one async for one in store.ReadEvents(pb.ReadEventsRequest())]
    assert (len(answer.events), answer.ByteSize() > MEBIBYTE) == (len(request.events), True)


async def test_a_request_over_the_limit_says_nothing_of_trying_again(
    redis, own_redis_url, tmp_path
):
    async with serving(own_redis_url, tmp_path, max_message_mebibytes=1) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await put(ProfileStoreServiceStub(channel), *large_orders(9))
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert rpc_status.from_call(refusal.value) is None, "a full Redis tells RetryInfo"
