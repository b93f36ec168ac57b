"""A short page says why, where it is for a category that no product has."""

import asyncio

import pytest

from restock.core.product_filter import ProductFilter
from restock.v1 import types_pb2
from services.gateway.degradation import short_page
from tests.unit.gateway.shop import Shop, a_shop

NO_SUCH = types_pb2.ProductFilter(categories=["NO SUCH"])


async def why(shop: Shop, within: types_pb2.ProductFilter) -> list[str]:
    """Reasons of a page's degradations."""
    return [one.reason for one in (await shop.recommend(filter=within)).degradations]


async def test_a_category_that_no_product_has_is_named() -> None:
    assert await why(await a_shop(), NO_SUCH) == ["0 of 5 products; no such category: 'NO SUCH'"]


@pytest.mark.parametrize(
    ("categories", "reason"),
    [
        (["family0", "family1"], "2 of 5 products"),
        (["family0", " Family1 "], "1 of 5 products; no such category: 'Family1'"),
        (["family0", "\tfamily1\n"], "2 of 5 products"),
        (["no  such", "no such"], "0 of 5 products; no such category: 'no such'"),
        (["b", "a"], "0 of 5 products; no such category: 'b', 'a'"),
    ],
)
async def test_names_are_compared_as_the_filter_does(categories: list[str], reason: str) -> None:
    within = types_pb2.ProductFilter(categories=categories, max_price=1.0)
    assert await why(await a_shop(), within) == [reason]


async def test_a_full_page_says_nothing_of_a_category_that_no_product_has() -> None:
    within = types_pb2.ProductFilter(categories=["family0", "NO SUCH"])
    assert await why(await a_shop(), within) == []


async def test_nothing_is_claimed_where_the_catalogue_is_larger_than_the_list() -> None:
    assert await why(await a_shop(popular_count=399), NO_SUCH) == ["0 of 5 products"]


async def test_nothing_is_claimed_of_a_version_that_the_list_is_not_from() -> None:
    shop = await a_shop()
    shop.candidate_gen.versions = shop.reranker.versions = ["v2"]
    assert await why(shop, NO_SUCH) == ["0 of 5 products"]
    await shop.popular.fetch()
    assert await why(shop, NO_SUCH) == ["0 of 5 products; no such category: 'NO SUCH'"]


async def test_without_candidate_gen_the_last_known_catalogue_tells() -> None:
    shop = await a_shop()
    shop.mood("candidate_gen").down = True
    assert await why(shop, NO_SUCH) == [
        "UNAVAILABLE", "0 of 5 products; no such category: 'NO SUCH'",
    ]  # fmt: skip


def test_before_any_list_was_seen_nothing_is_claimed() -> None:
    within = types_pb2.ProductFilter(categories=["NO SUCH"])
    assert asyncio.run(why(Shop(), within)) == ["0 of 5 products"]


def test_a_reason_names_3_categories_at_most_and_40_characters_of_each() -> None:
    long = short_page(0, 5, ["x" * 1000, "b", "c", "d", "e"])
    assert long.reason == (f"0 of 5 products; no such category: '{'x' * 40}', 'b', 'c' and 2 more")
    assert "\x00" not in short_page(0, 5, ["\x00"]).reason


async def test_a_filter_without_categories_has_no_unknown_ones() -> None:
    shop = await a_shop()
    assert shop.popular.unknown_categories(None, "v1") == ()
    assert shop.popular.unknown_categories(ProductFilter(max_price=1.0), "v1") == ()
