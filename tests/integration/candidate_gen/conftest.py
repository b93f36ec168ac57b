"""candidate_gen on a real socket, over a dozen products."""

from functools import partial

import pytest

from restock.v1.candidate_gen_pb2_grpc import CandidateGenServiceStub
from services.candidate_gen.settings import CandidateGenSettings
from services.candidate_gen.wiring import SERVICE, wiring
from tests.a_bundle import published
from tests.integration.leaf import leaf

serving = partial(leaf, CandidateGenSettings, SERVICE, wiring, CandidateGenServiceStub)


@pytest.fixture
def version(tmp_path):
    return published(tmp_path)


@pytest.fixture
async def stub(tmp_path, version):
    async with serving(tmp_path) as candidate_gen:
        yield candidate_gen.stub
