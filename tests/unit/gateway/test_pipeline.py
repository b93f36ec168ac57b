"""Whatever becomes of the peers, there is a page, and it says what it had to do without."""

import asyncio
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from tests.unit.gateway.shop import PEERS, TODAY, Shop, a_shop, ids, losses
from tests.unit.gateway.wrongs import WRONGS, Wrong

LOSS = dict(zip(PEERS, ("NO_PROFILE", "NO_CANDIDATES", "NO_RERANKING"), strict=True))
SUBSETS = [some for size in (1, 2, 3) for some in combinations(PEERS, size)]


async def test_all_well_means_no_degradation_and_one_version() -> None:
    shop = await a_shop()
    response = await shop.recommend()
    # p7 and p9 were bought 15 days ago, a day past the cycle of 14: 15% up.
    assert ids(response) == ["p7", "p9", "p0", "p1", "p2"]
    assert losses(response) == []
    assert response.model_version == "v1"
    assert response.profile_revision == 1


@pytest.mark.parametrize("down", SUBSETS)
async def test_peers_that_are_down_cost_quality_and_say_so(down: tuple[str, ...]) -> None:
    shop = await a_shop()
    for peer in down:
        shop.mood(peer).down = True
    response = await shop.recommend()
    assert len(response.results) == 5
    assert losses(response) == [LOSS[peer] for peer in down]
    assert [one.service for one in response.degradations] == [*down]
    assert {one.reason for one in response.degradations} == {"UNAVAILABLE"}


@pytest.mark.parametrize("slow", SUBSETS)
async def test_peers_that_are_slow_cost_quality_and_not_the_deadline(slow: tuple[str, ...]) -> None:
    shop = await a_shop()
    for peer in slow:
        shop.mood(peer).slow_seconds = 10.0
    async with asyncio.timeout(0.3):
        response = await shop.recommend(seconds=0.25)
    assert len(response.results) == 5
    assert set(losses(response)) >= {LOSS[peer] for peer in slow}
    assert {one.reason for one in response.degradations} == {"DEADLINE_EXCEEDED"}


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: f"{wrong.peer}: {wrong.name}")
async def test_a_peer_that_is_wrong_is_as_good_as_away(wrong: Wrong) -> None:
    shop = await a_shop()
    shop.mood(wrong.peer).wrong = wrong.spoil
    response = await shop.recommend()
    assert len(response.results) == 5
    assert len(set(ids(response))) == 5
    assert losses(response) == [wrong.loss]
    assert response.degradations[0].service == wrong.peer


async def test_without_a_profile_the_shopper_is_unknown_and_context_still_counts() -> None:
    shop = await a_shop()
    shop.mood("profile_store").down = True
    response = await shop.recommend(context_product_ids=["p3"])
    asked = shop.mood("candidate_gen").calls[-1]
    assert asked.profile == types_pb2.Profile()
    assert list(asked.context_product_ids) == ["p3"]
    assert response.profile_revision == 0


async def test_without_candidates_own_products_come_first_then_popular_ones() -> None:
    shop = await a_shop()
    shop.mood("candidate_gen").down = True
    response = await shop.recommend()
    # The whole catalogue is known, and x1 is not in it.
    assert ids(response) == ["p7", "p9", "p0", "p1", "p2"]
    # The reranker took part with its current version, and was told what ann bought.
    ranked = shop.mood("reranker").calls[-1]
    assert ranked.model_version == ""
    assert list(ranked.candidates.purchase_counts[:4]) == [2, 2, 0, 0]
    assert len(ranked.candidates.product_ids) == 200
    assert response.model_version == "v1"
    assert response.strategy_used == types_pb2.STRATEGY_POPULARITY


async def test_own_products_stand_in_by_count_then_by_recency() -> None:
    shop = await a_shop()
    shop.profile_store.profiles["eve"] = types_pb2.Profile(
        user_id="eve", revision=3, product_ids=["p3", "p5", "p7"], purchase_counts=[1, 4, 1],
        first_days=[9, 9, 9], last_days=[10, 11, 12],
    )  # fmt: skip
    shop.mood("candidate_gen").down = shop.mood("reranker").down = True
    response = await shop.recommend(user_id="eve", page_size=4)
    assert ids(response) == ["p5", "p7", "p3", "p0"]


