"""On real sockets: peers that are gone, slow or wrong, alone and together, and never an error."""

import asyncio
import time
from itertools import combinations
from typing import Any

import grpc
import pytest

from restock.v1 import gateway_pb2 as pb
from services.gateway.fake_peers import FakePeers
from tests.integration.gateway.conftest import Opened, is_ready, until_ready
from tests.unit.gateway.shop import PEERS, ids, losses
from tests.unit.gateway.wrongs import WRONGS, Wrong

LOSS = dict(zip(PEERS, ("NO_PROFILE", "NO_CANDIDATES", "NO_RERANKING"), strict=True))
SUBSETS = [some for size in (1, 2, 3) for some in combinations(PEERS, size)]
ANN = pb.RecommendRequest(user_id="ann")


@pytest.mark.parametrize("gone", SUBSETS)
async def test_services_that_are_gone_cost_quality_and_come_back(
    gone: tuple[str, ...], shop: Any, peers: FakePeers
) -> None:
    for peer in gone:
        await peers.servers[peer].stop(None)
    for _ in range(5):
        response = await shop.Recommend(ANN, timeout=1)
        assert len(response.results) == 5
        assert losses(response) == [LOSS[peer] for peer in gone]


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: f"{wrong.peer}: {wrong.name}")
async def test_a_peer_that_is_wrong_is_as_good_as_away(
    wrong: Wrong, shop: Any, peers: FakePeers
) -> None:
    peers.moods[wrong.peer].wrong = wrong.spoil
    response = await shop.Recommend(ANN)
    assert len(response.results) == 5
    assert losses(response) == [wrong.loss]


async def test_bytes_that_are_no_message_are_as_good_as_away(
    gateway: Opened, peers: FakePeers
) -> None:
    server = grpc.aio.server()

    async def garbage(request: bytes, context: Any) -> bytes:
        return b"\xff\xff\xff\xff"

    class Garbage(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(garbage)

    server.add_generic_rpc_handlers((Garbage(),))
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    for peer in PEERS:
        async with gateway(**{f"{peer}_address": address}) as shop:
            if peer != "candidate_gen":
                await until_ready(shop)
            response = await shop.Recommend(ANN)
            assert LOSS[peer] in losses(response)
            assert len(response.results) == 5 or peer == "candidate_gen"
    await server.stop(None)


@pytest.mark.parametrize("slow", SUBSETS)
async def test_a_caller_with_300_ms_is_answered_in_time_by_however_slow_peers(
    slow: tuple[str, ...], shop: Any, peers: FakePeers
) -> None:
    for peer in slow:
        peers.moods[peer].slow_seconds = 10.0
    started = time.perf_counter()
    response = await shop.Recommend(ANN, timeout=0.3)
    assert time.perf_counter() - started < 0.3
    assert len(response.results) == 5
    assert {LOSS[peer] for peer in slow} <= set(losses(response))
    assert {one.reason for one in response.degradations} == {"DEADLINE_EXCEEDED"}


async def test_a_caller_without_a_deadline_is_answered_within_the_default(
    gateway: Opened, peers: FakePeers
) -> None:
    async with gateway(default_deadline_ms=150) as shop:
        await until_ready(shop)
        for mood in peers.moods.values():
            mood.slow_seconds = 10.0
        async with asyncio.timeout(0.5):
            response = await shop.Recommend(ANN)
        assert len(response.results) == 5


async def test_a_restart_while_candidate_gen_is_away_still_answers(
    gateway: Opened, peers: FakePeers
) -> None:
    async with gateway() as shop:
        await until_ready(shop)
    for server in peers.servers.values():
        await server.stop(None)
    async with gateway() as shop:
        assert await is_ready(shop)
        response = await shop.Recommend(pb.RecommendRequest(user_id="nobody"))
    assert ids(response) == ["p0", "p1", "p2", "p3", "p4"]
    assert losses(response) == ["NO_PROFILE", "NO_CANDIDATES", "NO_RERANKING"]


async def test_a_gateway_that_never_saw_popular_products_is_not_ready_but_answers(
    gateway: Opened, peers: FakePeers
) -> None:
    peers.candidate_gen.mood.down = True
    async with gateway() as shop:
        assert not await is_ready(shop)
        response = await shop.Recommend(ANN)
        assert sorted(ids(response)) == ["p7", "p9", "x1"]
        assert losses(response) == ["NO_CANDIDATES", "SHORT_PAGE"]
        peers.candidate_gen.mood.down = False
        await until_ready(shop)


async def test_a_version_swap_is_followed_on_a_real_socket(shop: Any, peers: FakePeers) -> None:
    peers.candidate_gen.versions = ["v2", "v1"]
    response = await shop.Recommend(ANN)
    assert (response.model_version, losses(response)) == ("v1", [])
    peers.reranker.versions = ["v2", "v1"]
    response = await shop.Recommend(ANN)
    assert (response.model_version, losses(response)) == ("v2", [])
