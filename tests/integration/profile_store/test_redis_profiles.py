"""How everything lies in Redis, beside what every repository promises (`tests/integration/stores`)."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import pytest

from restock.core.user_hash import user_hash
from restock.errors import StoreUnavailable
from services.profile_store.redis_profiles import RedisProfiles, answering
from services.profile_store.repository import Deletion, Kept
from tests.contracts.profile_repository import a_change, forget, log_of
from tests.integration.profile_store.messages import eventually

LOG = f"restock:log:{log_of('ann')}".encode()
LEDGER, PROFILE = b"restock:ledger:ann", b"restock:profile:ann"
MARK, ORDER = b"restock:event:e1", b"restock:order"
DELETED, REMEMBERED = b"restock:deleted", b"restock:remembered"
RECEIPT = f"restock:receipt:{user_hash('ann')}".encode()


@pytest.fixture
async def profiles(redis, own_redis_url):
    async with RedisProfiles.open(own_redis_url, 2.0, 5.0, 3600, 4) as profiles:
        yield profiles


async def test_a_user_is_a_ledger_a_profile_and_a_part_of_the_log(redis, profiles):
    await profiles.commit([a_change(0, "e1")])
    assert redis.get(LEDGER) == b"\0\0\0\0\0\0\0\1ledger"
    assert redis.get(PROFILE) == b"profile"
    assert redis.lrange(LOG, 0, -1) == [b"\2e1payload of e1"]
    ((_, span),) = redis.xrange(ORDER)
    assert span == {b"at": f"{log_of('ann')}:0:1".encode()}
    assert sorted(redis.keys()) == sorted([LEDGER, PROFILE, LOG, ORDER, MARK])


async def test_only_the_mark_of_an_event_expires(redis, profiles):
    await profiles.commit([a_change(0, "e1")])
    assert 3590 < redis.ttl(MARK) <= 3600
    assert {redis.ttl(key) for key in (LEDGER, PROFILE, LOG, ORDER)} == {-1}


async def test_a_deletion_leaves_the_order_and_a_hash(redis, profiles):
    await profiles.commit([a_change(0, "e1")])
    await forget(profiles, "ann", Deletion(12, 34))
    assert sorted(redis.keys()) == [DELETED, ORDER, RECEIPT, REMEMBERED]
    assert redis.hgetall(DELETED) == {user_hash("ann").encode(): b"12:34:2"}
    assert 7 * 86_400 - 10 < redis.ttl(RECEIPT) <= 7 * 86_400


async def test_a_redis_emptied_while_it_writes_its_file_anew_is_left_empty(redis, profiles):
    await profiles.commit([a_change(0, "e1")])
    await forget(profiles, "ann", Deletion(12, 34))
    redis.mset({f"other {number}": "" for number in range(5)})
    async with compacting(redis, profiles):
        redis.flushall()
    assert redis.keys() == []


async def test_what_is_deleted_while_the_file_is_written_anew_is_left_for_the_next_time(
    redis, profiles, own_redis_url
):
    await profiles.commit([a_change(0, "e1"), a_change(0, "e2", user_id="bob")])
    await forget(profiles, "ann", Deletion(12, 34))
    async with (
        compacting(redis, profiles),
        RedisProfiles.open(own_redis_url, 2.0, 5.0, 3600, 4) as other,
    ):
        await forget(other, "bob", Deletion(56, 78))
    assert redis.smembers(REMEMBERED) == {log_of("bob").encode()}
    assert await profiles.compact()
    assert not redis.exists(REMEMBERED)
    assert not await profiles.compact()


async def test_two_processes_that_find_the_same_deletions_leave_later_ones_to_be_found(
    redis, profiles
):
    await profiles.commit([a_change(0, "e1"), a_change(0, "e2", user_id="bob")])
    await forget(profiles, "ann", Deletion(12, 34))
    async with compacting(redis, profiles):
        redis.srem(REMEMBERED, log_of("ann"))  # as another process does when it was first
    await forget(profiles, "bob", Deletion(56, 78))
    assert await profiles.compact()


@asynccontextmanager
async def compacting(redis, profiles):
    """Hold Redis at writing its file anew, as `compact` has asked it to, until left; then it is done."""
    redis.config_set("rdb-key-save-delay", 100_000)
    try:
        asked = asyncio.create_task(profiles.compact())
        await eventually(partial(is_writing_its_file, redis), bool)
        yield
    finally:
        redis.config_set("rdb-key-save-delay", 0)
    assert await asked


async def is_writing_its_file(redis):
    return redis.info("persistence")["aof_rewrite_in_progress"]


@pytest.mark.parametrize("key", [LEDGER, LOG, ORDER])
async def test_a_key_of_another_kind_fails_before_anything_is_stored(redis, profiles, key):
    redis.sadd(key, "no such kind")
    with pytest.raises(StoreUnavailable, match=r"^Redis refuses: .*WRONGTYPE"):
        await profiles.commit([a_change(0, "e1")])
    assert redis.keys() == [key]


async def test_a_refusal_does_not_name_the_keys_and_so_the_users(redis, profiles):
    redis.set(DELETED, "no such kind")
    with pytest.raises(StoreUnavailable) as refused:
        await profiles.snapshot(["ann", "bob"], ["e1"])
    assert str(refused.value).startswith("Redis refuses: WRONGTYPE ")
    assert not [name for name in ("ann", "bob", "e1", "restock:") if name in str(refused.value)]


async def test_a_redis_that_forbids_the_rewriting_of_its_file_is_told_to_the_operator(
    redis, profiles, own_redis_url
):
    await profiles.commit([a_change(0, "e1")])
    await forget(profiles, "ann", Deletion(12, 34))
    redis.execute_command(
        "ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-bgrewriteaof"
    )
    url = own_redis_url.replace("//", "//limited:secret@")
    try:
        async with RedisProfiles.open(url, 2.0, 5.0, 3600, 4) as limited:
            with pytest.raises(StoreUnavailable, match="by hand; then DEL restock:remembered"):
                await limited.compact()
    finally:
        redis.execute_command("ACL", "DELUSER", "limited")
    assert redis.exists(REMEMBERED)


@pytest.mark.parametrize("key", [LEDGER, LOG, DELETED, REMEMBERED])
async def test_a_key_of_another_kind_fails_before_anything_is_deleted(redis, profiles, key):
    await profiles.commit([a_change(0, "e1")])
    redis.delete(key)
    redis.xadd(key, {"no such": "kind"})
    keys = sorted(redis.keys())
    with pytest.raises(StoreUnavailable, match=r"^Redis refuses: .*WRONGTYPE"):
        await profiles.forget("ann", Kept(1), log_of("ann"), Deletion(12, 34))
    assert sorted(redis.keys()) == keys


async def test_a_hundred_reads_at_once_get_each_their_own(profiles):
    users = [f"u{number}" for number in range(100)]
    await profiles.commit([a_change(user_id=user, profile=user.encode()) for user in users])
    found = await asyncio.gather(*map(profiles.read, users))
    assert [profile.decode() for profile in found] == users


async def test_other_errors_are_not_swallowed():
    with pytest.raises(ZeroDivisionError), answering():
        raise ZeroDivisionError
