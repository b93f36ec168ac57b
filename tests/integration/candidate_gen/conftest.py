"""candidate_gen on a real socket, over a dozen products."""

from functools import partial

import pytest
import pytest_asyncio

from restock.v1.candidate_gen_pb2_grpc import CandidateGenServiceStub
from services.candidate_gen.settings import CandidateGenSettings
from services.candidate_gen.wiring import SERVICE, wiring
from tests.a_bundle import published
from tests.integration.leaf import leaf

serving = partial(leaf, CandidateGenSettings, SERVICE, wiring, CandidateGenServiceStub)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def version(home):
    return published(home)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stub(home, version):
    """Way to a service that nothing is done to but asking: one for all tests of a module."""
    async with serving(home) as candidate_gen:
        yield candidate_gen.stub
