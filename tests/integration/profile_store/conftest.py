"""A real Redis, and the service on a real socket in front of it."""

from contextlib import asynccontextmanager

import grpc
import pytest
from redis import Redis

from restock.artifacts.store import BundleStore
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


@pytest.fixture
def bundles(tmp_path):
    """Where the service looks for model versions."""
    return BundleStore(tmp_path / "home" / "models")


@asynccontextmanager
async def serving(url, home, **changes):
    """Run the service; gives a channel to it."""
    settings = ProfileStoreSettings(
        port=0, metrics_port=0, home=home, redis_url=url, drain_seconds=0, grace_seconds=1,
        model_poll_seconds=0.05, ping_seconds=0.05, **changes,
    )  # fmt: skip
    running = await start(settings, SERVICE, wiring)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{running.port}") as channel:
            yield channel
    finally:
        await running.stop()


@pytest.fixture
async def channel(redis, own_redis_url, tmp_path):
    async with serving(own_redis_url, tmp_path / "home") as channel:
        yield channel


@pytest.fixture
def store(channel):
    return ProfileStoreServiceStub(channel)
