"""A profile_store that is killed in the middle of a deletion: whoever starts next finishes it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from redis import Redis

from restock.cli.suite import Suite
from restock.v1 import profile_store_pb2 as pb
from restock.v1.events_pb2 import Event, View
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from services.profile_store.redis_values import FORGETTING_KEY, forgetting_key, value_of
from services.profile_store.repository import Entry
from tests.durability.servers import RedisServer, a_store, address, kill

EVENTS = 40_000
"""80 portions, each of which waits for the disk: a kill finds its way in between."""
TRIES = 5
"""On a machine that stands still for a moment a kill may come too late: then another user is deleted."""
SECONDS = 30
BOB = "bob-who-stays-44d0"


def a_view(event_id: str, user_id: str, seconds: float) -> Event:
    event_time = Timestamp(seconds=int(seconds))
    view = View(product_id="milk")
    return Event(event_id=event_id, user_id=user_id, event_time=event_time, view=view)


def put(store: ProfileStoreServiceStub, event: Event) -> None:
    (result,) = store.PutEvents(pb.PutEventsRequest(events=[event]), timeout=SECONDS).results
    assert result.status == pb.EVENT_STATUS_ACCEPTED


def lengthened(client: Redis, user: str) -> None:
    """Make a user's log longer by hand, under the ids `<user>-1` and on."""
    (mark,) = client.mget(f"restock:event:{user}-0")
    log_id = mark.decode()
    pipeline = client.pipeline(transaction=False)
    for number in range(1, EVENTS):
        name = f"{user}-{number}"
        pipeline.rpush(f"restock:log:{log_id}", value_of(Entry(name, f"of {user}".encode())))
        pipeline.set(f"restock:event:{name}", log_id, ex=600_000)
        if number % 5_000 == 0:
            pipeline.execute()
    pipeline.execute()


def left(client: Redis) -> int:
    """Events that the deletion under way has still to take."""
    return sum(client.llen(forgetting_key(name.decode())) for name in client.hkeys(FORGETTING_KEY))


def killed_half_way(client: Redis, suite: Suite, user: str) -> bool:
    """Delete a user of 40,000 events, and kill the store in between; False when it was done by then."""
    with grpc.insecure_channel(address(suite)) as channel:
        store = ProfileStoreServiceStub(channel)
        put(store, a_view(f"{user}-0", user, 1))
        lengthened(client, user)
        call = store.DeleteUser.future(pb.DeleteUserRequest(user_id=user), timeout=SECONDS)
        while not call.done() and not 0 < left(client) < EVENTS:
            pass
        kill(suite)
        return left(client) > 0


def deleted(store: ProfileStoreServiceStub, user: str) -> tuple[int, int, int]:
    """What a deletion says that it took away: profiles, events, and their ids."""
    receipt = store.DeleteUser(pb.DeleteUserRequest(user_id=user), timeout=SECONDS)
    return receipt.profiles, receipt.events, receipt.event_ids


def files_with(folder: Path, name: str) -> set[str]:
    found = set()
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):  # the server removes old ones
            if name.encode() in path.read_bytes():
                found.add(path.name)
    return found


async def test_a_deletion_killed_between_portions_is_finished_by_the_next_process_without_a_trace(
    tmp_path: Path, redis_server: RedisServer
):
    often = {"RESTOCK_PROFILE_STORE_COMPACTION_SECONDS": "0.1"}
    with redis_server.client() as client, a_store(tmp_path, redis_server.url, **often) as suite:
        client.config_set("rdbcompression", "no")
        (member,) = suite.members
        with grpc.insecure_channel(address(suite)) as channel:
            put(ProfileStoreServiceStub(channel), a_view("bob's", BOB, 1))
        for number in range(TRIES):
            user = f"ann-who-goes-{number}-7c1f"
            if killed_half_way(client, suite, user):
                break
            suite.start(member)
            suite.wait_ready(SECONDS)
        else:
            pytest.fail(f"{TRIES} deletions were over before they were killed")
        before = left(client)
        suite.start(member)  # and killed again, as soon as it goes on
        await until(lambda: left(client) < before)
        kill(suite)
        suite.start(member)
        suite.wait_ready(SECONDS)
        with grpc.insecure_channel(address(suite)) as channel:
            store = ProfileStoreServiceStub(channel)
            read = store.ReadEvents(pb.ReadEventsRequest(), timeout=SECONDS)
            assert [one.event_id for answer in read for one in answer.events] == ["bob's"]
            for _ in range(2):
                assert deleted(store, user) == (1, EVENTS, EVENTS), "as the answer that was lost"
            assert client.keys("restock:forgetting*") == []
            assert client.keys("restock:event:*") == [b"restock:event:bob's"]
            put(store, a_view("back", user, time.time() + 60))
            assert deleted(store, user) == (1, 1, 1)
        await until(lambda: not files_with(redis_server.folder, user))
        client.save()
        assert files_with(redis_server.folder, user) == set()
        assert "dump.rdb" in files_with(redis_server.folder, BOB)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not is_so():
            await asyncio.sleep(0.001)
