import asyncio

import pytest
from redis import Redis

from services.profile_store.redis_profiles import RedisProfiles, answering
from tests.contracts.profile_repository import ProfileRepositoryContract, a_change


class RedisContract(ProfileRepositoryContract):
    @pytest.fixture
    async def profiles(self, server):
        with Redis.from_url(server) as client:
            client.flushall()
        async with RedisProfiles.open(server, 2.0, 5.0, 3600, 4) as profiles:
            profiles.url = server
            yield profiles

    async def logged(self, profiles):
        with Redis.from_url(profiles.url) as client:
            return [fields[b"event"] for _, fields in client.xrange("restock:events")]


@pytest.fixture(scope="module")
def redis_7_url():
    """URL of a Redis 7 in a container."""
    docker = pytest.importorskip("docker")
    community = pytest.importorskip("testcontainers.community.redis")
    config = pytest.importorskip("testcontainers.core.config")
    try:
        docker.from_env(timeout=5).ping()
    except docker.errors.DockerException as error:
        pytest.skip(f"no Docker engine answers: {error}")
    with pytest.MonkeyPatch.context() as patch:
        # The helper that cleans up behind a killed test run is one more image to pull.
        patch.setattr(config.testcontainers_config, "ryuk_disabled", True)
        with community.RedisContainer("redis:7-bookworm") as container:
            host, port = container.get_container_host_ip(), container.get_exposed_port(6379)
            yield f"redis://{host}:{port}/0"


class TestRedisProfiles(RedisContract):
    @pytest.fixture
    def server(self, own_redis_url):
        return own_redis_url


@pytest.mark.docker
class TestRedisProfilesOnRedis7(RedisContract):
    @pytest.fixture
    def server(self, redis_7_url):
        return redis_7_url


@pytest.fixture
async def profiles(redis, own_redis_url):
    async with RedisProfiles.open(own_redis_url, 2.0, 5.0, 3600, 4) as profiles:
        yield profiles


async def test_a_profile_is_one_key_and_an_event_one_mark_that_expires(redis, profiles):
    await profiles.commit([a_change(0, b"milk", "e1")])
    assert redis.get("restock:profile:ann") == b"\0\0\0\0\0\0\0\1milk"
    assert 3590 < redis.ttl("restock:event:e1") <= 3600
    assert redis.ttl("restock:profile:ann") == redis.ttl("restock:events") == -1
    assert redis.dbsize() == 3


async def test_a_key_of_another_kind_fails_whole(redis, profiles):
    redis.set("restock:events", "no stream")
    with pytest.raises(Exception, match=r"^Redis refuses: .*WRONGTYPE"):
        await profiles.commit([a_change(0, b"milk", "e1")])
    assert redis.keys("restock:*") == [b"restock:events"]


async def test_a_hundred_reads_at_once_get_each_their_own(profiles):
    users = [f"u{number}" for number in range(100)]
    await profiles.load([(user, user.encode()) for user in users], replace=False)
    found = await asyncio.gather(*map(profiles.read, users))
    assert [stored.body.decode() for stored in found] == users


async def test_other_errors_are_not_swallowed():
    with pytest.raises(ZeroDivisionError), answering():
        raise ZeroDivisionError
