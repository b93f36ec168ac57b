"""CPU that the gateway spends on one Recommend beyond the bare star of three calls.

Three canned peers (a profile of 275 products, 300 candidates, 5 results) in one process, a bare
front that only asks them in order in a second, the gateway in a third; this one calls both in
turn. CPU is what the kernel charged the front's process.

    python -m benchmarks.gateway_cpu [requests]
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc

from restock.serving.channels import channel_options
from restock.v1 import (
    candidate_gen_pb2,
    gateway_pb2,
    gateway_pb2_grpc,
    profile_store_pb2,
    reranker_pb2,
    types_pb2,
)
from restock.v1.candidate_gen_pb2_grpc import CandidateGenServiceStub
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from restock.v1.reranker_pb2_grpc import RerankerServiceStub

OWN, CANDIDATES, PAGE, ROUNDS, AT_ONCE = 275, 300, 5, 5, 4
TICK = os.sysconf("SC_CLK_TCK")


def canned() -> dict[str, Any]:
    """Make one answer a method."""
    profile = types_pb2.Profile(
        user_id="ann", revision=7, product_ids=[f"{1_000_000 + i}" for i in range(OWN)],
        purchase_counts=[3] * OWN, first_days=[17_000] * OWN, last_days=[17_500] * OWN,
        units_milli=[3000] * OWN, spend_milli=[9000] * OWN, shopping_days=80,
        last_shopping_day=17_500, average_price=3.0, spend_per_day=30.0,
    )  # fmt: skip
    ids = [f"{2_000_000 + i}" for i in range(CANDIDATES)]
    scores = [1 - i / 1000 for i in range(CANDIDATES)]
    candidates = types_pb2.Candidates(
        product_ids=ids, als=scores, item_cf=scores, popularity=scores,
        anchors=[i % OWN for i in range(CANDIDATES)], purchase_counts=[0, 2] * 150,
        first_days=[0, 17_000] * 150, last_days=[0, 17_500] * 150,
    )  # fmt: skip
    results = [
        reranker_pb2.RankedProduct(
            position=i, product_id=ids[i], score=3 * scores[i], due=i == 1, cycle_days=14, days_since=15,
            breakdown=types_pb2.ScoreBreakdown(als=scores[i], item_cf=scores[i], popularity=scores[i]),
            factors=types_pb2.RerankFactors(price=1, repurchase=1, segment=1, upsell=1),
        )
        for i in range(PAGE)
    ]  # fmt: skip
    return {
        "ProfileStoreService/GetProfile": profile_store_pb2.GetProfileResponse(profile=profile),
        "CandidateGenService/GenerateCandidates": candidate_gen_pb2.GenerateCandidatesResponse(
            model_version="v1", strategy_used=types_pb2.STRATEGY_HYBRID, candidates=candidates
        ),
        "CandidateGenService/ListPopular": candidate_gen_pb2.ListPopularResponse(
            model_version="v1", product_ids=ids, scores=scores,
            categories=["x"] * CANDIDATES, prices=[1.0] * CANDIDATES,
        ),
        "RerankerService/Rerank": reranker_pb2.RerankResponse(model_version="v1", results=results),
    }  # fmt: skip


class Canned(grpc.GenericRpcHandler):
    """Answers each method with the same bytes."""

    def __init__(self) -> None:
        self._answers = {f"/restock.v1.{k}": v.SerializeToString() for k, v in canned().items()}

    def service(self, handler_call_details: Any) -> Any:
        """Find a method's handler."""
        answer = self._answers[handler_call_details.method]

        async def call(request: bytes, context: Any) -> bytes:
            return answer

        return grpc.unary_unary_rpc_method_handler(call)


