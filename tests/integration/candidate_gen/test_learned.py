"""LEARNED over the wire, and pages as new as asked."""

import pytest
import pytest_asyncio

from restock.v1 import types_pb2
from restock.v1.types_pb2 import ProductFilter
from tests.a_bundle import published
from tests.a_ranker import HIGH, a_ranker
from tests.integration.candidate_gen.conftest import serving
from tests.integration.candidate_gen.messages import a_profile, a_request
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOYAL = a_profile(bread=(3, 20), ham=(1, 2))
LEARNED, AUTO = types_pb2.STRATEGY_LEARNED, types_pb2.STRATEGY_AUTO


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ranking(tmp_path_factory):
    """A service whose model version has a ranker that leads."""
    home = tmp_path_factory.mktemp("home")
    published(home, ranker=a_ranker(leads=True))
    async with serving(home) as candidate_gen:
        yield candidate_gen.stub


async def test_learned_answers_with_chances_and_nothing_else(ranking):
    answer = await ranking.GenerateCandidates(a_request(profile=LOYAL, strategy=LEARNED))
    found = answer.candidates
    assert answer.strategy_used == LEARNED
    assert not (found.als or found.item_cf or found.popularity or found.history)
    chances = dict(zip(found.product_ids, found.learned, strict=True))
    assert chances["bread"] == pytest.approx(1 / (1 + 2.718281828**-HIGH))
    assert chances["bread"] > chances["ham"] > 0
    assert not found.known_variants


async def test_auto_is_learned_where_the_ranker_leads(ranking):
    answer = await ranking.GenerateCandidates(a_request(profile=LOYAL, strategy=AUTO))
    assert answer.strategy_used == LEARNED
    answer = await ranking.GenerateCandidates(a_request(strategy=AUTO))
    assert answer.strategy_used == types_pb2.STRATEGY_POPULARITY


async def test_without_a_ranker_hybrid_answers(stub):
    answer = await stub.GenerateCandidates(a_request(profile=LOYAL, strategy=LEARNED))
    assert answer.strategy_used == types_pb2.STRATEGY_HYBRID
    assert not answer.candidates.learned


async def test_learned_never_answers_what_a_filter_bars(ranking):
    within = ProductFilter(categories=["meat"])
    request = a_request(profile=LOYAL, strategy=LEARNED, filter=within)
    answer = await ranking.GenerateCandidates(request)
    assert set(answer.candidates.product_ids) == {"ham", "salami"}


async def test_salami_is_ham_in_another_size_to_whom_wants_only_new_products(ranking):
    request = a_request(profile=LOYAL, strategy=LEARNED, novelty=1.0)
    found = (await ranking.GenerateCandidates(request)).candidates
    named = dict(zip(found.product_ids, found.known_variants, strict=True))
    assert [item for item, variant in named.items() if variant] == ["salami"]


@pytest.mark.parametrize("novelty", [-0.1, 1.1, float("nan"), float("inf")])
async def test_a_share_that_is_none_is_refused(stub, novelty):
    call = stub.GenerateCandidates(a_request(profile=LOYAL, novelty=novelty))
    assert await field_refused(call) == "novelty"
