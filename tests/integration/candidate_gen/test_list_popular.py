import math

import pytest

from restock.v1 import candidate_gen_pb2 as pb
from restock.v1.types_pb2 import ProductFilter
from tests.a_bundle import BY_POPULARITY, MEDIAN_PRICE, PRODUCTS
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_sells_comes_best_first_with_its_facts(stub, version):
    answer = await stub.ListPopular(pb.ListPopularRequest(count=3))
    assert answer.model_version == version
    assert list(answer.product_ids) == ["milk", "bread", "eggs"]
    assert list(answer.scores) == pytest.approx([1, 0.9, 0.8])
    assert list(answer.categories) == ["dairy", "bakery", "dairy"]
    assert list(answer.prices) == [1, 2, 2.5]


async def test_the_whole_catalogue_is_there_whatever_it_costs(stub):
    answer = await stub.ListPopular(pb.ListPopularRequest(count=10_000))
    assert list(answer.product_ids) == BY_POPULARITY


async def test_a_product_without_category_and_price_says_so(stub):
    answer = await stub.ListPopular(pb.ListPopularRequest(count=12))
    facts = dict(
        zip(answer.product_ids, zip(answer.categories, answer.prices, strict=True), strict=True)
    )
    category, price = facts["gift"]
    assert category == ""
    assert math.isnan(price)
    assert facts["wine"] == ("drinks", 9)


async def test_a_filter_is_not_violated_and_its_best_come_first(stub):
    wanted = ProductFilter(categories=["drinks", "meat"], max_price=5.0)
    answer = await stub.ListPopular(pb.ListPopularRequest(count=2, filter=wanted))
    assert list(answer.product_ids) == ["water", "ham"]
    answer = await stub.ListPopular(pb.ListPopularRequest(count=9, filter=wanted))
    assert list(answer.product_ids) == ["water", "ham", "salami"]


async def test_a_filter_that_nothing_passes_gives_nothing(stub):
    wanted = ProductFilter(min_price=max(p for _, p, _ in PRODUCTS.values() if p == p) + 1)
    answer = await stub.ListPopular(pb.ListPopularRequest(count=5, filter=wanted))
    assert not answer.product_ids


async def test_the_median_price_and_how_many_there_are_come_along(stub):
    answer = await stub.ListPopular(pb.ListPopularRequest(count=3))
    assert (answer.median_price, answer.total_count) == (MEDIAN_PRICE, 12)
    wanted = ProductFilter(categories=["dairy"])
    answer = await stub.ListPopular(pb.ListPopularRequest(count=3, filter=wanted))
    assert (list(answer.product_ids), answer.total_count) == (["milk", "eggs", "butter"], 4)


async def test_a_list_that_the_caller_has_is_not_sent_again(stub, version):
    answer = await stub.ListPopular(pb.ListPopularRequest(count=3, known_version=version))
    assert answer == pb.ListPopularResponse(model_version=version, unchanged=True)
    answer = await stub.ListPopular(pb.ListPopularRequest(count=3, known_version="another"))
    assert (len(answer.product_ids), answer.unchanged) == (3, False)


@pytest.mark.parametrize("count", [0, 100_001, 2**32 - 1])
async def test_a_count_outside_1_to_100_000_is_refused(stub, count):
    assert await field_refused(stub.ListPopular(pb.ListPopularRequest(count=count))) == "count"


async def test_a_bound_that_is_no_price_is_refused(stub):
    wanted = ProductFilter(min_price=float("nan"))
    call = stub.ListPopular(pb.ListPopularRequest(count=1, filter=wanted))
    assert await field_refused(call) == "filter.min_price"
