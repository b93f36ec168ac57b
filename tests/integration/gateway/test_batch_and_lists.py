"""Many shoppers in one call, a product's neighbours, and what sells."""

import asyncio
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, error_details_pb2

from restock.v1 import gateway_pb2 as pb
from services.gateway.fake_peers import FakePeers
from tests.integration.gateway.conftest import Opened, until_ready
from tests.unit.gateway.shop import ids, losses


async def test_a_bad_user_does_not_fail_the_rest(shop: Any, peers: FakePeers) -> None:
    users = ["ann", "", "nobody"]
    batch = pb.BatchRecommendRequest(requests=[pb.RecommendRequest(user_id=one) for one in users])
    ann, bad, nobody = (await shop.BatchRecommend(batch)).results
    assert ids(ann.response) == ["p7", "p9", "p0", "p1", "p2"]
    assert ids(nobody.response) == ["p0", "p1", "p2", "p3", "p4"]
    assert [one.status.code for one in (ann, bad, nobody)] == [0, code_pb2.INVALID_ARGUMENT, 0]
    details = error_details_pb2.BadRequest()
    bad.status.details[0].Unpack(details)
    assert details.field_violations[0].field == "requests[1].user_id"
    assert not bad.HasField("response")
    # One round trip for all profiles.
    assert [list(call.user_ids) for call in peers.profile_store.mood.calls] == [["ann", "nobody"]]


async def test_a_batch_without_profiles_treats_all_as_unknown(shop: Any, peers: FakePeers) -> None:
    peers.profile_store.mood.down = True
    batch = pb.BatchRecommendRequest(requests=[pb.RecommendRequest(user_id="ann")] * 3)
    results = (await shop.BatchRecommend(batch)).results
    assert [losses(one.response) for one in results] == [["NO_PROFILE"]] * 3


async def test_profiles_in_the_wrong_number_or_order_are_not_believed(
    shop: Any, peers: FakePeers
) -> None:
    users = [pb.RecommendRequest(user_id=one) for one in ("ann", "bob")]
    batch = pb.BatchRecommendRequest(requests=users)
    for spoil in (lambda one: one.profiles.pop(), lambda one: one.profiles.reverse()):
        peers.profile_store.mood.wrong = lambda one, spoil=spoil: spoil(one) and None
        results = (await shop.BatchRecommend(batch)).results
        assert [losses(one.response) for one in results] == [["NO_PROFILE"]] * 2


async def test_100_shoppers_are_answered_and_at_most_8_at_once(shop: Any, peers: FakePeers) -> None:
    peers.reranker.mood.slow_seconds = 0.01
    busiest = 0

    async def watch() -> None:
        nonlocal busiest
        mood = peers.reranker.mood
        while True:
            before = len(mood.calls)
            await asyncio.sleep(0.008)
            busiest = max(busiest, len(mood.calls) - before)

    watching = asyncio.create_task(watch())
    users = [pb.RecommendRequest(user_id=f"u{place}") for place in range(100)]
    answer = await shop.BatchRecommend(pb.BatchRecommendRequest(requests=users), timeout=20)
    watching.cancel()
    assert [len(one.response.results) for one in answer.results] == [5] * 100
    assert busiest <= 16


@pytest.mark.parametrize(("hung", "loss", "most_asked"), [
    ("profile_store", "NO_PROFILE", 1), ("candidate_gen", "NO_CANDIDATES", 8),
    ("reranker", "NO_RERANKING", 8)])  # fmt: skip
async def test_a_peer_that_hangs_is_asked_no_more_once_it_was_too_slow_for_one_of_the_batch(
    hung: str, loss: str, most_asked: int, gateway: Opened, peers: FakePeers
) -> None:
    patient = {"profile_store_ms": 30_000, "candidate_gen_ms": 30_000, "reranker_ms": 30_000}
    async with gateway(**{**patient, f"{hung}_ms": 100}) as shop:
        await until_ready(shop)
        mood = peers.moods[hung]
        mood.calls.clear()
        mood.slow_seconds = 60.0
        users = [pb.RecommendRequest(user_id=f"u{place}") for place in range(100)]
        answer = await shop.BatchRecommend(pb.BatchRecommendRequest(requests=users), timeout=60)
    assert [len(one.response.results) for one in answer.results] == [5] * 100
    assert [losses(one.response) for one in answer.results] == [[loss]] * 100
    # One round trip for all profiles; of the others as many questions as are under way at once.
    assert 1 <= len(mood.calls) <= most_asked


