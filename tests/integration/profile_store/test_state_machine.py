"""The whole store in a real Redis against a list of facts."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from redis.asyncio import Redis

from services.profile_store.redis_profiles import RedisProfiles
from tests.contracts.profile_store_machine import WEEK, House, ProfileStoreMachine

READERS = {
    b"string": lambda redis, key: redis.get(key),
    b"list": lambda redis, key: redis.lrange(key, 0, -1),
    b"stream": lambda redis, key: redis.xrange(key),
    b"hash": lambda redis, key: redis.hgetall(key),
    b"set": lambda redis, key: redis.smembers(key),
}


class RedisMachine(ProfileStoreMachine):
    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[House]:
        async with (
            Redis.from_url(self.url) as redis,
            RedisProfiles.open(self.url, 2.0, 5.0, WEEK, 4) as profiles,
        ):
            await redis.flushall()
            yield House(profiles, partial(forward, redis), partial(values, redis))


async def forward(redis: Redis, seconds: float) -> None:
    """Let marks and receipts expire sooner, by whole seconds: the moments that a test takes do not count."""
    for key in await redis.keys("restock:event:*") + await redis.keys("restock:receipt:*"):
        left = -(-await redis.pttl(key) // 1000) - seconds
        if left > 0:
            await redis.expire(key, int(left))
        else:
            await redis.delete(key)


async def values(redis: Redis) -> Iterable[bytes]:
    found: list[bytes] = []
    for key in await redis.keys("*"):
        value = await READERS[await redis.type(key)](redis, key)
        found += key, *flat(value)
    return found


def flat(value: bytes | list | tuple | set | dict) -> Iterable[bytes]:
    """All bytes in lists, sets and dictionaries within each other."""
    if isinstance(value, bytes):
        return [value]
    parts = [*value.items()] if isinstance(value, dict) else value
    return [one for part in parts for one in flat(part)]


def test_whatever_is_called_in_whichever_order_the_store_agrees_with_the_facts(own_redis_url):
    # What fails here is made small in memory, where a step takes no round trip.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    few = settings(max_examples=15, stateful_step_count=25, phases=phases)
    run_state_machine_as_test(partial(RedisMachine, own_redis_url), settings=few)
