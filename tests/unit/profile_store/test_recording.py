import asyncio
from zoneinfo import ZoneInfo

import pytest

from restock.errors import StoreUnavailable
from services.profile_store.bounds import Bounds
from services.profile_store.deleting import Rights
from services.profile_store.draft import Outcome, Verdict
from services.profile_store.events.calendar import Calendar
from services.profile_store.importing import History, Loaded
from services.profile_store.ledger import Cell
from services.profile_store.memory_profiles import MemoryProfiles
from services.profile_store.profile import profile_of
from services.profile_store.recording import Recorder, by_user, named_log
from services.profile_store.user_locks import UserLocks
from services.profile_store.wiring import codec_of
from tests.unit.profile_store.shop import (
    CODEC,
    DAY,
    MICROS,
    NOON,
    SECONDS_A_DAY,
    a_recorder,
    an_event,
    an_importer,
    cells,
    events_of,
    kept_ledger,
    order_line,
    ordered,
    record,
    returned,
    shown,
    viewed,
)

ACCEPTED, DUPLICATE, REJECTED = Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.REJECTED


class SlowProfiles(MemoryProfiles):
    """Lets others in between what it is asked, as a network does."""

    async def snapshot(self, user_ids, event_ids):
        await asyncio.sleep(0)
        found = await super().snapshot(user_ids, event_ids)
        await asyncio.sleep(0)
        return found


class Contested(MemoryProfiles):
    """Someone else always comes first."""

    async def commit(self, changes):
        return [False for _ in changes]


class Interrupted(MemoryProfiles):
    """Another comes between the first read of a write and its commit."""

    def __init__(self, meanwhile):
        super().__init__()
        self.meanwhile = meanwhile

    async def snapshot(self, user_ids, event_ids):
        found = await super().snapshot(user_ids, event_ids)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile(self)
        return found


async def logged(profiles):
    """Event ids in the order accepted."""
    spans = await profiles.spans("", "", 1000)
    return [entry.event_id for found in await profiles.entries_of(spans) for entry in found]


async def delete(profiles, user_id="ann", seconds=NOON):
    return await Rights(profiles, CODEC, 64).delete(user_id, seconds * MICROS)


async def test_each_event_has_its_revision():
    events = [an_event("e1", row=0), an_event("e2", row=1, user_id="bob"), an_event("e3", row=2)]
    assert await a_recorder(MemoryProfiles()).record(events) == {
        0: Outcome(ACCEPTED, 1),
        1: Outcome(ACCEPTED, 1),
        2: Outcome(ACCEPTED, 2),
    }


async def test_nothing_to_record_is_nothing():
    assert await a_recorder(Contested()).record([]) == {}


async def test_the_same_id_twice_in_a_request_is_logged_once():
    profiles = MemoryProfiles()
    outcomes = await record(profiles, viewed(event_id="e1"), viewed("tea", event_id="e1"))
    assert outcomes == [Outcome(ACCEPTED, 1), Outcome(DUPLICATE, 1)]
    assert await logged(profiles) == ["e1"]


async def test_the_same_id_later_changes_nothing():
    profiles = MemoryProfiles()
    await record(profiles, viewed(event_id="e1"))
    before = await profiles.read("ann")
    assert await record(profiles, ordered("o1", event_id="e1")) == [Outcome(DUPLICATE, 1)]
    assert await profiles.read("ann") == before


async def test_an_id_is_one_events_whoever_it_is_of():
    profiles = MemoryProfiles()
    events = [viewed(event_id="e1"), viewed(event_id="e1", user_id="bob")]
    assert await record(profiles, *events) == [Outcome(ACCEPTED, 1), Outcome(DUPLICATE, 0)]
    assert await profiles.read("bob") is None


async def test_an_id_that_one_user_was_refused_is_taken_for_the_next():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"))
    events = [
        ordered("o1", order_line("tea"), event_id="e1"), viewed(event_id="e1", user_id="bob")
    ]  # fmt: skip
    refused, taken = await record(profiles, *events)
    assert (refused.verdict, taken) == (REJECTED, Outcome(ACCEPTED, 1))


async def test_an_order_that_was_recorded_is_found_again_in_the_log():
    profiles = MemoryProfiles()
    await record(profiles, viewed(event_id="e1"), ordered("o1"))
    same = ordered("o1", event_id="e2")
    other = ordered("o1", order_line(quantity=3), event_id="e3")
    duplicate, rejected = await record(profiles, same, other)
    assert duplicate == Outcome(DUPLICATE, 2)
    assert rejected.error.field == "order.order_id"
    assert await logged(profiles) == ["e1", "event of o1"]


