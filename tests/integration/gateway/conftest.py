"""A gateway on a real socket, before three peers that do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from restock.serving.runner import start
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from services.gateway.fake_peers import FakePeers, fake_peers
from services.gateway.settings import GatewaySettings
from services.gateway.wiring import SERVICE, wiring

TODAY = 20_000
Opened = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
async def peers() -> AsyncIterator[FakePeers]:
    """Three peers; ann bought p7, p9 and x1 thirty and fifteen days ago."""
    async with fake_peers() as peers:
        peers.profile_store.bought("ann", [TODAY - 30, TODAY - 15], ["p7", "p9", "x1"])
        yield peers


@pytest.fixture
def gateway(peers: FakePeers, tmp_path: Path) -> Opened:
    """Open a gateway with settings of one's own; gives a stub, whose `channel` is at hand."""

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[Any]:
        settings = GatewaySettings(**{
            "port": 0, "metrics_port": 0, "home": tmp_path, "as_of_day": TODAY,
            "drain_seconds": 0, "grace_seconds": 0, "cache_entries": 0,
            "popular_retry_seconds": 0.02, **peers.addresses, **changes,
        })  # fmt: skip
        running = await start(settings, SERVICE, wiring)
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{running.port}") as channel:
                stub: Any = RecommendationServiceStub(channel)  # type: ignore[no-untyped-call]
                stub.channel, stub.metrics_port = channel, running.metrics_port
                yield stub
        finally:
            await running.stop()

    return opened


@pytest.fixture
async def shop(gateway: Opened) -> AsyncIterator[Any]:
    """A stub of a gateway that is ready: the popular products are known."""
    async with gateway() as stub:
        await until_ready(stub)
        yield stub


async def is_ready(stub: Any) -> bool:
    """Ask the gateway's health under the name of its service."""
    health: Any = health_pb2_grpc.HealthStub(stub.channel)
    answer = await health.Check(health_pb2.HealthCheckRequest(service=SERVICE))
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def until_ready(stub: Any) -> None:
    """Wait until the gateway says that it can answer."""
    async with asyncio.timeout(5):
        while not await is_ready(stub):
            await asyncio.sleep(0.01)


async def metrics(port: int) -> list[str]:
    """Read a gateway's metrics."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
    page = await reader.read()
    writer.close()
    return page.decode().splitlines()
