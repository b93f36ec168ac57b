"""One process of the bare star: the same hops and messages as the suite, and no work.

    python -m benchmarks.bare_star <role> <port> <folder of messages> [<port of each leaf> ...]

A leaf answers with a message made beforehand. The front calls the three leaves in order, with requests
made beforehand, and answers likewise. No interceptor, no log, no metrics, no deadline.
"""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import grpc

from benchmarks.messages import Messages, load
from restock.v1 import (
    candidate_gen_pb2_grpc,
    gateway_pb2_grpc,
    profile_store_pb2_grpc,
    reranker_pb2_grpc,
)

LEAVES = ("profile_store", "candidate_gen", "reranker")


class BareProfileStore(profile_store_pb2_grpc.ProfileStoreServiceServicer):
    """Answers one profile."""

    def __init__(self, messages: Messages) -> None:
        self.answer = messages.profile

    async def GetProfile(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer."""
        return self.answer


class BareCandidateGen(candidate_gen_pb2_grpc.CandidateGenServiceServicer):
    """Answers one list of candidates."""

    def __init__(self, messages: Messages) -> None:
        self.answer = messages.candidates

    async def GenerateCandidates(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer."""
        return self.answer


class BareReranker(reranker_pb2_grpc.RerankerServiceServicer):
    """Answers one page."""

    def __init__(self, messages: Messages) -> None:
        self.answer = messages.page

    async def Rerank(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Answer."""
        return self.answer


class BareFront(gateway_pb2_grpc.RecommendationServiceServicer):
    """Calls three leaves in order."""

    def __init__(self, messages: Messages, ports: list[int]) -> None:
        channels = [grpc.aio.insecure_channel(f"127.0.0.1:{port}") for port in ports]
        self.messages = messages
        self.profile = profile_store_pb2_grpc.ProfileStoreServiceStub(channels[0])
        self.candidates = candidate_gen_pb2_grpc.CandidateGenServiceStub(channels[1])
        self.page = reranker_pb2_grpc.RerankerServiceStub(channels[2])

    async def Recommend(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Call and answer."""
        await self.profile.GetProfile(self.messages.profile_request)
        await self.candidates.GenerateCandidates(self.messages.candidates_request)
        await self.page.Rerank(self.messages.page_request)
        return self.messages.answer


async def serve(role: str, port: int, messages: Messages, leaves: list[int]) -> None:
    """Serve until SIGTERM."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    match role:
        case "profile_store":
            add: Any = profile_store_pb2_grpc.add_ProfileStoreServiceServicer_to_server
            servicer: Any = BareProfileStore(messages)
        case "candidate_gen":
            add = candidate_gen_pb2_grpc.add_CandidateGenServiceServicer_to_server
            servicer = BareCandidateGen(messages)
        case "reranker":
            add = reranker_pb2_grpc.add_RerankerServiceServicer_to_server
            servicer = BareReranker(messages)
        case _:
            add = gateway_pb2_grpc.add_RecommendationServiceServicer_to_server
            servicer = BareFront(messages, leaves)
    add(servicer, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(1)


if __name__ == "__main__":
    role, port, folder, *leaves = sys.argv[1:]
    asyncio.run(serve(role, int(port), load(Path(folder)), [int(each) for each in leaves]))
