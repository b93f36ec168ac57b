"""All peers well: what a caller gets, and what each peer is asked."""

from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from restock.errors import InvalidTuning
from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from services.gateway.attribution import attribution_of
from services.gateway.fake_peers import FakePeers
from tests.integration.gateway.conftest import TODAY, Opened, metrics, until_ready
from tests.unit.gateway.shop import ids


async def test_a_page_has_five_products_in_rank_order_and_nothing_missing(shop: Any) -> None:
    response = await shop.Recommend(pb.RecommendRequest(user_id="ann"))
    # p7 and p9 were bought 15 days ago: due, and 15% up.
    assert ids(response) == ["p7", "p9", "p0", "p1", "p2"]
    assert not response.degradations
    assert response.model_version == "v1"
    assert response.strategy_used == types_pb2.STRATEGY_HYBRID
    assert response.profile_revision == 1


async def test_an_answer_is_named_by_an_id_and_a_token(shop: Any) -> None:
    response = await shop.Recommend(pb.RecommendRequest(user_id="ann"))
    made = attribution_of(response.attribution_token)
    assert made.recommendation_id == response.recommendation_id
    assert made.model_version == "v1"
    assert made.strategy == types_pb2.STRATEGY_HYBRID
    assert made.tuning_revision == response.tuning_revision != ""


async def test_each_level_of_explanation_adds_to_the_one_before(shop: Any) -> None:
    none, reasons, full = [
        (await shop.Recommend(pb.RecommendRequest(user_id="ann", explain=level))).results[0]
        for level in (pb.EXPLAIN_LEVEL_NONE, pb.EXPLAIN_LEVEL_UNSPECIFIED, pb.EXPLAIN_LEVEL_FULL)
    ]
    assert (none.product_id, len(none.reasons), none.HasField("breakdown")) == ("p7", 0, False)
    assert reasons.reasons[0].text == "due: every 14 days, last 15 days ago"
    assert not reasons.HasField("factors")
    assert full.factors.repurchase == pytest.approx(1.15)
    assert full.breakdown.repurchase == pytest.approx(0.15 * full.score / 1.15)


async def test_an_unknown_user_is_answered_too(shop: Any) -> None:
    response = await shop.Recommend(pb.RecommendRequest(user_id="nobody"))
    assert ids(response) == ["p0", "p1", "p2", "p3", "p4"]
    assert response.profile_revision == 0
    assert not response.degradations


async def test_the_request_and_its_id_reach_every_peer(shop: Any, peers: FakePeers) -> None:
    request = pb.RecommendRequest(
        user_id="ann", page_size=3, strategy=types_pb2.STRATEGY_ALS, context_product_ids=["p3"],
        exclude_product_ids=["p5"], include_product_ids=["p6", "p7"], filter={"max_price": 9.0},
        tuning={"due_boost": 0.5}, as_of_time={"seconds": 19_999 * 86_400},
    )  # fmt: skip
    await shop.Recommend(request, metadata=(("x-request-id", "r-1"),))
    assert [mood.request_ids[-1] for mood in peers.moods.values()] == ["r-1"] * 3
    [found, ranked] = [peers.moods[name].calls[-1] for name in ("candidate_gen", "reranker")]
    assert found.profile.product_ids == ["p7", "p9", "x1"]
    for name in ("context_product_ids", "exclude_product_ids", "include_product_ids"):
        assert getattr(found, name) == getattr(request, name)
    assert found.strategy == types_pb2.STRATEGY_ALS
    for asked in (found, ranked):
        assert (asked.as_of_day, asked.filter, asked.tuning) == (
            19_999, request.filter, request.tuning
        )  # fmt: skip
    assert (ranked.page_size, ranked.model_version) == (3, "v1")
    assert ranked.shopper.average_price == 2.5


