"""Redis at its memory limit, or on a full disk: a clear error, nothing half-applied."""

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from redis import Redis

from restock.serving.local_redis import redis_binary
from restock.v1 import events_pb2 as events
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.durability.checker import Evidence, faults
from tests.durability.clients import read_log, read_profiles
from tests.durability.servers import RedisServer, a_redis, a_stub
from tests.durability.shop import FIRST_SECOND, PRODUCTS, USERS

ACCEPTED, DUPLICATE = pb.EVENT_STATUS_ACCEPTED, pb.EVENT_STATUS_DUPLICATE
SECONDS = 10
LINES = 100
Stub = ProfileStoreServiceStub


@pytest.fixture
async def store(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Stub]:
    async with a_stub(tmp_path, redis_server.url) as stub:
        yield stub


def an_order(user: str, number: int, lines: int = 1) -> events.Event:
    event = events.Event(
        event_id=f"{user} {number}", user_id=user, event_time={"seconds": FIRST_SECOND + number}
    )
    event.order.order_id = f"{number}"
    for line in range(lines):
        product = PRODUCTS[(line + number) % len(PRODUCTS)]
        event.order.lines.add(product_id=product, quantity=line + 1, unit_price=2.5)
    return event


async def put(store: Stub, *sent: events.Event) -> list[pb.EventResult]:
    answer = await store.PutEvents(pb.PutEventsRequest(events=sent), timeout=SECONDS)
    return [*answer.results]


async def refused(store: Stub, *sent: events.Event) -> tuple[grpc.StatusCode, str]:
    """Code and text of a refusal that says when to try again."""
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await put(store, *sent)
    details = error_details_pb2.RetryInfo()
    assert rpc_status.from_call(refusal.value).details[0].Unpack(details)
    return refusal.value.code(), refusal.value.details()


def limit(client: Redis, room: int) -> None:
    """Leave Redis so many bytes."""
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", client.info("memory")["used_memory"] + room)


async def test_a_full_redis_is_resource_exhausted_changes_nothing_and_takes_the_event_later(
    store: Stub, redis_server: RedisServer
):
    await put(store, an_order("ann", 1))
    before = redis_server.content()
    with redis_server.client() as client:
        limit(client, -100_000)
        code, text = await refused(store, an_order("ann", 2), an_order("bob", 1))
        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert text == "Redis has reached its memory limit; sending again is harmless"
        assert redis_server.content() == before
        answer = await store.GetProfile(pb.GetProfileRequest(user_id="ann"), timeout=SECONDS)
        assert answer.profile.revision == 1
        client.config_set("maxmemory", 0)
    results = await put(store, an_order("ann", 2), an_order("bob", 1))
    assert [(one.status, one.profile_revision) for one in results] == [(ACCEPTED, 2), (ACCEPTED, 1)]


async def test_a_full_redis_still_forgets_a_user(store: Stub, redis_server: RedisServer):
    await put(store, an_order("ann", 1))
    with redis_server.client() as client:
        limit(client, -100_000)
        for user, count in (("ann", 1), ("nobody", 0)):
            receipt = await store.DeleteUser(pb.DeleteUserRequest(user_id=user), timeout=SECONDS)
            assert (receipt.profiles, receipt.events, receipt.event_ids) == (count, count, count)
    of_users = (b"restock:ledger:", b"restock:profile:", b"restock:log:", b"restock:event:",
                b"restock:forgetting")  # fmt: skip
    assert [key for key in redis_server.content() if key.startswith(of_users)] == []
    assert len(await deleted_users(store)) == 2


async def deleted_users(store: Stub) -> list[pb.DeletedUser]:
    answers = store.ListDeletedUsers(pb.ListDeletedUsersRequest(), timeout=SECONDS)
    return [user async for answer in answers for user in answer.users]


async def test_a_stream_to_a_full_redis_ends_with_resource_exhausted(
    store: Stub, redis_server: RedisServer
):
    with redis_server.client() as client:
        limit(client, -100_000)
        message = pb.StreamEventsRequest(events=[an_order("ann", 1)])
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            async for _ in store.StreamEvents(iter([message]), timeout=SECONDS):
                pass
    assert refusal.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert redis_server.content() == {}


