"""A real Redis, and the service on a real socket in front of it."""

from contextlib import asynccontextmanager

import grpc
import pytest
import pytest_asyncio
from redis import Redis

from restock.serving.local_redis import local_redis
from restock.serving.runner import start
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from services.profile_store.settings import ProfileStoreSettings
from services.profile_store.wiring import SERVICE, wiring


@pytest.fixture(scope="session")
def own_redis_url(tmp_path_factory):
    """URL of a server of the tests' own, whatever `REDIS_URL` says: the tests empty it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("REDIS_URL", raising=False)
        with local_redis(tmp_path_factory.mktemp("home"), 0) as url:
            yield url


@pytest.fixture
def redis(own_redis_url):
    """Client of the server, emptied."""
    with Redis.from_url(own_redis_url) as client:
        client.flushall()
        yield client


@asynccontextmanager
async def listening(url, home, **changes):
    """Run the service; gives its port."""
    fields = {
        "port": 0, "metrics_port": 0, "home": home, "redis_url": url, "drain_seconds": 0,
        "grace_seconds": 1, "model_poll_seconds": 0.05, "ping_seconds": 0.05,
        "redis_timeout_seconds": 5,
    }  # fmt: skip
    settings = ProfileStoreSettings(**(fields | changes))
    running = await start(settings, SERVICE, wiring)
    try:
        yield running.port
    finally:
        await running.stop()


@asynccontextmanager
async def serving(url, home, **changes):
    """Run the service; gives a channel to it."""
    async with (
        listening(url, home, **changes) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        yield channel


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_port(own_redis_url, tmp_path_factory):
    """Port of a service that a module's tests share, as it takes half a second to stop.

    It keeps nothing itself: an emptied Redis is a new beginning. The module says that its tests run in
    one loop: ``pytestmark = pytest.mark.asyncio(loop_scope="module")``.
    """
    async with listening(own_redis_url, tmp_path_factory.mktemp("home")) as port:
        yield port


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_channel(shared_port):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{shared_port}") as channel:
        yield channel


@pytest.fixture
def store(redis, shared_channel):
    return ProfileStoreServiceStub(shared_channel)
