import pytest

from restock.errors import DeletedMeanwhile, StoreUnavailable
from services.profile_store.deleting import Rights
from services.profile_store.draft import Outcome, Verdict
from services.profile_store.events.convert import payload_of
from services.profile_store.ledger import Ledger
from services.profile_store.memory_profiles import MemoryProfiles
from services.profile_store.profile import profile_of
from services.profile_store.repository import Change, Deletion, Entry, Forgotten, Kept
from tests.unit.profile_store.shop import (
    CODEC,
    MICROS,
    NOON,
    kept_ledger,
    order_line,
    ordered,
    record,
    shown,
    viewed,
)

MEBIBYTE = 2**20


class Contested(MemoryProfiles):
    """Someone writes between the read and the deletion, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def forget(self, user_id, kept, log_id, deletion):
        if self.times:
            self.times -= 1
            await record(self, viewed(event_id=f"while deleting {self.times}"))
        return await super().forget(user_id, kept, log_id, deletion)


async def delete(profiles, user_id="ann", seconds=NOON, attempts=64):
    """Delete a user; what was taken away."""
    receipt = await Rights(profiles, CODEC, attempts).delete(user_id, seconds * MICROS)
    return receipt.forgotten


async def noted(profiles, user_id="ann"):
    return (await profiles.snapshot([user_id], [])).deletions.get(user_id)


async def test_a_deletion_takes_profile_events_and_their_ids():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"), viewed(event_id="e2"), shown("milk", event_id="e3"))
    assert await delete(profiles) == Forgotten(profiles=1, events=3, marks=3)
    snapshot = await profiles.snapshot(["ann"], ["event of o1", "e2", "e3"])
    assert (snapshot.kept["ann"].ledger, snapshot.known_events) == (b"", set())
    assert snapshot.deletions == {"ann": Deletion(NOON * MICROS, 2)}


async def test_another_user_is_not_touched():
    profiles = MemoryProfiles()
    await record(profiles, viewed(event_id="e1"), viewed(event_id="e2", user_id="bob"))
    before = (await profiles.snapshot(["bob"], ["e2"])).kept["bob"]
    await delete(profiles)
    after = await profiles.snapshot(["bob"], ["e2"])
    assert (after.kept["bob"], after.known_events) == (before, {"e2"})


async def test_an_event_id_that_another_user_took_up_after_7_days_stays_known():
    now = [0.0]
    profiles = MemoryProfiles(clock=lambda: now[0])
    await record(profiles, viewed(event_id="e1"))
    now[0] = 7 * 86_400
    await record(profiles, viewed(event_id="e1", user_id="bob"))
    assert await delete(profiles) == Forgotten(profiles=1, events=1, marks=0)
    (again,) = await record(profiles, viewed(event_id="e1", user_id="bob"))
    assert again.verdict is Verdict.DUPLICATE


async def test_a_user_with_impressions_only_has_no_profile_to_delete():
    profiles = MemoryProfiles()
    await record(profiles, shown("milk"))
    assert await delete(profiles) == Forgotten(profiles=0, events=1, marks=1)


async def test_an_unknown_user_is_noted_as_deleted():
    profiles = MemoryProfiles()
    assert await delete(profiles, "nobody") == Forgotten(0, 0, 0)
    assert await noted(profiles, "nobody") == Deletion(NOON * MICROS, 0)


async def test_a_second_deletion_keeps_revision_and_counts_of_the_first():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"), ordered("o2"), ordered("o3"))
    await delete(profiles)
    assert await delete(profiles, seconds=NOON + 5) == Forgotten(profiles=1, events=3, marks=3)
    assert await noted(profiles) == Deletion((NOON + 5) * MICROS, 3)


async def test_an_answer_that_was_lost_is_had_again_for_7_days_and_not_after_them():
    now = [0.0]
    profiles = MemoryProfiles(clock=lambda: now[0])
    await record(profiles, ordered("o1"), ordered("o2"))
    first = await delete(profiles)
    now[0] = 7 * 86_400 - 1
    assert await delete(profiles) == first == Forgotten(profiles=1, events=2, marks=2)
    now[0] += 1
    assert await delete(profiles) == Forgotten(0, 0, 0)


async def test_revisions_go_on_over_two_deletions():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"), ordered("o2"))
    await delete(profiles)
    back = [ordered("o1", seconds=NOON + 1), ordered("o2", seconds=NOON + 1)]
    assert await record(profiles, *back) == [
        Outcome(Verdict.ACCEPTED, 3),
        Outcome(Verdict.ACCEPTED, 4),
    ]
    await delete(profiles, seconds=NOON + 2)
    assert await record(profiles, viewed(seconds=NOON + 3)) == [Outcome(Verdict.ACCEPTED, 5)]


async def test_events_dated_ahead_of_the_clock_are_forgotten_with_the_others():
    profiles = MemoryProfiles()
    await record(profiles, viewed(event_id="e1"), viewed(event_id="e2", seconds=NOON + 60))
    receipt = await Rights(profiles, CODEC, 64).delete("ann", NOON * MICROS)
    assert receipt.deletion == Deletion((NOON + 60) * MICROS, 2)
    (again,) = await record(profiles, viewed(event_id="e2", seconds=NOON + 60))
    assert again.verdict is Verdict.REJECTED


async def test_a_second_deletion_keeps_events_dated_ahead_of_the_clock_forgotten():
    profiles = MemoryProfiles()
    await record(profiles, viewed(event_id="e1", seconds=NOON + 60))
    await delete(profiles)
    await delete(profiles, seconds=NOON + 1)
    (again,) = await record(profiles, viewed(event_id="e1", seconds=NOON + 60))
    assert again.verdict is Verdict.REJECTED


async def test_a_clock_that_went_back_does_not_take_a_deletion_back():
    profiles = MemoryProfiles()
    await delete(profiles, seconds=NOON + 60)
    await delete(profiles, seconds=NOON)
    (outcome,) = await record(profiles, viewed(seconds=NOON + 30))
    assert outcome.verdict is Verdict.REJECTED


async def test_a_deletion_is_tried_again_when_a_writer_comes_first():
    profiles = Contested(times=2)
    await record(profiles, viewed(event_id="e1"))
    assert await delete(profiles) == Forgotten(profiles=1, events=3, marks=3)
    assert (await kept_ledger(profiles)).log_id == ""


async def test_a_deletion_that_never_comes_first_gives_up():
    with pytest.raises(StoreUnavailable, match="came first 3 times"):
        await delete(Contested(times=99), attempts=3)


async def test_what_is_held_is_given_out_oldest_first():
    profiles = MemoryProfiles()
    rights = Rights(profiles, CODEC, 64)
    for n in range(3):
        await record(profiles, viewed(event_id=f"e{n}"))
    held = await rights.held("ann")
    assert held == (await profiles.snapshot(["ann"], [])).kept["ann"]
    found = [entry.event_id async for entries in rights.events(held) for entry in entries]
    assert found == ["e0", "e1", "e2"]


async def test_more_events_than_are_read_at_once_all_come():
    profiles = MemoryProfiles()
    await record(profiles, *(viewed(event_id=f"e{n}") for n in range(700)))
    await record(profiles, *(viewed(event_id=f"f{n}") for n in range(700)))
    rights = Rights(profiles, CODEC, 64)
    found = [
        entry async for entries in rights.events(await rights.held("ann")) for entry in entries
    ]
    assert [entry.event_id for entry in found[::700]] == ["e0", "f0"]
    assert len(found) == 1400


async def test_who_is_deleted_while_the_export_goes_on_is_not_exported_as_if_whole():
    profiles = MemoryProfiles()
    await record(profiles, *(viewed(event_id=f"e{n}") for n in range(700)))
    rights = Rights(profiles, CODEC, 64)
    portions = rights.events(await rights.held("ann"))
    first = await anext(portions)
    await delete(profiles)
    with pytest.raises(DeletedMeanwhile, match=f"deleted after {len(first)} of 700 events"):
        await anext(portions)


async def test_of_nobody_nothing_is_held():
    rights = Rights(MemoryProfiles(), CODEC, 64)
    held = await rights.held("nobody")
    assert held == Kept()
    assert [entries async for entries in rights.events(held)] == []


async def test_500_orders_of_1000_lines_are_cut_into_answers_that_may_be_sent():
    profiles, ledger = MemoryProfiles(), Ledger(log_id="log", log_length=500)
    lines = [order_line(f"product {n:04}", unit_price=n + 0.5) for n in range(1000)]
    entry = Entry("e", payload_of(ordered("o1", *lines)))
    body = CODEC.ledger_to(ledger, profile_of(ledger))
    await profiles.commit([Change("ann", 0, body, None, log_id="log", entries=(entry,) * 500)])
    rights = Rights(profiles, CODEC, 64)
    held = await rights.held("ann")
    sizes = [sum(map(json_size, entries)) async for entries in rights.events(held)]
    assert max(sizes) < 16 * MEBIBYTE, "RESTOCK_MAX_MESSAGE_MEBIBYTES is 16 by default"


def json_size(entry):
    """At least so many bytes: JSON is longer than what it is made from."""
    return len(entry.payload)
