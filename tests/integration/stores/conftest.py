"""One server of each kind, started when the first test asks for it."""

import pytest
import pytest_asyncio
from redis import Redis

from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.integration.profile_store.conftest import serving
from tests.integration.stores.servers import EVERY


@pytest.fixture(scope="session", params=EVERY)
def server(request):
    """The kind of server that the test runs over."""
    return request.param


@pytest.fixture(scope="session")
def server_url(server, tmp_path_factory):
    with server.running(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def redis(server_url):
    """Client of the server, emptied."""
    with Redis.from_url(server_url) as client:
        client.flushall()
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_channel(server_url, tmp_path_factory):
    """Channel to a service over that server, which a module's tests share."""
    async with serving(server_url, tmp_path_factory.mktemp("home")) as channel:
        yield channel


@pytest.fixture
def store(redis, shared_channel):
    return ProfileStoreServiceStub(shared_channel)