async def test_a_redis_that_fills_up_within_a_batch_stores_each_user_whole_or_not_at_all(
    store: Stub, redis_server: RedisServer
):
    batch = [an_order(user, number, LINES) for number in range(5) for user in USERS]
    with redis_server.client() as client:
        # A first one leaves the service's connections and buffers behind.
        await put(store, *(an_order(user, 9) for user in USERS))
        fitted = 0
        for room in range(100_000, 1_500_000, 100_000):
            limit(client, room)
            code, _ = await refused(store, *batch)
            assert code is grpc.StatusCode.RESOURCE_EXHAUSTED
            fitted = sum(one.revision > 1 for one in (await read_profiles(store)).values())
            if fitted:
                break
        profiles = await read_profiles(store)
        assert 0 < fitted < len(USERS)
        assert {profile.revision for profile in profiles.values()} == {1, 6}
        assert await stored_faults(store, batch) == []
        client.config_set("maxmemory", 0)
    results = await put(store, *batch)
    for event, result in zip(batch, results, strict=True):
        known = profiles[event.user_id].revision == 6
        assert result.status == (DUPLICATE if known else ACCEPTED)
    assert await stored_faults(store, batch) == []
    log, _ = await read_log(store)
    assert len(log) == len(batch) + len(USERS)


async def stored_faults(store: Stub, batch: list[events.Event]) -> list[str]:
    """Compare log and profiles with what was sent."""
    sent = [*batch, *(an_order(user, 9) for user in USERS)]
    log, _ = await read_log(store)
    evidence = Evidence({event.event_id: event for event in sent}, set(), log)
    return faults(evidence, await read_profiles(store))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that is told of an error, and not ended, when its file may not grow."""
    script = tmp_path / "redis-server"
    script.write_text(f"#!/bin/sh\ntrap '' XFSZ\nexec {redis_binary()} \"$@\"\n")
    script.chmod(0o755)
    with a_redis(tmp_path / "small", binary=script) as server:
        yield server


@pytest.fixture
async def small(small_disk: RedisServer, tmp_path: Path) -> AsyncIterator[Stub]:
    """A profile_store over that Redis."""
    async with a_stub(tmp_path, small_disk.url) as stub:
        yield stub


async def revision(store: Stub, user: str) -> int:
    answer = await store.GetProfile(pb.GetProfileRequest(user_id=user), timeout=SECONDS)
    return answer.profile.revision


async def test_a_full_disk_ends_a_redis_that_writes_at_once_and_costs_nothing_acknowledged(
    small_disk: RedisServer, small: Stub
):
    await put(small, an_order("ann", 1))
    allow(small_disk, small_disk.file.stat().st_size)
    code, text = await refused(small, an_order("ann", 2))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert text == "Redis does not answer (ConnectionError)"
    assert small_disk.process is not None
    assert small_disk.process.wait(SECONDS) == 1  # by itself, with a line in its log
    small_disk.start()
    small_disk.wait()
    assert await revision(small, "ann") == 1
    (result,) = await put(small, an_order("ann", 2))
    assert (result.status, result.profile_revision) == (ACCEPTED, 2)


async def test_a_full_disk_is_unavailable_where_redis_writes_each_second_and_heals_by_itself(
    small_disk: RedisServer, small: Stub
):
    await put(small, an_order("ann", 1))
    await full_behind_an_acknowledgement(small_disk, small)
    before = small_disk.content()
    code, text = await refused(small, an_order("bob", 1))
    assert code is grpc.StatusCode.UNAVAILABLE
    assert "MISCONF" in text
    assert small_disk.content() == before
    assert await revision(small, "ann") == 2
    allow(small_disk, resource.RLIM_INFINITY)
    async with asyncio.timeout(SECONDS):
        while await revision(small, "bob") == 0:
            with contextlib.suppress(grpc.aio.AioRpcError):
                await put(small, an_order("bob", 1))
            await asyncio.sleep(0.1)


async def test_where_redis_writes_each_second_a_full_disk_and_a_kill_cost_what_was_acknowledged(
    small_disk: RedisServer, small: Stub
):
    """Not a promise: the reason why the setting is `always`."""
    await put(small, an_order("ann", 1))
    await full_behind_an_acknowledgement(small_disk, small)
    assert await revision(small, "ann") == 2
    small_disk.kill()
    small_disk.start()
    small_disk.wait()
    assert await revision(small, "ann") == 1


async def full_behind_an_acknowledgement(server: RedisServer, store: Stub) -> None:
    """Fill the disk of a Redis that writes each second: it still acknowledges one event."""
    with server.client() as client:
        client.config_set("appendfsync", "everysec")
    allow(server, server.file.stat().st_size)
    (result,) = await put(store, an_order("ann", 2))
    assert result.status == ACCEPTED


def allow(server: RedisServer, size: int) -> None:
    """Bound the size of Redis' files: a disk that is full."""
    assert server.process is not None
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
