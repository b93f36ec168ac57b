"""Redis gone, hanging, full or read-only."""

import asyncio
import os
import signal
from contextlib import ExitStack

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from redis import Redis

from restock.serving.local_redis import free_port, local_redis
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from services.profile_store.wiring import SERVICE
from tests.integration.profile_store.conftest import serving
from tests.integration.profile_store.messages import (
    SECONDS,
    a_history,
    a_view,
    an_order,
    delete,
    deleted_users,
    exported,
    get,
    load,
    put,
    put_all,
    read_log,
    unavailable_text,
)

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Start and stop a Redis of the test's own, always on one port with one folder."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    port = free_port()
    stack = ExitStack()

    class Server:
        url = f"redis://127.0.0.1:{port}/0"

        def start(self):
            stack.enter_context(local_redis(tmp_path / "redis-home", port))

        def stop(self):
            stack.close()

    yield Server()
    stack.close()


@pytest.fixture
async def channel(server, tmp_path):
    async with serving(server.url, tmp_path, redis_timeout_seconds=0.25) as channel:
        yield channel


@pytest.fixture
def store(channel):
    return ProfileStoreServiceStub(channel)


async def readiness_becomes(channel, wanted):
    stub = health_pb2_grpc.HealthStub(channel)
    async with asyncio.timeout(SECONDS):
        while (await stub.Check(health_pb2.HealthCheckRequest(service=SERVICE))).status != wanted:
            await asyncio.sleep(0.02)


async def test_redis_gone_is_unavailable_and_heals_with_all_that_was_acknowledged(
    server, channel, store
):
    server.start()
    await put(store, an_order("e1"))
    await readiness_becomes(channel, SERVING)
    server.stop()
    for call in (
        get(store),
        get(store, include_cycles=True),
        put(store, an_order("e2")),
        load(store, a_history("bob")),
        read_log(store),
        exported(store),
        delete(store),
        deleted_users(store),
    ):
        assert await unavailable_text(call) == "Redis does not answer (ConnectionError)"
    await readiness_becomes(channel, NOT_SERVING)
    server.start()
    assert (await get(store)).revision == 1
    await put(store, an_order("e2"))
    await readiness_becomes(channel, SERVING)


async def test_the_service_starts_without_redis(channel, store):
    await unavailable_text(get(store))
    await readiness_becomes(channel, NOT_SERVING)


async def test_a_redis_that_hangs_is_unavailable_within_its_timeout(server, channel, store):
    server.start()
    await put(store, an_order("e1"))
    with Redis.from_url(server.url) as client:
        process = client.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        calls = (get(store), get(store), put(store, an_order("e2")))
        texts = await asyncio.gather(*map(unavailable_text, calls))
        assert texts == ["Redis does not answer (TimeoutError)"] * 3
    finally:
        os.kill(process, signal.SIGCONT)
    assert (await get(store)).user_id == "ann"


async def test_a_stream_during_an_outage_ends_and_goes_on_from_its_watermark(server, store):
    server.start()
    events = [a_view(f"e{number}") for number in range(6)]
    call = store.StreamEvents(timeout=SECONDS)
    await call.write(pb.StreamEventsRequest(events=events[:2]))
    settled = (await call.read()).watermark
    server.stop()
    await call.write(pb.StreamEventsRequest(events=events[2:4]))
    assert await unavailable_text(call.read()) == "Redis does not answer (ConnectionError)"
    server.start()
    await put_all(store, events[settled:])
    (answer,) = await read_log(store)
    assert list(answer.events) == events


async def test_a_replica_refuses_writes(server, store):
    server.start()
    await put(store, an_order("e1"))
    with Redis.from_url(server.url) as client:
        client.replicaof("127.0.0.1", "1")
        for call in (put(store, an_order("e2")), delete(store), load(store, a_history("bob"))):
            assert "read only replica" in await unavailable_text(call)
        client.replicaof("NO", "ONE")
    assert [result.profile_revision for result in await put(store, an_order("e2"))] == [2]