async def test_stand_ins_honour_every_list_and_the_filter() -> None:
    shop = await a_shop()
    shop.mood("candidate_gen").down = shop.mood("reranker").down = True
    response = await shop.recommend(
        exclude_product_ids=["p0"],
        context_product_ids=["p4"],
        filter=types_pb2.ProductFilter(categories=["family0", "family3"], max_price=5.0),
    )
    # family0: p0 p4 p8, family3: p3 p7 (bought, so first); 4.99 is p9's price. x1 is unknown.
    assert ids(response) == ["p7", "p3", "p8"]
    assert losses(response) == ["NO_CANDIDATES", "NO_RERANKING", "SHORT_PAGE"]


async def test_without_candidates_ids_that_the_catalogue_lacks_are_missing_as_when_all_is_well() -> (
    None
):
    shop = await a_shop()
    named = {
        "context_product_ids": ["c1", "p1"],
        "exclude_product_ids": ["e1", "p2", "c1"],
        "include_product_ids": ["n1", "p5", "n2"],
    }
    well = await shop.recommend(page_size=3, **named)
    shop.mood("candidate_gen").down = True
    ill = await shop.recommend(page_size=3, **named)
    assert ids(well) == ids(ill) == ["p5"]
    assert list(well.missing_ids) == list(ill.missing_ids) == ["c1", "e1", "n1", "n2"]


async def test_what_the_caller_included_may_be_known_where_the_popular_list_is_cut() -> None:
    shop = await a_shop(popular_count=10)
    shop.mood("candidate_gen").down = True
    response = await shop.recommend(page_size=3, include_product_ids=["p50", "p60", "p5"])
    assert sorted(ids(response)) == ["p5", "p50", "p60"]
    assert list(response.missing_ids) == []
    page = await shop.recommend(page_size=3)
    assert ids(page) == ["p7", "p9", "x1"]


@pytest.mark.parametrize(("max_price", "page"), [(0.99, ["p0", "p1"]), (0.98, ["p0"])])
async def test_a_price_at_the_bound_is_inside_with_candidate_gen_and_without(
    max_price: float, page: list[str]
) -> None:
    shop = await a_shop()
    within = types_pb2.ProductFilter(max_price=max_price)
    assert ids(await shop.recommend(filter=within)) == page
    shop.mood("candidate_gen").down = True
    assert ids(await shop.recommend(filter=within)) == page


async def test_own_products_far_down_the_popular_list_stand_in_inside_a_filter() -> None:
    shop = await a_shop(products=4_000, popular_count=100_000)
    shop.profile_store.bought("eve", [TODAY - 30], ["p3999", "p2", "p3995"])
    shop.mood("candidate_gen").down = shop.mood("reranker").down = True
    within = types_pb2.ProductFilter(categories=["family3"], min_price=1997.0)
    response = await shop.recommend(user_id="eve", filter=within)
    # 1997.00 is between p3993 and p3994; family3 from there on is p3995 and p3999.
    assert ids(response) == ["p3995", "p3999"]


async def test_a_filter_that_a_newcomer_can_only_pay_too_much_in_still_gives_reasons() -> None:
    shop = await a_shop()
    shop.mood("candidate_gen").down = True
    # The median of 400 prices is 100.49: none of the popular products is affordable.
    within = types_pb2.ProductFilter(min_price=150.0)
    response = await shop.recommend(user_id="nobody", filter=within)
    assert ids(response) == ["p300", "p301", "p302", "p303", "p304"]
    kinds = {reason.kind for one in response.results for reason in one.reasons}
    assert kinds == {pb.REASON_KIND_POPULAR}
    assert not any(one.backfilled for one in response.results)


async def test_without_ranking_the_order_is_level_ones_and_every_factor_is_1() -> None:
    shop = await a_shop()
    shop.mood("reranker").down = True
    response = await shop.recommend(explain=pb.EXPLAIN_LEVEL_FULL)
    assert ids(response) == ["p0", "p1", "p2", "p3", "p4"]
    neutral = types_pb2.RerankFactors(price=1, repurchase=1, segment=1, upsell=1)
    assert [result.factors for result in response.results] == [neutral] * 5
    assert response.results[0].score == 1.0


