"""A deletion between its first step and its last portion: nothing is seen of the user any more."""

import asyncio
from dataclasses import replace

import pytest

from restock.core.user_hash import user_hash
from services.profile_store import redis_deletions
from services.profile_store.redis_clients import Clients
from services.profile_store.redis_deletions import RedisDeletions
from services.profile_store.redis_profiles import RedisProfiles
from services.profile_store.repository import Forgotten, Snapshot
from tests.contracts.profile_repository import (
    NOTE,
    STORED,
    Kept,
    a_change,
    an_entry,
    forget,
    kept,
    known,
    log_of,
    logged,
    noted,
)

EVENTS = 1_200
"""Two portions of 500 and one of 200."""
IDS = [f"e{number}" for number in range(EVENTS)]
PART = (log_of("ann"), user_hash("ann"))


@pytest.fixture
async def profiles(redis, own_redis_url):
    """Ann has 1,200 events."""
    async with RedisProfiles.open(own_redis_url, 2.0, 5.0, 3600, 4) as profiles:
        await profiles.commit([a_change(0, *IDS)])
        yield profiles


@pytest.fixture
async def deletions(own_redis_url):
    """Another process."""
    async with Clients.open(own_redis_url, 2.0, 5.0) as clients:
        yield RedisDeletions(clients, asyncio.Semaphore(4))


@pytest.fixture
async def half(profiles, deletions):
    """The other process deletes Ann, and ends after the first of three portions."""
    assert await deletions.hide("ann", STORED, log_of("ann"), NOTE)
    assert await deletions.take_portion(PART)


async def test_from_the_first_step_on_nothing_is_seen_of_the_user(profiles, deletions):
    spans = await profiles.spans("", "", 9)
    await deletions.hide("ann", STORED, log_of("ann"), NOTE)
    assert await profiles.read("ann") is None
    assert await profiles.snapshot(["ann"], IDS) == Snapshot({"ann": Kept(2)}, set(), {"ann": NOTE})
    assert await profiles.entries(log_of("ann"), 0, 9) == []
    assert await profiles.entries_of(spans) == [[]]
    assert await noted(profiles) == {user_hash("ann"): NOTE}


async def test_a_portion_takes_500_events_and_their_marks(redis, profiles, half):
    assert redis.llen(f"restock:forgetting:{log_of('ann')}") == 700
    assert redis.exists(*(f"restock:event:{name}" for name in IDS)) == 700
    assert redis.exists("restock:remembered") == 0, "the file is written anew after the last one"


async def test_a_portion_ends_with_the_event_that_makes_a_megabyte_full(
    redis, profiles, deletions, monkeypatch
):
    monkeypatch.setattr(redis_deletions, "PORTION_BYTES", 3 * len("\2e0payload of e0"))
    await deletions.hide("ann", STORED, log_of("ann"), NOTE)
    assert await deletions.take_portion(PART)
    assert redis.llen(f"restock:forgetting:{log_of('ann')}") == EVENTS - 3


async def test_the_next_deletion_goes_on_and_tells_all_that_went(redis, profiles, half):
    assert await forget(profiles, "ann") == Forgotten(profiles=1, events=EVENTS, marks=EVENTS)
    check_nothing_is_left(redis)


async def test_the_next_start_goes_on_and_a_deletion_after_it_tells_all_that_went(
    redis, profiles, half
):
    assert await profiles.finish_deletions()
    check_nothing_is_left(redis)
    assert redis.smembers("restock:remembered") == {log_of("ann").encode()}
    assert await forget(profiles, "ann") == Forgotten(profiles=1, events=EVENTS, marks=EVENTS)


def check_nothing_is_left(redis):
    gone = [*redis.keys("restock:event:*"), *redis.keys("restock:forgetting*")]
    assert gone == redis.keys("restock:l*") == redis.keys("restock:profile:*") == []


async def test_who_is_deleted_again_before_the_end_gets_both_receipts(profiles, deletions):
    hidden = await deletions.hide("ann", STORED, log_of("ann"), NOTE)
    assert await deletions.take_portion(PART)
    assert await profiles.commit([replace(a_change(2, "back"), log_id="anew")]) == [True]
    again = await profiles.forget("ann", await kept(profiles), "anew", NOTE)
    assert again == Forgotten(profiles=1, events=1, marks=1)
    whole = Forgotten(profiles=1, events=EVENTS, marks=EVENTS)
    assert await deletions.receipt(user_hash("ann"), hidden) == whole
    assert await forget(profiles, "ann") == Forgotten(profiles=1, events=1, marks=1), "the latest"


async def test_two_processes_share_the_portions(redis, profiles, deletions, half):
    found = await asyncio.gather(forget(profiles, "ann"), deletions.finish())
    assert found[0] == Forgotten(profiles=1, events=EVENTS, marks=EVENTS)
    check_nothing_is_left(redis)
    assert redis.smembers("restock:remembered") == {log_of("ann").encode()}


async def test_who_comes_back_in_between_begins_anew_and_keeps_what_is_new(redis, profiles, half):
    # e1000 has still a mark of before; the new part of the log has another name.
    back = replace(a_change(2, "e1000", "new"), log_id="anew")
    assert await profiles.commit([back]) == [True]
    assert await profiles.finish_deletions()
    assert await kept(profiles) == Kept(3, b"ledger", b"profile")
    assert await known(profiles, *IDS, "new") == {"e1000", "new"}
    assert await profiles.entries("anew", 0, 9) == [an_entry("e1000"), an_entry("new")]
    found = await profiles.forget("ann", await kept(profiles), "anew", NOTE)
    assert found == Forgotten(profiles=1, events=2, marks=2)
    check_nothing_is_left(redis)


async def test_who_is_deleted_again_in_between_is_forgotten_twice(redis, profiles, half):
    await profiles.commit([replace(a_change(2, "new"), log_id="anew")])
    found = await profiles.forget("ann", await kept(profiles), "anew", NOTE)
    assert found == Forgotten(profiles=1, events=1, marks=1)
    check_nothing_is_left(redis)


async def test_an_event_id_is_free_for_another_user_in_between(profiles, half):
    assert await profiles.commit([a_change(0, "e1000", user_id="bob")]) == [True]
    await profiles.finish_deletions()
    assert await known(profiles, "e1000") == {"e1000"}
    assert await logged(profiles) == ["e1000"]
