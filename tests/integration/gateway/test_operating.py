"""What an operator sees of degraded pages and of new model versions, on real sockets."""

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from prometheus_client.parser import text_string_to_metric_families

from restock.serving.logs import JsonFormatter
from restock.v1 import gateway_pb2 as pb
from services.gateway.fake_peers import FakePeers
from services.gateway.wiring import SERVICE
from tests.integration.gateway.conftest import Opened, metrics, until_ready
from tests.unit.gateway.shop import ids, losses

ANN = pb.RecommendRequest(user_id="ann")
PAGE = Path(__file__).parents[3] / "docs" / "operating.md"
TOTAL = "restock_gateway_degradations_total"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The lines of calls that have more to say than others, in the form that a running gateway gives them."""
    text = io.StringIO()
    handler, logger = logging.StreamHandler(text), logging.getLogger("restock.rpc")
    handler.setFormatter(JsonFormatter(SERVICE.rpartition(".")[2]))
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield text
    logger.removeHandler(handler)
    logger.setLevel(level)


async def degradations(shop: Any) -> dict[str, float]:
    """What was counted so far, by the series' labels, without those that stand at 0."""
    rows = [line.rsplit(" ", 1) for line in await metrics(shop.metrics_port)]
    found = {row[0]: float(row[1]) for row in rows if row[0].startswith(f"{TOTAL}{{")}
    return {labels.removeprefix(TOTAL): count for labels, count in found.items() if count}


async def test_every_degradation_of_a_page_is_counted_by_kind_service_and_reason(
    shop: Any, peers: FakePeers
) -> None:
    assert await degradations(shop) == {}
    await shop.Recommend(ANN)
    assert await degradations(shop) == {}
    peers.profile_store.mood.down = True
    peers.reranker.mood.wrong = lambda page: page.results.pop() and None
    for _ in range(3):
        assert losses(await shop.Recommend(ANN)) == ["NO_PROFILE", "NO_RERANKING"]
    assert await degradations(shop) == {
        '{kind="NO_PROFILE",reason="UNAVAILABLE",service="profile_store"}': 3,
        '{kind="NO_RERANKING",reason="wrong_answer",service="reranker"}': 3,
    }


async def test_each_page_of_a_batch_counts_and_a_refused_one_does_not(
    shop: Any, peers: FakePeers
) -> None:
    peers.profile_store.mood.slow_seconds = 10.0
    users = [pb.RecommendRequest(user_id=one) for one in ("ann", "", "bob")]
    await shop.BatchRecommend(pb.BatchRecommendRequest(requests=users))
    assert await degradations(shop) == {
        '{kind="NO_PROFILE",reason="DEADLINE_EXCEEDED",service="profile_store"}': 2
    }


async def test_lists_count_too(shop: Any, peers: FakePeers) -> None:
    peers.candidate_gen.mood.down = True
    await shop.GetSimilarProducts(pb.GetSimilarProductsRequest(product_id="p1"))
    await shop.ListTrending(pb.ListTrendingRequest(filter={"max_price": 1.0}))
    assert await degradations(shop) == {
        '{kind="NO_CANDIDATES",reason="UNAVAILABLE",service="candidate_gen"}': 2,
        '{kind="SHORT_PAGE",reason="no_fault",service=""}': 1,
    }


async def test_a_degraded_page_is_found_in_the_log_by_its_request_id(
    shop: Any, peers: FakePeers, log: io.StringIO
) -> None:
    peers.candidate_gen.mood.wrong = lambda answer: answer.Clear()
    await shop.Recommend(ANN, metadata=(("x-request-id", "r-7"),))
    peers.candidate_gen.mood.wrong = None
    await shop.Recommend(ANN, metadata=(("x-request-id", "r-8"),))
    (line,) = [json.loads(text) for text in log.getvalue().splitlines()]
    assert (line["request_id"], line["method"], line["code"]) == ("r-7", "Recommend", "OK")
    assert line["degradations"] == [
        {
            "kind": "NO_CANDIDATES", "service": "candidate_gen",
            "reason": "wrong model version", "pages": 1,
        }
    ]  # fmt: skip


async def test_every_metric_of_a_gateway_and_its_labels_are_on_the_operators_page(
    shop: Any, peers: FakePeers
) -> None:
    peers.profile_store.mood.down = True
    await shop.Recommend(ANN)
    rows = [row.split("|")[1:3] for row in PAGE.read_text().splitlines() if row.startswith("| `r")]
    told = {name.strip(" `"): set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    lines = [one for one in await metrics(shop.metrics_port) if one.startswith(("# ", "restock_"))]
    families = list(text_string_to_metric_families("\n".join(lines)))
    assert len(families) > 3
    for family in families:
        if not family.name.endswith("_created"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            labels = {label for sample in family.samples for label in sample.labels}
            assert labels - {"le"} <= told[name], name


async def test_a_call_that_fails_counts_no_degradation(shop: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await shop.Recommend(pb.RecommendRequest(user_id=""))
    assert await degradations(shop) == {}


async def test_a_page_in_the_cache_gives_way_to_a_new_version_within_the_refresh_of_the_popular_list(
    gateway: Opened, peers: FakePeers
) -> None:
    async with gateway(cache_entries=10, popular_refresh_seconds=0.2) as shop:
        await until_ready(shop)
        assert (await shop.Recommend(ANN)).model_version == "v1"
        asked = len(peers.candidate_gen.mood.calls)
        peers.candidate_gen.versions = peers.reranker.versions = ["v2"]
        async with asyncio.timeout(2):
            while (await shop.Recommend(ANN)).model_version == "v1":
                await asyncio.sleep(0.01)
        # The list's own questions, and one for the page: those in between came from the cache.
        generated = [
            call for call in peers.candidate_gen.mood.calls[asked:] if hasattr(call, "profile")
        ]
        assert len(generated) == 1


async def test_what_sells_in_a_category_that_no_product_has_says_so(
    shop: Any, peers: FakePeers
) -> None:
    asked = pb.ListTrendingRequest(filter={"categories": ["NO  SUCH"]})
    for down, kinds in ((False, ["SHORT_PAGE"]), (True, ["NO_CANDIDATES", "SHORT_PAGE"])):
        peers.candidate_gen.mood.down = down
        response = await shop.ListTrending(asked)
        assert (ids(response), losses(response)) == ([], kinds)
        reason = response.degradations[-1].reason
        assert reason == "0 of 5 products; no such category: 'NO SUCH'"


async def test_nothing_is_said_of_a_category_where_the_list_is_shorter_than_the_catalogue(
    gateway: Opened,
) -> None:
    async with gateway(popular_count=399) as shop:
        await until_ready(shop)
        asked = pb.ListTrendingRequest(filter={"categories": ["NO SUCH"]})
        (one,) = (await shop.ListTrending(asked)).degradations
        assert one.reason == "0 of 5 products"
