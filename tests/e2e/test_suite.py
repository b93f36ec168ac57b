"""What a whole suite promises while things go wrong around it."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from restock.artifacts.store import BundleStore
from restock.cli.suite import Suite, check_ports, services
from restock.errors import NotReady
from restock.v1 import gateway_pb2 as pb
from restock.v1 import profile_store_pb2
from restock.v1.events_pb2 import Event, Order, OrderLine
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.e2e.conftest import READY_SECONDS, a_suite
from tests.e2e.load import Load, under_load

NO_CACHE = {"RESTOCK_GATEWAY_CACHE_ENTRIES": "0"}


async def test_each_leaf_killed_in_turn_costs_no_call_under_load(home: Path):
    with a_suite(home, **NO_CACHE) as suite:
        async with under_load(suite.members[0].port) as load:
            await load.more(50)
            for leaf in ("profile_store", "candidate_gen", "reranker"):
                await kill_and_heal(suite, leaf, load)
    assert load.failures == []
    assert all(len(answer.results) == 5 for answer in load.answers)


async def kill_and_heal(suite: Suite, leaf: str, load: Load) -> None:
    """Kill a leaf without warning; it is missed in the answers, then back."""
    suite.processes[leaf].kill()
    suite.processes[leaf].wait()
    missed = await load.more(100)
    services = {lost.service for answer in missed for lost in answer.degradations}
    assert services == {leaf}
    assert suite.restart_ended() == [leaf]
    await asyncio.to_thread(suite.wait_ready, READY_SECONDS)
    async with asyncio.timeout(READY_SECONDS):
        while (await load.more(20))[-1].degradations:
            pass


async def test_a_version_activated_under_load_costs_no_call_and_is_never_mixed_with_another(
    home: Path,
):
    store = BundleStore(home / "models")
    first, second = store.versions()
    letter = {first: "a", second: "b"}
    with a_suite(home, **NO_CACHE, RESTOCK_MODEL_POLL_SECONDS="0.2") as suite:
        async with under_load(suite.members[0].port) as load:
            for version in (second, first, second):
                await load.more(100)
                store.activate(version)
                async with asyncio.timeout(READY_SECONDS):
                    while (await load.more(20))[-1].model_version != version:
                        pass
    assert load.failures == []
    assert {answer.model_version for answer in load.answers} == {first, second}
    for answer in load.answers:
        products = {result.product_id[0] for result in answer.results}
        assert products == {letter[answer.model_version]}
        assert len(answer.results) == 5
        assert not answer.degradations


async def test_a_purchase_counts_in_the_next_answer(home: Path):
    with a_suite(home) as suite:
        addresses = {member.module: f"127.0.0.1:{member.port}" for member in suite.members}
        async with (
            grpc.aio.insecure_channel(addresses["gateway"]) as front,
            grpc.aio.insecure_channel(addresses["profile_store"]) as profiles,
        ):
            stub = RecommendationServiceStub(front)
            before = await stub.Recommend(pb.RecommendRequest(user_id="zoe"))
            order = Order(
                order_id="1", lines=[OrderLine(product_id="a0", quantity=1, unit_price=2.5)]
            )
            event = Event(event_id="1", user_id="zoe", order=order)
            event.event_time.GetCurrentTime()
            answer = await ProfileStoreServiceStub(profiles).PutEvents(
                profile_store_pb2.PutEventsRequest(events=[event])
            )
            assert answer.results[0].status == profile_store_pb2.EVENT_STATUS_ACCEPTED
            after = await stub.Recommend(pb.RecommendRequest(user_id="zoe"))
    assert before.results[0].product_id == "a0"
    assert (before.profile_revision, after.profile_revision) == (0, 1)
    # Bought today: within half its cycle of 14 days it is left out.
    assert "a0" not in [result.product_id for result in after.results]


async def test_a_service_that_ends_while_others_wait_for_it_is_named_with_the_end_of_its_log(home):
    words = r"candidate_gen ended with code 1; (?s:.*)MODEL_POLL_SECONDS"
    broken = a_suite(home, RESTOCK_CANDIDATE_GEN_MODEL_POLL_SECONDS="never")
    with pytest.raises(NotReady, match=words), broken:
        pass


async def test_a_port_that_somebody_listens_on_is_named_before_anything_is_started(home):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(NotReady, match=f"^port {port} is in use: .*--port"):
            check_ports([replace(services(1, 1)[0], port=port, metrics_port=0)])
