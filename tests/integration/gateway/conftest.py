"""A gateway on a real socket, before three peers that do as they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from restock.serving.runner import start
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from services.gateway.fake_peers import FakePeers, fake_peers
from services.gateway.settings import GatewaySettings
from services.gateway.wiring import SERVICE, wiring

TODAY = 20_000
Opened = Callable[..., AbstractAsyncContextManager[Any]]


@pytest.fixture
async def peers() -> AsyncIterator[FakePeers]:
    async with fake_peers() as peers:
        peers.profile_store.bought("ann", [TODAY - 30, TODAY - 15], ["p7", "p9", "x1"])
        yield peers


@pytest.fixture
def gateway(peers: FakePeers, tmp_path: Path) -> Opened:
    """Open a gateway with settings of one's own; gives a stub."""

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[Any]:
        settings = GatewaySettings(**{
            "port": 0, "metrics_port": 0, "home": tmp_path, "as_of_day": TODAY,
            "drain_seconds": 0, "grace_seconds": 0, "cache_entries": 0,
            "popular_retry_seconds": 0.02, **peers.addresses, **changes,
        })  # fmt: skip
        wait = changes.pop("wait_popular", True) if "wait_popular" in changes else True
        running = await start(settings, SERVICE, wiring)
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{running.port}") as channel:
                stub = RecommendationServiceStub(channel)
                if wait:
                    await until_popular_are_known(peers)
                yield stub
        finally:
            await running.stop()

    return opened


async def until_popular_are_known(peers: FakePeers) -> None:
    """Wait for the gateway's first ListPopular, unless candidate_gen could not answer it."""
    mood = peers.candidate_gen.mood
    for _ in range(100):
        if mood.calls or mood.down:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)


@pytest.fixture
async def shop(gateway: Opened) -> AsyncIterator[Any]:
    """A stub of a gateway with the default settings, its cache off, the popular products known."""
    async with gateway() as stub:
        yield stub