async def test_a_peer_that_is_away_is_asked_no_more_for_the_same_batch_but_for_the_next(
    gateway: Opened, peers: FakePeers
) -> None:
    mood = peers.candidate_gen.mood
    users = [pb.RecommendRequest(user_id=f"u{place}") for place in range(20)]
    async with gateway(batch_concurrency=1) as shop:
        await until_ready(shop)
        mood.calls.clear()
        mood.down = True
        for questions in (1, 2):
            await shop.BatchRecommend(pb.BatchRecommendRequest(requests=users), timeout=60)
            assert len(mood.calls) == questions


async def test_an_empty_batch_is_refused(shop: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="1 to 100"):
        await shop.BatchRecommend(pb.BatchRecommendRequest())


async def test_neighbours_are_answered_with_their_scores(shop: Any) -> None:
    response = await shop.GetSimilarProducts(pb.GetSimilarProductsRequest(product_id="p1"))
    assert ids(response) == ["p0", "p2", "p3", "p4", "p5"]
    assert (response.model_version, losses(response)) == ("v1", [])


async def test_an_unknown_product_is_reported_missing(shop: Any) -> None:
    response = await shop.GetSimilarProducts(pb.GetSimilarProductsRequest(product_id="zz"))
    assert (ids(response), list(response.missing_ids)) == ([], ["zz"])
    assert losses(response) == ["SHORT_PAGE"]


async def test_an_unknown_product_is_reported_missing_without_candidate_gen_too(
    shop: Any, peers: FakePeers
) -> None:
    peers.candidate_gen.mood.down = True
    for product_id, missing in (("zz", ["zz"]), ("p1", [])):
        asked = pb.GetSimilarProductsRequest(product_id=product_id)
        assert list((await shop.GetSimilarProducts(asked)).missing_ids) == missing


async def test_popular_products_of_the_filter_stand_in_for_neighbours(
    shop: Any, peers: FakePeers
) -> None:
    peers.candidate_gen.mood.down = True
    response = await shop.GetSimilarProducts(
        pb.GetSimilarProductsRequest(
            product_id="p4", page_size=3, filter={"categories": ["family0"]}
        )
    )
    assert ids(response) == ["p0", "p8", "p12"]
    assert (response.model_version, losses(response)) == ("", ["NO_CANDIDATES"])


@pytest.mark.parametrize("spoil", [
    lambda one: one.scores.append(1.0), lambda one: one.product_ids.__setitem__(0, "p1"),
    lambda one: one.scores.__setitem__(0, 1.5), lambda one: one.scores.__setitem__(0, 0.0),
    lambda one: one.scores.__setitem__(0, float("nan")), lambda one: one.Clear(),
])  # fmt: skip
async def test_wrong_neighbours_are_as_good_as_none(
    spoil: Any, shop: Any, peers: FakePeers
) -> None:
    peers.candidate_gen.mood.wrong = spoil
    response = await shop.GetSimilarProducts(pb.GetSimilarProductsRequest(product_id="p1"))
    assert ids(response) == ["p0", "p2", "p3", "p4", "p5"]
    assert losses(response) == ["NO_CANDIDATES"]


async def test_what_sells_is_answered_with_candidate_gen_and_without(
    shop: Any, peers: FakePeers
) -> None:
    asked = pb.ListTrendingRequest(page_size=2, filter={"min_price": 1.99})
    well = await shop.ListTrending(asked)
    peers.candidate_gen.mood.down = True
    ill = await shop.ListTrending(asked)
    assert ids(well) == ids(ill) == ["p3", "p4"]
    assert (losses(well), losses(ill)) == ([], ["NO_CANDIDATES"])
    assert (well.model_version, ill.model_version) == ("v1", "")


async def test_a_purchase_shows_at_once_whatever_the_cache_holds(
    gateway: Opened, peers: FakePeers
) -> None:
    async with gateway(cache_entries=100) as shop:
        await until_ready(shop)
        pages = []
        for product in ("p20", "p30", "p40"):
            peers.profile_store.bought("ann", [19_900], [product])
            pages.append(await shop.Recommend(pb.RecommendRequest(user_id="ann")))
    assert [page.profile_revision for page in pages] == [2, 3, 4]
    assert ids(pages[0])[0] == "p20"
    assert ids(pages[2])[0] == "p40"
