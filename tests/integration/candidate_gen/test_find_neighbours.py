import pytest

from restock.v1 import candidate_gen_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.types_pb2 import ProductFilter
from tests.a_bundle import PRODUCTS
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOGETHER = types_pb2.SIMILARITY_KIND_BOUGHT_TOGETHER
SIMILAR = types_pb2.SIMILARITY_KIND_SIMILAR


async def neighbours(stub, product_id, kind=SIMILAR, count=100, **bounds):
    return await stub.FindNeighbours(
        pb.FindNeighboursRequest(
            product_id=product_id, kind=kind, count=count, filter=ProductFilter(**bounds)
        )
    )


async def test_what_goes_with_a_product_comes_best_first(stub, version):
    answer = await neighbours(stub, "wine", TOGETHER)
    assert (answer.model_version, answer.known) == (version, True)
    assert list(answer.product_ids) == ["brie", "salami"]
    assert list(answer.scores) == pytest.approx([0.8, 0.4])


async def test_what_is_alike_comes_by_taste(stub):
    answer = await neighbours(stub, "ham", SIMILAR, 3)
    assert answer.product_ids[0] == "salami"
    assert answer.scores[0] == pytest.approx(1)
    assert len(answer.product_ids) == 3


async def test_unspecified_means_similar(stub):
    asked, similar = await neighbours(stub, "ham", 0), await neighbours(stub, "ham", SIMILAR)
    assert asked == similar


@pytest.mark.parametrize("kind", [SIMILAR, TOGETHER])
@pytest.mark.parametrize("product_id", PRODUCTS)
async def test_scores_fall_from_at_most_1_to_above_0_and_the_product_is_not_among_them(
    stub, product_id, kind
):
    answer = await neighbours(stub, product_id, kind)
    scores = list(answer.scores)
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    assert product_id not in answer.product_ids
    assert len(set(answer.product_ids)) == len(scores)


async def test_a_product_of_no_taste_and_no_company_is_known_and_alone(stub):
    for kind in (SIMILAR, TOGETHER):
        answer = await neighbours(stub, "gift", kind)
        assert answer.known
        assert not answer.product_ids


async def test_an_unknown_product_is_a_normal_answer(stub, version):
    answer = await neighbours(stub, "no such")
    assert (answer.model_version, answer.known) == (version, False)
    assert not answer.product_ids


async def test_a_filter_is_not_violated(stub):
    answer = await neighbours(stub, "wine", TOGETHER, categories=["meat"])
    assert list(answer.product_ids) == ["salami"]
    answer = await neighbours(stub, "milk", SIMILAR, max_price=3.0, categories=["dairy"])
    assert sorted(answer.product_ids) == ["butter", "eggs"]


@pytest.mark.parametrize("count", [0, 101, 2**32 - 1])
async def test_a_count_outside_1_to_100_is_refused(stub, count):
    assert await field_refused(neighbours(stub, "milk", count=count)) == "count"


@pytest.mark.parametrize("product_id", ["", "x" * 129, "a\x00"])
async def test_what_is_no_id_is_refused(stub, product_id):
    assert await field_refused(neighbours(stub, product_id)) == "product_id"


@pytest.mark.parametrize("kind", [3, -1])
async def test_a_kind_without_a_name_is_refused(stub, kind):
    assert await field_refused(neighbours(stub, "milk", kind)) == "kind"


async def test_crossed_price_bounds_are_refused(stub):
    call = neighbours(stub, "milk", min_price=2, max_price=1)
    assert await field_refused(call) == "filter.max_price"
