"""The whole of the service but its socket, for so many cases that one would be slow."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.artifacts.live import LiveModel
from restock.artifacts.store import BundleStore
from restock.core.blend import SOURCES
from restock.core.rerank import RULES, rank
from restock.v1 import reranker_pb2 as pb
from restock.v1.types_pb2 import Candidates
from services.reranker.model import build
from services.reranker.servicer import RerankerServicer
from tests.a_bundle import PRODUCTS, published


@pytest.fixture(scope="module")
def reranker(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    published(home)
    live = LiveModel(BundleStore(home / "models"), build)
    asyncio.run(live.refresh())
    return RerankerServicer(live)


def test_no_request_waits_for_a_compiler_that_the_models_own_query_did_not_call(reranker):
    compiled = len(rank.signatures)
    asked = pb.RerankRequest(
        candidates=Candidates(product_ids=["milk", "no such"], als=[1, 1]), page_size=1, as_of_day=1
    )
    asyncio.run(reranker.Rerank(asked, None))
    asked.filter.max_price = 2
    asked.tuning.max_price_ratio = 2
    asked.shopper.spend_per_day = 20
    asyncio.run(reranker.Rerank(asked, None))
    assert len(rank.signatures) == compiled


@given(data=st.data())
def test_whatever_is_asked_parts_add_up_and_the_page_is_in_order(reranker, data):
    draw = data.draw
    items = draw(
        st.lists(st.sampled_from([*PRODUCTS, "no such"]), min_size=1, max_size=13, unique=True)
    )
    count = len(items)

    def column(values):
        return draw(st.just([]) | st.lists(values, min_size=count, max_size=count))

    last = column(st.integers(0, 84_006))
    request = pb.RerankRequest(
        candidates=Candidates(
            product_ids=items,
            **{name: column(st.floats(0, 1e6, width=32)) for name in SOURCES},
            purchase_counts=column(st.integers(0, 84_006)),
            first_days=[draw(st.integers(0, day)) for day in last],
            last_days=last,
        ),
        shopper=pb.Shopper(
            average_price=draw(st.floats(0, allow_infinity=False)),
            spend_per_day=draw(st.floats(0, allow_infinity=False)),
        ),
        page_size=draw(st.integers(1, 100)),
        as_of_day=draw(st.integers(1, 84_006)),
    )
    answer = asyncio.run(reranker.Rerank(request, None))
    assert len(answer.results) == min(count, request.page_size)
    for result in answer.results:
        assert request.candidates.product_ids[result.position] == result.product_id
        assert sum(getattr(result.breakdown, name) for name in (*SOURCES, *RULES)) == pytest.approx(
            result.score, rel=1e-4, abs=1e-6
        )
        assert math.isfinite(result.score)
        assert 0 < result.factors.price <= 1
        assert 0 < result.factors.segment <= 1
        assert result.factors.upsell >= 1
        assert result.cycle_days >= 0
    places = [result.backfilled for result in answer.results]
    assert places == sorted(places)
    kept = [result.score for result in answer.results if not result.backfilled]
    assert kept == sorted(kept, reverse=True)
