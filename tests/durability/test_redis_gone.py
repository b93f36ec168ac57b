"""Redis gone, or hanging, while shoppers are served and clients write: seen through the whole suite."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import grpc
import pytest

from restock.artifacts.store import BundleStore
from restock.errors import StoreUnavailable
from restock.v1 import gateway_pb2 as pb
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from services.profile_store.redis_profiles import RedisProfiles
from tests.durability.clients import Failure, Load, Record, writing
from tests.durability.conftest import Scale
from tests.durability.servers import STORE, RedisServer, address
from tests.durability.shop import USERS
from tests.e2e.conftest import a_suite, products_of
from tests.unit.artifacts.drafts import a_draft

HEALS_SECONDS = 5.0
"""Within which all is well again."""
TOLD_SECONDS = 1.0
"""Within which a writer is told that the store is away."""
READERS = 3
PAUSE_SECONDS = 0.02


class Served(NamedTuple):
    """A page that a shopper got."""

    when: float
    """Of `time.monotonic`."""
    seconds: float
    """How long it took."""
    products: int
    lost: tuple[str, ...]
    """Services that it had to do without."""


@dataclass
class Shoppers:
    """What readers saw."""

    served: list[Served] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def read(self, stub: RecommendationServiceStub, user_id: str) -> None:
        """Ask again and again."""
        while True:
            started = time.monotonic()
            try:
                answer = await stub.Recommend(pb.RecommendRequest(user_id=user_id), timeout=5)
            except grpc.aio.AioRpcError as error:
                self.errors.append(f"{error.code().name}: {error.details()}")
            else:
                now = time.monotonic()
                lost = tuple(sorted({one.service for one in answer.degradations}))
                self.served.append(Served(now, now - started, len(answer.results), lost))
            await asyncio.sleep(PAUSE_SECONDS)

    def between(self, since: float, until: float) -> list[Served]:
        """Pages that were asked for and given between two moments."""
        return [one for one in self.served if since < one.when - one.seconds and one.when < until]


@asynccontextmanager
async def reading(port: int) -> AsyncIterator[Shoppers]:
    """Ask the gateway from several callers until left."""
    shoppers = Shoppers()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = RecommendationServiceStub(channel)
        tasks = [asyncio.create_task(shoppers.read(stub, user)) for user in USERS[:READERS]]
        try:
            yield shoppers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Shop:
    """A suite in use."""

    load: Load
    record: Record
    shoppers: Shoppers


@pytest.fixture
async def shop(
    tmp_path: Path, redis_server: RedisServer, seed: int, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shop]:
    """The whole suite over the test's Redis, with clients that write and shoppers that look."""
    store = BundleStore(tmp_path / "models")
    store.activate(store.publish(a_draft(*products_of("a"))))
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    record = Record()
    with a_suite(tmp_path, RESTOCK_GATEWAY_CACHE_ENTRIES="0") as suite:
        pids = {name: process.pid for name, process in suite.processes.items()}
        async with (
            writing(address(suite), record, seed) as load,
            reading(suite.members[0].port) as shoppers,
        ):
            await load.more(100)
            yield Shop(load, record, shoppers)
        assert {name: process.pid for name, process in suite.processes.items()} == pids
        assert all(process.poll() is None for process in suite.processes.values())


async def test_redis_gone_or_hanging_is_told_to_writers_costs_readers_quality_only_and_heals(
    shop: Shop, redis_server: RedisServer, scale: Scale
):
    redis_server.kill()
    went = time.monotonic()
    await asyncio.sleep(scale.gone_seconds)
    back = time.monotonic()
    redis_server.start()
    await judged(shop, went, back)
    shop.load.go()
    await shop.load.more(50)
    with redis_server.hanging():
        went = time.monotonic()
        await asyncio.sleep(scale.hang_seconds)
        back = time.monotonic()
    await judged(shop, went, back)


async def judged(shop: Shop, went: float, back: float) -> None:
    """Judge an outage by what writers and readers saw, and see all heal."""
    await shop.load.more(100)
    wrote = time.monotonic() - back
    async with asyncio.timeout(60):
        while not shop.shoppers.served or shop.shoppers.served[-1].lost:
            await asyncio.sleep(PAUSE_SECONDS)
    healed = time.monotonic()
    served = healed - back
    assert max(wrote, served) < HEALS_SECONDS
    await asyncio.sleep(1)
    assert not any(one.lost for one in shop.shoppers.between(healed, time.monotonic()))
    assert_told(shop.record, went, back)
    assert_served(shop.shoppers, went, back)
    assert await shop.load.faults() == []
    events = len(shop.record.evidence.acknowledged)
    print(f"writers wrote {wrote:.1f} s after, readers were served in full {served:.1f} s after")
    print(f"{events:,} events acknowledged, {len(shop.record.evidence.log):,} in the log")


def assert_told(record: Record, went: float, back: float) -> None:
    """Writers got UNAVAILABLE with RetryInfo, soon, and nothing else."""
    assert set(record.failures) == {"PutEvents", "StreamEvents"}
    for rpc, failures in record.failures.items():
        away = [one for one in failures if went < one.when < back]
        assert len(away) > 5
        told = [one for one in failures if not cut_off(one)]
        assert len(failures) - len(told) <= 1, failures
        assert {one.code for one in told} == {grpc.StatusCode.UNAVAILABLE}, told
        assert all(one.retry for one in told), rpc
        longest = max(one.seconds for one in away)
        print(f"{rpc}: {len(away)} times UNAVAILABLE with RetryInfo, within {longest:.3f} s")
        assert longest < TOLD_SECONDS


def cut_off(failure: Failure) -> bool:
    """The client's library lost the status of a stream that ended while it was sending (grpc/grpc#36066)."""
    return failure.code is grpc.StatusCode.INTERNAL and "Internal error from Core" in failure.text


def assert_served(shoppers: Shoppers, went: float, back: float) -> None:
    """Readers got five products each time, and were told what was missing."""
    away = shoppers.between(went, back)
    assert shoppers.errors == []
    assert all(one.products == 5 for one in shoppers.served)
    assert len(away) > 10
    assert {one.lost for one in away} == {(STORE,)}
    longest = max(one.seconds for one in away)
    print(f"Recommend: {len(away)} pages without {STORE}, within {longest:.3f} s; no error")


async def test_a_writer_waits_for_an_order_in_the_log_as_long_as_for_anything_else(
    redis_server: RedisServer,
):
    async with RedisProfiles.open(redis_server.url, 0.2, 30, 3600, 4) as profiles:
        assert await profiles.entries_at([("log", 0)]) == [None]
        started = time.monotonic()
        with redis_server.hanging(), pytest.raises(StoreUnavailable):
            await profiles.entries_at([("log", 0)])
        assert time.monotonic() - started < TOLD_SECONDS