async def test_a_return_finds_its_order_in_the_log():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1", order_line("milk", 2, 1.5), order_line("tea", 3, 1)))
    await record(profiles, returned("o1", 1, line=1))
    assert cells(await kept_ledger(profiles)) == {
        "milk": {DAY: (2000, 3000)}, "tea": {DAY: (2000, 2000)}
    }  # fmt: skip


async def test_an_order_of_another_user_is_another_order():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"))
    (outcome,) = await record(profiles, ordered("o1", event_id="e2", user_id="bob"))
    assert outcome == Outcome(ACCEPTED, 1)


async def test_a_rejected_row_stores_nothing_and_leaves_its_neighbours():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"))
    events = [
        ordered("o1", order_line("tea"), event_id="e1"),
        viewed(event_id="e2"),
        viewed(event_id="e3", user_id="bob"),
    ]
    found = await record(profiles, *events)
    assert [one.verdict for one in found] == [REJECTED, ACCEPTED, ACCEPTED]
    assert found[0].revision == 0
    assert await logged(profiles) == ["event of o1", "e2", "e3"]


async def test_impressions_are_logged_and_write_no_profile():
    profiles = MemoryProfiles()
    assert await record(profiles, shown("milk", event_id="e1")) == [Outcome(ACCEPTED, 0)]
    assert await profiles.read("ann") is None
    assert await logged(profiles) == ["e1"]


async def test_an_impression_leaves_the_bytes_of_a_profile():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"))
    before = await profiles.read("ann")
    await record(profiles, shown("milk", event_id="e2"))
    assert await profiles.read("ann") == before


async def test_a_users_events_of_one_request_are_logged_in_the_order_sent():
    profiles = MemoryProfiles()
    users = ["ann", "bob", "ann", "bob", "ann"]
    await record(profiles, *(viewed(event_id=f"e{n}", user_id=u) for n, u in enumerate(users)))
    assert await logged(profiles) == ["e0", "e2", "e4", "e1", "e3"]


async def test_eight_writers_at_once_lose_nothing():
    profiles = SlowProfiles()
    recorder = a_recorder(profiles)
    await asyncio.gather(*(recorder.record(events_of([ordered(f"o{n}")])) for n in range(8)))
    ledger = await kept_ledger(profiles)
    assert (ledger.revision, ledger.log_length, len(ledger.orders)) == (8, 8, 8)
    assert cells(ledger) == {"milk": {DAY: (16_000, 24_000)}}


async def test_of_eight_writers_with_one_event_one_stores_it():
    profiles = SlowProfiles()
    recorder = a_recorder(profiles)
    found = await asyncio.gather(*(recorder.record(events_of([viewed()])) for _ in range(8)))
    assert sorted(one[0].verdict.value for one in found) == ["accepted"] + ["duplicate"] * 7
    assert (await kept_ledger(profiles)).log_length == 1


async def test_of_two_writers_with_other_orders_under_one_number_one_is_refused():
    profiles = SlowProfiles()
    orders = [ordered("o1", event_id="e1"), ordered("o1", order_line("tea"), event_id="e2")]
    recorder = a_recorder(profiles)
    found = await asyncio.gather(*(recorder.record(events_of([one])) for one in orders))
    assert sorted(one[0].verdict.value for one in found) == ["accepted", "rejected"]


async def test_a_return_that_overtakes_its_order_meets_it_all_the_same():
    async def order_first(profiles):
        await record(profiles, ordered("o1", order_line("milk", 3, 1)))

    profiles = Interrupted(order_first)
    assert await record(profiles, returned("o1", 1)) == [Outcome(ACCEPTED, 2)]
    assert cells(await kept_ledger(profiles)) == {"milk": {DAY: (2000, 2000)}}


async def test_only_the_user_whose_write_was_lost_is_tried_again():
    async def bob_first(profiles):
        await record(profiles, viewed("tea", event_id="first", user_id="bob"))

    profiles = Interrupted(bob_first)
    events = [viewed(event_id="e1"), viewed(event_id="e2", user_id="bob")]
    assert await record(profiles, *events) == [Outcome(ACCEPTED, 1), Outcome(ACCEPTED, 2)]
    assert await logged(profiles) == ["first", "e1", "e2"]


