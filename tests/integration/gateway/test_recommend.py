"""All peers well: what a caller gets, and what each peer is asked."""

from typing import Any

from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from services.gateway.fake_peers import FakePeers
from tests.integration.gateway.conftest import TODAY


def ids(response: Any) -> list[str]:
    return [result.product_id for result in response.results]


async def test_a_page_has_five_products_in_rank_order_and_nothing_missing(shop: Any) -> None:
    response = await shop.Recommend(pb.RecommendRequest(user_id="ann"))
    # p7 and p9 were bought 15 days ago: due, and 15% up.
    assert ids(response) == ["p7", "p9", "p0", "p1", "p2"]
    assert not response.degradations
    assert response.model_version == "v1"
    assert response.strategy_used == types_pb2.STRATEGY_HYBRID
    assert response.profile_revision == 1
