"""A leaf service on a real socket, over a folder of model versions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from restock.serving.runner import start

POLL_SECONDS = 0.05
ENOUGH_SECONDS = 10
"""After which something that has to happen never will."""


@dataclass(frozen=True)
class Leaf:
    """A running service and ways to it."""

    stub: Any
    """Of the service."""
    channel: grpc.aio.Channel
    """To the service."""
    name: str
    """Full name of the service."""

    async def health(self) -> str:
        """Say what grpc.health.v1 says of the service."""
        stub = health_pb2_grpc.HealthStub(self.channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=self.name))
        return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


@asynccontextmanager
async def leaf(
    settings: type, name: str, wiring: Any, stub: Callable[[Any], Any], home: Path
) -> AsyncIterator[Leaf]:
    """Run a service until left."""
    running = await start(
        settings(
            port=0, metrics_port=0, home=home, drain_seconds=0, grace_seconds=1,
            model_poll_seconds=POLL_SECONDS,
        ),
        name,
        wiring,
    )  # fmt: skip
    try:
        options = [("grpc.max_send_message_length", 64 * 2**20)]
        address = f"127.0.0.1:{running.port}"
        async with grpc.aio.insecure_channel(address, options=options) as channel:
            yield Leaf(stub(channel), channel, name)
    finally:
        await running.stop()


async def until(condition: Callable[[], Any], seconds: float = ENOUGH_SECONDS) -> Any:
    """Ask again and again until the awaited answer is true; return it."""
    async with asyncio.timeout(seconds):
        while True:
            if answer := await condition():
                return answer
            await asyncio.sleep(POLL_SECONDS / 5)