async def test_the_cart_is_left_out_and_cart_and_views_reach_candidate_gen(
    shop: Any, peers: FakePeers
) -> None:
    peers.profile_store.put_in_cart("ann", ["p0", "p7"])
    peers.profile_store.looked_at("ann", TODAY * 86_400, ["p1"])
    response = await shop.Recommend(pb.RecommendRequest(user_id="ann"))
    assert ids(response) == ["p9", "p1", "p2", "p3", "p4"]
    assert (response.profile_revision, len(response.degradations)) == (3, 0)
    found = peers.candidate_gen.mood.calls[-1]
    assert (found.profile.cart_product_ids, found.profile.viewed_product_ids) == (
        ["p0", "p7"], ["p1"],
    )  # fmt: skip


async def test_the_carts_of_a_batch_are_each_shoppers_own(shop: Any, peers: FakePeers) -> None:
    peers.profile_store.put_in_cart("bob", ["p0"])
    users = [pb.RecommendRequest(user_id=user, page_size=1) for user in ("bob", "eve")]
    answer = await shop.BatchRecommend(pb.BatchRecommendRequest(requests=users))
    assert [ids(one.response) for one in answer.results] == [["p1"], ["p0"]]


async def test_a_shop_without_a_clock_of_its_own_asks_for_the_fixed_day(
    shop: Any, peers: FakePeers
) -> None:
    await shop.Recommend(pb.RecommendRequest(user_id="ann"))
    assert peers.candidate_gen.mood.calls[-1].as_of_day == TODAY


async def test_a_bad_field_is_named_in_the_details(shop: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await shop.Recommend(pb.RecommendRequest(user_id="ann", exclude_product_ids=["p"] * 1001))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    status: Any = rpc_status.from_call(refused.value)  # type: ignore[arg-type]
    details = error_details_pb2.BadRequest()
    status.details[0].Unpack(details)
    assert [violation.field for violation in details.field_violations] == ["exclude_product_ids"]


async def test_the_deployments_tuning_goes_with_each_request_and_has_a_name(
    gateway: Opened, peers: FakePeers, tmp_path: Path
) -> None:
    (tmp_path / "tuning.toml").write_text("upsell_factor = 0.3\n")
    async with gateway() as plain:
        untuned = await plain.Recommend(pb.RecommendRequest(user_id="ann"))
    async with gateway(tuning=tmp_path / "tuning.toml") as tuned:
        response = await tuned.Recommend(pb.RecommendRequest(user_id="ann"))
    assert peers.reranker.mood.calls[-1].tuning == types_pb2.TuningOverrides(upsell_factor=0.3)
    assert response.tuning_revision != untuned.tuning_revision


async def test_a_blend_of_the_deployments_leaves_auto_to_the_ranker_and_one_of_the_callers_not(
    gateway: Opened, peers: FakePeers, tmp_path: Path
) -> None:
    peers.candidate_gen.ranker_leads = True
    (tmp_path / "tuning.toml").write_text("als_weight = 0.7\n")
    own = types_pb2.TuningOverrides(popularity_weight=0.1)
    async with gateway(tuning=tmp_path / "tuning.toml") as shop:
        left = await shop.Recommend(pb.RecommendRequest(user_id="ann"))
        weighed = await shop.Recommend(pb.RecommendRequest(user_id="ann", tuning=own))
    assert left.strategy_used == types_pb2.STRATEGY_LEARNED
    assert weighed.strategy_used == types_pb2.STRATEGY_HYBRID
    sent = peers.candidate_gen.mood.calls[-1].tuning
    assert sent == types_pb2.TuningOverrides(als_weight=0.7, popularity_weight=0.1)


async def test_a_tuning_file_that_a_gateway_cannot_apply_stops_the_start(
    gateway: Opened, tmp_path: Path
) -> None:
    (tmp_path / "tuning.toml").write_text("als_factors = 32\n")
    with pytest.raises(InvalidTuning, match="als_factors"):
        async with gateway(tuning=tmp_path / "tuning.toml"):
            pass


async def test_hits_and_misses_of_the_cache_are_counted(gateway: Opened) -> None:
    async with gateway(cache_entries=10) as shop:
        await until_ready(shop)
        for _ in range(3):
            await shop.Recommend(pb.RecommendRequest(user_id="ann"))
        lines = await metrics(shop.metrics_port)
    assert 'restock_gateway_cache_total{outcome="hit"} 2.0' in lines
    assert 'restock_gateway_cache_total{outcome="miss"} 1.0' in lines