async def test_an_event_that_another_stored_meanwhile_is_a_duplicate():
    async def same_first(profiles):
        await record(profiles, viewed(event_id="e1"))

    profiles = Interrupted(same_first)
    found = await record(profiles, viewed(event_id="e1"), viewed("tea", event_id="e2"))
    assert found == [Outcome(DUPLICATE, 1), Outcome(ACCEPTED, 2)]
    assert await logged(profiles) == ["e1", "e2"]


class CountedReads(SlowProfiles):
    """Says how often a writer had to read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def snapshot(self, user_ids, event_ids):
        self.reads += 1
        return await super().snapshot(user_ids, event_ids)


async def test_eight_writers_of_one_user_take_turns_and_none_has_to_read_again():
    profiles = CountedReads()
    recorder = a_recorder(profiles)
    calls = [recorder.record(events_of([viewed(event_id=f"e{number}")])) for number in range(8)]
    outcomes = await asyncio.gather(*calls)
    assert {found[0].verdict for found in outcomes} == {Verdict.ACCEPTED}
    assert profiles.reads == 8
    assert len(await logged(profiles)) == 8


async def test_writers_of_the_same_users_in_another_order_do_not_wait_in_a_circle():
    profiles = CountedReads()
    recorder = a_recorder(profiles)
    calls = [
        recorder.record(
            events_of([viewed(event_id=f"{user} {number}", user_id=user) for user in users])
        )
        for number, users in enumerate((("ann", "bob"), ("bob", "ann")) * 4)
    ]
    async with asyncio.timeout(5):
        await asyncio.gather(*calls)
    assert profiles.reads == 8


class Hanging(CountedReads):
    """Does not answer the first time, and takes its time to show it."""

    async def snapshot(self, user_ids, event_ids):
        found = await super().snapshot(user_ids, event_ids)
        if self.reads == 1:
            await asyncio.sleep(0.01)
            raise StoreUnavailable("Redis does not answer")
        return found


async def test_who_waits_behind_a_writer_that_got_no_answer_is_told_so_at_once_and_the_next_asks_anew():
    profiles = Hanging()
    recorder = a_recorder(profiles)
    calls = [recorder.record(events_of([viewed(event_id=f"e{number}")])) for number in range(8)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [str(found) for found in outcomes] == ["Redis does not answer"] * 8
    assert profiles.reads == 1
    await recorder.record(events_of([viewed(event_id="e8")]))
    assert await logged(profiles) == ["e8"]


async def test_a_writer_that_gives_up_waiting_keeps_nobody_from_writing():
    profiles = CountedReads()
    recorder = a_recorder(profiles)
    first = asyncio.create_task(recorder.record(events_of([viewed(event_id="e1")])))
    second = asyncio.create_task(recorder.record(events_of([viewed(event_id="e2")])))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    async with asyncio.timeout(5):
        await recorder.record(events_of([viewed(event_id="e3")]))
    assert await logged(profiles) == ["e1", "e3"]


async def test_a_writer_that_never_comes_first_gives_up():
    with pytest.raises(StoreUnavailable, match="came first 3 times"):
        await a_recorder(Contested(), attempts=3).record([an_event("e1")])


async def test_a_deletion_between_read_and_write_is_not_undone():
    async def deleted(profiles):
        await delete(profiles)

    profiles = Interrupted(None)
    await record(profiles, ordered("o1"))
    profiles.meanwhile = deleted
    (outcome,) = await record(profiles, viewed("tea"))
    assert outcome.verdict is REJECTED
    assert await profiles.read("ann") is None


async def test_a_deletion_of_a_user_not_yet_known_is_not_undone_by_a_write_under_way():
    async def deleted(profiles):
        await delete(profiles)

    profiles = Interrupted(deleted)
    (outcome,) = await record(profiles, ordered("o1"))
    assert outcome.verdict is REJECTED
    assert await profiles.read("ann") is None


async def test_a_deletion_of_a_user_not_yet_known_is_not_undone_by_an_import_under_way():
    async def deleted(profiles):
        await delete(profiles)

    profiles, loaded = Interrupted(deleted), Loaded()
    history = History("histories[0]", "ann", {"milk": {DAY: Cell(1000, 0)}})
    await an_importer(profiles).load([history], False, loaded)
    assert loaded == Loaded(deleted=1)
    assert await profiles.read("ann") is None


async def test_a_user_who_was_deleted_and_came_back_meanwhile_keeps_nothing_from_before():
    async def deleted_and_back(profiles):
        await delete(profiles)
        await record(profiles, viewed("ham", event_id="back", seconds=NOON + 1))

    profiles = Interrupted(None)
    await record(profiles, ordered("o1"))
    profiles.meanwhile = deleted_and_back
    await record(profiles, viewed("tea", event_id="late", seconds=NOON + 2))
    ledger = await kept_ledger(profiles)
    assert (ledger.cells, sorted(ledger.views), ledger.log_length) == ({}, ["ham", "tea"], 2)


def test_the_second_user_of_an_id_waits_for_the_first():
    events = [an_event("e1", row=0), an_event("e1", row=1, user_id="bob"),
              an_event("e2", row=2, user_id="bob"), an_event("e1", row=3)]  # fmt: skip
    now, later = by_user(events)
    assert {user: [event.row for event in own] for user, own in now.items()} == {
        "ann": [0, 3], "bob": [2]
    }  # fmt: skip
    assert [event.row for event in later] == [1]


async def test_a_users_part_of_the_log_has_a_name_of_24_digits_for_ever():
    profiles = MemoryProfiles()
    await record(profiles, viewed(event_id="e1"))
    name = (await kept_ledger(profiles)).log_id
    await record(profiles, viewed(event_id="e2"))
    assert (await kept_ledger(profiles)).log_id == name
    assert len(name) == 24


async def test_a_deleted_user_who_comes_back_has_a_log_of_another_name():
    profiles = MemoryProfiles()
    await record(profiles, viewed())
    name = (await kept_ledger(profiles)).log_id
    await delete(profiles)
    await record(profiles, viewed(event_id="e2", seconds=NOON + 1))
    assert (await kept_ledger(profiles)).log_id != name


async def test_a_log_that_has_a_name_keeps_it():
    profiles = MemoryProfiles()
    await record(profiles, viewed())
    ledger = await kept_ledger(profiles)
    assert named_log(ledger) is ledger


async def test_a_return_finds_its_orders_day_also_when_the_shops_time_zone_changed_since():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1", order_line("milk", 2), seconds=NOON + 6 * 3600))
    tokyo = codec_of(Calendar(ZoneInfo("Asia/Tokyo"), 86_400))
    recorder = Recorder(profiles, tokyo, Bounds(), 8, UserLocks())
    await recorder.record(events_of([returned("o1", 2.0)]))
    assert profile_of(await kept_ledger(profiles)).product_ids == []


async def test_others_have_their_turn_while_a_thousand_users_events_are_recorded():
    turns, views = 0, [viewed(event_id=f"e{n}", user_id=f"u{n}") for n in range(1000)]

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count())
    await record(MemoryProfiles(), *views)
    counting.cancel()
    assert turns > 3


async def test_an_order_that_the_ledger_has_forgotten_is_still_recorded_once():
    profiles, two = MemoryProfiles(), Bounds(orders=2)
    days = [ordered(f"o{day}", seconds=NOON + day * SECONDS_A_DAY) for day in range(4)]
    await record(profiles, *days, bounds=two)
    before = await profiles.snapshot(["ann"], [])
    assert len((await kept_ledger(profiles)).orders) == 2
    again = [ordered(f"o{day}", seconds=NOON + day * SECONDS_A_DAY, event_id=f"again {day}")
             for day in range(4)]  # fmt: skip
    outcomes = await record(profiles, *again, bounds=two)
    assert outcomes == [Outcome(Verdict.DUPLICATE, 4)] * 4
    (other,) = await record(profiles, ordered("o0", order_line("tea"), event_id="x"), bounds=two)
    assert (other.verdict, other.error.field) == (Verdict.REJECTED, "order.order_id")
    assert await profiles.snapshot(["ann"], []) == before


async def test_an_order_older_than_all_that_the_ledger_remembers_is_recorded_once_in_the_log():
    profiles, two = MemoryProfiles(), Bounds(orders=2)
    days = [ordered(f"o{day}", seconds=NOON + day * SECONDS_A_DAY) for day in range(3)]
    await record(profiles, *days, bounds=two)
    older = ordered("older", seconds=NOON - SECONDS_A_DAY)
    again = ordered("older", seconds=NOON - SECONDS_A_DAY, event_id="again")
    cells = (await kept_ledger(profiles)).cells
    assert await record(profiles, older, bounds=two) == [Outcome(Verdict.ACCEPTED, 4)]
    assert await record(profiles, again, bounds=two) == [Outcome(Verdict.DUPLICATE, 4)]
    ledger = await kept_ledger(profiles)
    assert (ledger.cells, ledger.log_length) == (cells, 4)
