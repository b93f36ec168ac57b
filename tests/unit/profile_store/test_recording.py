import asyncio

import pytest

from restock.errors import StoreUnavailable
from services.profile_store.convert import decoded, encoded
from services.profile_store.memory_profiles import MemoryProfiles
from services.profile_store.profiles import Outcome, Verdict
from services.profile_store.recording import Codec, Recorder
from tests.unit.profile_store.shop import DAY, an_order


def a_recorder(profiles, max_products=20_000, attempts=64):
    return Recorder(profiles, Codec(decoded, encoded), max_products, attempts)


class SlowProfiles(MemoryProfiles):
    """Lets others in between what it is asked, as a network does."""

    async def snapshot(self, user_ids, event_ids):
        await asyncio.sleep(0)
        found = await super().snapshot(user_ids, event_ids)
        await asyncio.sleep(0)
        return found


class ContestedProfiles(MemoryProfiles):
    """Someone else always comes first."""

    async def commit(self, changes):
        return [False for _ in changes]


async def test_each_event_has_its_revision():
    events = [an_order("e1", row=0), an_order("e2", "bob", row=1), an_order("e3", row=2)]
    assert await a_recorder(MemoryProfiles()).record(events) == {
        0: Outcome(Verdict.ACCEPTED, 1),
        1: Outcome(Verdict.ACCEPTED, 1),
        2: Outcome(Verdict.ACCEPTED, 2),
    }


async def test_the_same_id_twice_in_a_request_changes_nothing():
    profiles = MemoryProfiles()
    outcomes = await a_recorder(profiles).record([an_order("e1", row=0), an_order("e1", row=1)])
    assert outcomes[1] == Outcome(Verdict.DUPLICATE, 1)
    assert profiles.log == [b"e1"]


async def test_the_same_id_later_changes_nothing():
    profiles = MemoryProfiles()
    await a_recorder(profiles).record([an_order("e1")])
    before = await profiles.read("ann")
    outcomes = await a_recorder(profiles).record([an_order("e1", day=DAY + 3)])
    assert outcomes == {0: Outcome(Verdict.DUPLICATE, 1)}
    assert await profiles.read("ann") == before


async def test_an_id_is_one_events_whoever_it_is_of():
    profiles = MemoryProfiles()
    events = [an_order("e1", "ann", row=0), an_order("e1", "bob", row=1)]
    outcomes = await a_recorder(profiles).record(events)
    assert outcomes[0].verdict is Verdict.ACCEPTED
    assert outcomes[1] == Outcome(Verdict.DUPLICATE, 0)
    assert (await profiles.read("bob")).revision == 0


async def test_a_full_profile_rejects_the_row_and_takes_its_neighbours():
    events = [an_order("e1", row=4), an_order("e2", "bob", row=5)]
    outcomes = await a_recorder(MemoryProfiles(), max_products=0).record(events)
    error = outcomes[4].error
    assert error is not None
    assert error.field == "events[4].order.lines[0].product_id"
    assert outcomes[5].verdict is Verdict.REJECTED


async def test_eight_writers_at_once_lose_nothing():
    profiles = SlowProfiles()
    recorder = a_recorder(profiles)
    await asyncio.gather(*(recorder.record([an_order(f"e{n}")]) for n in range(8)))
    stored = await profiles.read("ann")
    assert stored.revision == 8
    assert decoded("ann", stored.body).units_milli == [8000]


async def test_a_writer_that_never_comes_first_gives_up():
    with pytest.raises(StoreUnavailable, match="came first 3 times"):
        await a_recorder(ContestedProfiles(), attempts=3).record([an_order("e1")])


async def test_nothing_to_record_is_nothing():
    assert await a_recorder(ContestedProfiles()).record([]) == {}
