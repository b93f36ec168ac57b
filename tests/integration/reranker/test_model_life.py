from restock.v1 import reranker_pb2 as pb
from restock.v1.types_pb2 import Candidates
from tests.a_bundle import DAY
from tests.contracts.model_life import ModelLifeContract
from tests.integration.reranker.conftest import serving


async def ask(leaf, version):
    return await leaf.stub.Rerank(
        pb.RerankRequest(
            model_version=version, candidates=Candidates(product_ids=["milk"], als=[1]),
            page_size=1, as_of_day=DAY + 1,
        )
    )  # fmt: skip


class TestModelLife(ModelLifeContract):
    serving = serving
    ask = staticmethod(ask)
