import pytest

from services.profile_store.redis_profiles import RedisProfiles
from tests.contracts.profile_repository import ProfileRepositoryContract


class TestRedisProfiles(ProfileRepositoryContract):
    @pytest.fixture
    async def profiles(self, redis, server_url):
        async with RedisProfiles.open(server_url, 2.0, 5.0, 3600, 4) as profiles:
            yield profiles

    @pytest.fixture
    async def brief(self, redis, server_url):
        async with RedisProfiles.open(server_url, 2.0, 5.0, 1, 4) as profiles:
            yield profiles


def test_the_server_is_of_the_version_that_it_is_asked_for_as(redis, server):
    info = redis.info("server")
    version = info.get("valkey_version", info["redis_version"])
    assert version.startswith(server.version)
