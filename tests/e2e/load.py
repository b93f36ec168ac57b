"""A bounded load of `Recommend` from several callers at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc

from restock.v1 import gateway_pb2 as pb
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub

CALLERS = 4
TIMEOUT_SECONDS = 5.0


@dataclass
class Load:
    """What came of the calls so far."""

    answers: list[pb.RecommendResponse] = field(default_factory=list)
    failures: list[grpc.RpcError] = field(default_factory=list)
    stopped: bool = False

    async def call_on(self, stub: RecommendationServiceStub, user_id: str) -> None:
        """Ask again and again."""
        while not self.stopped:
            request = pb.RecommendRequest(user_id=user_id)
            try:
                self.answers.append(await stub.Recommend(request, timeout=TIMEOUT_SECONDS))
            except grpc.RpcError as error:
                self.failures.append(error)
            # So that the services have the machine for themselves most of the time.
            await asyncio.sleep(0.005)

    async def more(self, count: int) -> list[pb.RecommendResponse]:
        """Wait for that many further answers."""
        start = len(self.answers)
        while len(self.answers) < start + count:
            await asyncio.sleep(0.01)
        return self.answers[start:]


@asynccontextmanager
async def under_load(port: int) -> AsyncIterator[Load]:
    """Call the gateway from several callers until left."""
    load = Load()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = RecommendationServiceStub(channel)
        callers = [asyncio.create_task(load.call_on(stub, f"user {n}")) for n in range(CALLERS)]
        try:
            yield load
        finally:
            load.stopped = True
            await asyncio.gather(*callers)
