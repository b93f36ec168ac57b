"""reranker on a real socket, over a dozen products."""

from functools import partial

import pytest
import pytest_asyncio

from restock.v1.reranker_pb2_grpc import RerankerServiceStub
from services.reranker.settings import RerankerSettings
from services.reranker.wiring import SERVICE, wiring
from tests.a_bundle import published
from tests.integration.leaf import leaf

serving = partial(leaf, RerankerSettings, SERVICE, wiring, RerankerServiceStub)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def version(home):
    return published(home)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(home, version):
    """Way to a service that nothing is done to but asking: one for all tests of a module."""
    async with serving(home) as reranker:
        yield reranker.stub
