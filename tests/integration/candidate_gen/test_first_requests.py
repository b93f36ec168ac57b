import pytest

from restock.core import blend, item_cf, item_lookup, scoring
from restock.v1 import types_pb2
from restock.v1.types_pb2 import ProductFilter, Profile
from tests.integration.candidate_gen.messages import TODAY
from tests.integration.candidate_gen.test_generate_candidates import LOYAL, a_request

LOOKING = Profile(viewed_product_ids=["milk"], viewed_seconds=[TODAY * 86_400])
SHOPPING = Profile(cart_product_ids=["bread", "unknown"])
pytestmark = pytest.mark.asyncio(loop_scope="module")

COMPILED = (
    blend.blend, scoring.score_pool, item_cf.add_neighbours, item_cf.best_touched,
    item_cf.distinct, item_cf.forget, item_lookup.find,
)  # fmt: skip


def compiled() -> list[int]:
    return [len(loop.signatures) for loop in COMPILED]


async def test_no_request_waits_for_a_loop_to_be_compiled(stub):
    ready = compiled()
    assert min(ready) > 0
    cheap = ProductFilter(max_price=3.0)
    for strategy in types_pb2.Strategy.values():
        for shopper in ({}, {"profile": LOYAL}, {"profile": LOOKING}, {"profile": SHOPPING}):
            for more in (
                {},
                {"context_product_ids": ["milk"]},
                {"exclude_product_ids": ["milk", "unknown"]},
                {"include_product_ids": ["milk", "eggs"]},
                {"filter": cheap},
            ):
                await stub.GenerateCandidates(a_request(strategy=strategy, **shopper, **more))
    assert compiled() == ready