class BareFront(gateway_pb2_grpc.RecommendationServiceServicer):
    """Asks three peers in order and answers nothing of its own."""

    def __init__(self, address: str) -> None:
        channel = grpc.aio.insecure_channel(address, options=channel_options(16))
        self._profile = ProfileStoreServiceStub(channel).GetProfile
        self._generate = CandidateGenServiceStub(channel).GenerateCandidates
        self._rerank = RerankerServiceStub(channel).Rerank

    async def Recommend(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Make the three calls, each message passed on whole."""
        got: Any = await self._profile(
            profile_store_pb2.GetProfileRequest(user_id=request.user_id), timeout=1
        )
        found: Any = await self._generate(
            candidate_gen_pb2.GenerateCandidatesRequest(profile=got.profile), timeout=1
        )
        page: Any = await self._rerank(
            reranker_pb2.RerankRequest(candidates=found.candidates, page_size=PAGE), timeout=1
        )
        response = gateway_pb2.RecommendResponse(model_version=found.model_version)
        for one in page.results:
            response.results.add(product_id=one.product_id, score=one.score)
        return response


async def serve_peers() -> None:
    """Run the canned peers until killed; print the port."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Canned(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


async def serve_bare(address: str) -> None:
    """Run the bare front until killed; print the port."""
    server = grpc.aio.server(options=channel_options(16))
    gateway_pb2_grpc.add_RecommendationServiceServicer_to_server(BareFront(address), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


async def serve_shelled(address: str) -> None:
    """Run the bare front inside the shell of our services: interceptor, metrics, health."""
    from restock.serving.runner import Shell, start  # noqa: PLC0415
    from services.gateway.settings import GatewaySettings  # noqa: PLC0415

    @asynccontextmanager
    async def wiring(_: GatewaySettings, shell: Shell) -> AsyncIterator[None]:
        front = BareFront(address)
        gateway_pb2_grpc.add_RecommendationServiceServicer_to_server(front, shell.server)
        yield

    running = await start(GatewaySettings(port=0, metrics_port=0), "bare", wiring)
    print(running.port, flush=True)
    await asyncio.Event().wait()
    await running.stop()


async def serve_gateway(address: str, cache_entries: int) -> None:
    """Run the gateway as `python -m services.gateway` does, on a free port; print the port."""
    from restock.serving.runner import start  # noqa: PLC0415
    from services.gateway.settings import GatewaySettings  # noqa: PLC0415
    from services.gateway.wiring import SERVICE, wiring  # noqa: PLC0415

    settings = GatewaySettings(
        port=0, metrics_port=0, home=Path(tempfile.mkdtemp()), as_of_day=17_515,
        profile_store_address=address, candidate_gen_address=address, reranker_address=address,
        cache_entries=cache_entries,
    )  # fmt: skip
    running = await start(settings, SERVICE, wiring)
    print(running.port, flush=True)
    await asyncio.Event().wait()
    await running.stop()


def spawn(*words: str) -> tuple[subprocess.Popen[str], str]:
    """Start one of the above in a process of its own; return it and its address."""
    command = [sys.executable, __file__, *words]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    return process, f"127.0.0.1:{process.stdout.readline().strip()}"


def cpu_seconds(process: subprocess.Popen[str]) -> float:
    """CPU that the kernel charged a process so far."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


async def calls(address: str, count: int) -> None:
    """Make so many calls, some at once."""
    async with grpc.aio.insecure_channel(address) as channel:
        recommend: Any = RecommendationServiceStub(channel).Recommend  # type: ignore[no-untyped-call]

        async def some() -> None:
            for _ in range(count // AT_ONCE):
                await recommend(gateway_pb2.RecommendRequest(user_id="ann"), timeout=5)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))


def measure(count: int) -> None:
    """Print what each front costs a request, the lowest of several rounds."""
    peers, address = spawn("peers")
    fronts = {
        "bare star": spawn("bare", address),
        "bare star in shell": spawn("shelled", address),
        "gateway": spawn("gateway", address, "0"),
        "gateway, cache hit": spawn("gateway", address, "100"),
    }
    best = dict.fromkeys(fronts, float("inf"))
    for _ in range(ROUNDS):
        for name, (process, front) in fronts.items():
            before = cpu_seconds(process)
            asyncio.run(calls(front, count))
            best[name] = min(best[name], (cpu_seconds(process) - before) / count * 1e6)
    for name, cost in best.items():
        print(f"{name:<20} {cost:7.0f} microseconds of CPU a request")
    for process, _ in (*fronts.values(), (peers, "")):
        process.kill()
        process.wait()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["peers"]:
            asyncio.run(serve_peers())
        case ["bare", where]:
            asyncio.run(serve_bare(where))
        case ["shelled", where]:
            asyncio.run(serve_shelled(where))
        case ["gateway", where, entries]:
            asyncio.run(serve_gateway(where, int(entries)))
        case more:
            measure(int(more[0]) if more else 2000)
