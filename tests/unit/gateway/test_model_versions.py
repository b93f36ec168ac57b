"""A new model version ends what the cache holds of another, as soon as the gateway hears of it."""

import asyncio

from restock.v1 import types_pb2
from tests.unit.gateway.shop import Shop, a_shop, losses


async def a_shop_with_a_kept_page() -> Shop:
    """One page of v1 is kept; then both peers take v2."""
    shop = await a_shop(cache_entries=10)
    shop.pipeline.follow(shop.popular.version)
    assert (await shop.recommend()).model_version == "v1"
    shop.candidate_gen.versions = shop.reranker.versions = ["v2"]
    return shop


async def test_a_kept_page_of_the_old_version_is_answered_until_anything_tells_of_the_new() -> None:
    shop = await a_shop_with_a_kept_page()
    assert (await shop.recommend()).model_version == "v1"
    assert shop.hits.value == 1


async def test_the_popular_list_tells_of_a_new_version() -> None:
    shop = await a_shop_with_a_kept_page()
    await shop.popular.fetch()
    shop.pipeline.follow(shop.popular.version)
    assert (await shop.recommend()).model_version == "v2"
    assert shop.hits.value == 0


async def test_another_shoppers_fresh_page_tells_of_a_new_version() -> None:
    shop = await a_shop_with_a_kept_page()
    await shop.recommend(user_id="nobody")
    assert (await shop.recommend()).model_version == "v2"


async def test_a_short_page_tells_of_a_new_version_too() -> None:
    shop = await a_shop_with_a_kept_page()
    short = await shop.recommend(filter=types_pb2.ProductFilter(max_price=1.0))
    assert (short.model_version, losses(short)) == ("v2", ["SHORT_PAGE"])
    assert (await shop.recommend()).model_version == "v2"


async def test_a_page_made_without_a_peer_tells_of_no_version() -> None:
    shop = await a_shop_with_a_kept_page()
    shop.reranker.versions = ["v1"]
    unranked = await shop.recommend(page_size=6)
    assert (unranked.model_version, losses(unranked)) == ("v2", ["NO_RERANKING"])
    assert (await shop.recommend()).model_version == "v1"
    assert shop.hits.value == 1


async def test_a_version_that_is_rolled_back_does_not_bring_its_old_pages_back() -> None:
    shop = await a_shop_with_a_kept_page()
    shop.pipeline.follow("v2")
    shop.candidate_gen.versions = shop.reranker.versions = ["v1"]
    shop.pipeline.follow("v1")
    assert (await shop.recommend()).model_version == "v1"
    assert shop.hits.value == 0


async def test_a_page_under_way_while_the_version_changes_is_answered_but_neither_kept_nor_news() -> (
    None
):
    shop = await a_shop(cache_entries=10)
    shop.pipeline.follow("v1")
    shop.mood("reranker").slow_seconds = 0.05
    under_way = asyncio.create_task(shop.recommend())
    await asyncio.sleep(0.02)
    shop.candidate_gen.versions = shop.reranker.versions = ["v2", "v1"]
    shop.pipeline.follow("v2")
    assert (await under_way).model_version == "v1"
    pages = [await shop.recommend(), await shop.recommend()]
    assert [page.model_version for page in pages] == ["v2", "v2"]
    assert (shop.hits.value, shop.misses.value) == (1, 2)


async def test_the_same_version_again_leaves_the_kept_pages_alone() -> None:
    shop = await a_shop(cache_entries=10)
    await shop.recommend()
    shop.pipeline.follow("v1")
    shop.pipeline.follow("")
    await shop.recommend()
    assert shop.hits.value == 1
