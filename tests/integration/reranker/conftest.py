"""reranker on a real socket, over a dozen products."""

from functools import partial

import pytest

from restock.v1.reranker_pb2_grpc import RerankerServiceStub
from services.reranker.settings import RerankerSettings
from services.reranker.wiring import SERVICE, wiring
from tests.a_bundle import published
from tests.integration.leaf import leaf

serving = partial(leaf, RerankerSettings, SERVICE, wiring, RerankerServiceStub)


@pytest.fixture
def version(tmp_path):
    return published(tmp_path)


@pytest.fixture
async def stub(tmp_path, version):
    async with serving(tmp_path) as reranker:
        yield reranker.stub
