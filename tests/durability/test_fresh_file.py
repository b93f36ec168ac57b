"""After each start of Redis its append-only file is written anew before anything is stored."""

import asyncio
import logging
from pathlib import Path

import grpc
import pytest

from restock.v1 import profile_store_pb2 as pb
from services.profile_store.redis_clients import Clients
from tests.durability.servers import RedisServer, a_stub

SECONDS = 10
LONG_MICROSECONDS = 5_000_000
"""That Redis rests behind each key as it writes its file."""


def a_view(number: int) -> pb.PutEventsRequest:
    request = pb.PutEventsRequest()
    event = request.events.add(event_id=f"{number}", user_id="ann", event_time={"seconds": 1})
    event.view.product_id = "milk"
    return request


def rewrites(server: RedisServer) -> int:
    """How often Redis wrote its file anew since it was first started."""
    return server.log.read_text().count("Background AOF rewrite finished successfully")


async def test_the_first_write_after_each_start_has_the_file_written_anew_and_no_other_does(
    tmp_path: Path, redis_server: RedisServer
):
    async with a_stub(tmp_path, redis_server.url) as store:
        for number, expected in enumerate([1, 1]):
            await store.PutEvents(a_view(number), timeout=SECONDS)
            assert rewrites(redis_server) == expected
        redis_server.kill()
        redis_server.start()
        redis_server.wait()
        for number, expected in enumerate([2, 2], start=2):
            await store.PutEvents(a_view(number), timeout=SECONDS)
            assert rewrites(redis_server) == expected


async def test_another_service_finds_the_file_fresh(tmp_path: Path, redis_server: RedisServer):
    for number in range(2):
        async with a_stub(tmp_path, redis_server.url) as store:
            await store.PutEvents(a_view(number), timeout=SECONDS)
    assert rewrites(redis_server) == 1


async def test_a_write_is_unavailable_while_the_file_takes_long_and_reads_are_answered(
    tmp_path: Path, redis_server: RedisServer
):
    with redis_server.client() as client:
        client.mset({f"other {number}": "" for number in range(5)})
        client.config_set("rdb-key-save-delay", LONG_MICROSECONDS)
    async with a_stub(tmp_path, redis_server.url) as store:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await store.PutEvents(a_view(1), timeout=SECONDS)
        assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
        assert refusal.value.details() == "Redis has started, and first writes its file anew"
        found = await store.GetProfile(pb.GetProfileRequest(user_id="ann"), timeout=SECONDS)
        assert found.profile.revision == 0


async def test_a_caller_who_leaves_while_the_file_is_written_leaves_no_connection_behind(
    redis_server: RedisServer,
):
    with redis_server.client() as client:
        client.mset({f"other {number}": "" for number in range(5)})
        client.config_set("rdb-key-save-delay", LONG_MICROSECONDS)
        async with Clients.open(redis_server.url, SECONDS, SECONDS) as clients:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await clients.writes.set("key", "value")
        assert client.get("key") is None


async def test_a_redis_without_an_append_only_file_is_written_to_at_once(
    tmp_path: Path, redis_server: RedisServer
):
    with redis_server.client() as client:
        client.config_set("appendonly", "no")
    async with a_stub(tmp_path, redis_server.url) as store:
        await store.PutEvents(a_view(1), timeout=SECONDS)
    assert rewrites(redis_server) == 0


async def test_a_redis_that_forbids_to_write_its_file_anew_is_written_to_and_complained_of(
    tmp_path: Path, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
):
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "-bgrewriteaof")
    async with a_stub(tmp_path, redis_server.url) as store:
        caplog.set_level(logging.WARNING)
        await store.PutEvents(a_view(1), timeout=SECONDS)
    found = [one for one in caplog.records if "append-only file be written anew" in one.message]
    assert "bgrewriteaof" in found[0].reason