async def test_before_any_popular_list_was_seen_the_page_is_own_products_and_no_error() -> None:
    shop = Shop()
    for peer in ("candidate_gen", "reranker"):
        shop.mood(peer).down = True
    response = await shop.recommend()
    assert ids(response) == ["p7", "p9", "x1"]
    assert losses(response) == ["NO_CANDIDATES", "NO_RERANKING", "SHORT_PAGE"]
    assert ids(await shop.recommend(user_id="nobody")) == []


async def test_hybrid_in_place_of_learned_is_a_degradation() -> None:
    shop = await a_shop()
    response = await shop.recommend(strategy=types_pb2.STRATEGY_LEARNED)
    assert response.strategy_used == types_pb2.STRATEGY_HYBRID
    assert losses(response) == ["NO_RANKER"]
    assert response.degradations[0].reason == "the model version has no ranker"
    assert losses(await shop.recommend(strategy=types_pb2.STRATEGY_AUTO)) == []


async def test_a_filter_with_two_products_gives_a_short_page_that_says_so() -> None:
    shop = await a_shop()
    response = await shop.recommend(filter=types_pb2.ProductFilter(max_price=1.0))
    assert ids(response) == ["p0", "p1"]
    assert losses(response) == ["SHORT_PAGE"]
    assert response.degradations[0].reason == "2 of 5 products"
    assert response.degradations[0].service == ""


async def test_a_filter_that_nothing_passes_is_not_sent_to_the_reranker() -> None:
    shop = await a_shop()
    response = await shop.recommend(filter=types_pb2.ProductFilter(categories=["none"]))
    assert (ids(response), losses(response)) == ([], ["SHORT_PAGE"])
    assert shop.mood("reranker").calls == []


async def test_candidates_outside_the_lists_are_not_believed() -> None:
    shop = await a_shop()

    def smuggle(response: Any) -> None:
        response.candidates.product_ids[0] = "p0"

    shop.mood("candidate_gen").wrong = smuggle
    for lists in (
        {"exclude_product_ids": ["p0"]},
        {"context_product_ids": ["p0"]},
        {"include_product_ids": [f"p{place}" for place in range(1, 9)]},
    ):
        response = await shop.recommend(**lists)
        assert "p0" not in ids(response)
        assert losses(response) == ["NO_CANDIDATES"]
        assert response.degradations[0].reason == "candidates outside the request's lists"


async def test_a_version_that_the_reranker_does_not_hold_is_asked_for_anew() -> None:
    shop = await a_shop()
    shop.candidate_gen.versions = ["v2", "v1"]
    response = await shop.recommend()
    assert [call.model_version for call in shop.mood("candidate_gen").calls[1:]] == ["", "v1"]
    assert [call.model_version for call in shop.mood("reranker").calls] == ["v1"]
    assert response.model_version == "v1"
    assert losses(response) == []


async def test_versions_that_never_meet_leave_the_ranking_out() -> None:
    shop = await a_shop()
    shop.candidate_gen.versions = ["v2"]
    response = await shop.recommend()
    assert response.model_version == "v2"
    assert losses(response) == ["NO_RERANKING"]
    assert ids(response) == ["p0", "p1", "p2", "p3", "p4"]


async def test_an_equal_request_on_an_unchanged_profile_is_answered_from_the_cache() -> None:
    shop = await a_shop(cache_entries=10)
    first, second = await shop.recommend(), await shop.recommend()
    assert len(shop.mood("reranker").calls) == 1
    assert len(shop.mood("profile_store").calls) == 2
    assert (shop.hits.value, shop.misses.value) == (1, 1)
    assert first.recommendation_id != second.recommendation_id
    assert first.attribution_token != second.attribution_token
    assert first.results == second.results


async def test_a_purchase_is_never_hidden_by_the_cache() -> None:
    shop = await a_shop(cache_entries=10)
    before = await shop.recommend()
    shop.profile_store.bought("ann", [19_900], ["p50"])
    after = await shop.recommend()
    assert (before.profile_revision, after.profile_revision) == (1, 2)
    assert shop.hits.value == 0
    assert ids(after)[0] == "p50"


async def test_a_profile_imported_anew_under_an_old_revision_is_seen() -> None:
    shop = await a_shop(cache_entries=10)
    before = await shop.recommend()
    del shop.profile_store.profiles["ann"]
    shop.profile_store.bought("ann", [19_900], ["p50"])
    after = await shop.recommend()
    assert before.profile_revision == after.profile_revision == 1
    assert ids(before) != ids(after)


@pytest.mark.parametrize(
    "other",
    [
        {"user_id": "bob"}, {"page_size": 6}, {"explain": pb.EXPLAIN_LEVEL_FULL},
        {"strategy": types_pb2.STRATEGY_ALS}, {"exclude_product_ids": ["p0"]},
        {"context_product_ids": ["p0"]}, {"include_product_ids": ["p0"]},
        {"filter": types_pb2.ProductFilter(min_price=1)},
        {"tuning": types_pb2.TuningOverrides(due_boost=0)}, {"as_of_time": {"seconds": 86_400}},
    ],
)  # fmt: skip
async def test_another_request_is_not_answered_from_the_cache(other: dict[str, Any]) -> None:
    shop = await a_shop(cache_entries=10)
    await shop.recommend()
    await shop.recommend(**other)
    assert shop.hits.value == 0


async def test_moments_of_one_day_are_one_request() -> None:
    shop = await a_shop(cache_entries=10)
    await shop.recommend(as_of_time={"seconds": 86_400})
    await shop.recommend(as_of_time={"seconds": 86_401})
    assert shop.hits.value == 1


async def test_a_degraded_answer_is_not_kept() -> None:
    shop = await a_shop(cache_entries=10)
    shop.mood("reranker").down = True
    assert losses(await shop.recommend()) == ["NO_RERANKING"]
    shop.mood("reranker").down = False
    assert losses(await shop.recommend()) == []


products = st.integers(0, 60).map("p{}".format)
few = st.lists(products, max_size=12)
troubles = st.sampled_from(["well", "down", *WRONGS])


@settings(max_examples=150, deadline=None)
@given(
    trouble=st.fixed_dictionaries(dict.fromkeys(PEERS, troubles)),
    exclude=few, context=few, include=st.one_of(st.just([]), few), cart=few, looked=few,
    page_size=st.integers(0, 100),
    family=st.sampled_from(["", "family0"]), high=st.sampled_from([None, 3.0, 20.0]),
)  # fmt: skip
def test_no_trouble_breaks_a_promise(
    trouble: dict[str, Any], exclude: list[str], context: list[str], include: list[str],
    cart: list[str], looked: list[str], page_size: int, family: str, high: float | None,
) -> None:  # fmt: skip
    shop = Shop(60)
    shop.profile_store.put_in_cart("ann", cart)
    shop.profile_store.looked_at("ann", TODAY * 86_400, looked)
    asyncio.run(hold_promises(shop, trouble, types_pb2.ProductFilter(
        categories=[family] if family else [], max_price=high), {
        "exclude_product_ids": exclude, "context_product_ids": context,
        "include_product_ids": include, "page_size": page_size,
    }))  # fmt: skip


async def hold_promises(
    shop: Shop, trouble: dict[str, Any], within: types_pb2.ProductFilter, asked: dict[str, Any]
) -> None:
    await shop.popular.fetch()
    for peer, what in trouble.items():
        shop.mood(peer).down = what == "down"
        if isinstance(what, Wrong) and what.peer == peer:
            shop.mood(peer).wrong = what.where_it_can
    response = await shop.recommend(explain=pb.EXPLAIN_LEVEL_FULL, filter=within, **asked)
    page, wanted = ids(response), asked["page_size"] or 5
    assert len(set(page)) == len(page) <= wanted
    assert not set(page) & {*asked["exclude_product_ids"], *asked["context_product_ids"]}
    if "NO_PROFILE" not in losses(response):
        assert not set(page) & set(shop.profile_store.profile("ann").cart_product_ids)
    assert not asked["include_product_ids"] or set(page) <= set(asked["include_product_ids"])
    if within.ListFields():
        assert all(shop.catalogue.passes(int(one[1:]), within) for one in page)
    assert (len(page) < wanted) == ("SHORT_PAGE" in losses(response))
    for result in response.results:
        parts = [value for _, value in result.breakdown.ListFields()]
        assert sum(parts) == pytest.approx(result.score, rel=1e-6)
        assert result.score >= 0
        assert result.reasons
        backfill = pb.REASON_KIND_BACKFILL in [reason.kind for reason in result.reasons]
        assert backfill is result.backfilled
