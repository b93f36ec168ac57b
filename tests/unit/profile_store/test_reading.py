import pytest

from restock.errors import InvalidRequest
from services.profile_store.deleting import Rights
from services.profile_store.memory_profiles import MemoryProfiles
from services.profile_store.reading import (
    PORTION_BYTES,
    SPANS,
    check_cursor,
    cut,
    portions,
)
from services.profile_store.repository import Change, Entry, Span
from tests.unit.profile_store.shop import CODEC, MICROS, NOON, record, viewed


def a_span(number: int, length: int = 1) -> Span:
    return Span(f"{number}-0", "log", number - 1, length)


def an_entry(size: int, event_id: str = "e") -> Entry:
    return Entry(event_id, bytes(size))


async def read(profiles, after="", up_to=""):
    """Event ids and the cursor of each portion."""
    return [
        ([entry.event_id for entry in entries], cursor)
        async for entries, cursor in portions(profiles, after, up_to)
    ]


async def with_events(*calls: str) -> MemoryProfiles:
    """Views of Ann, one call after the other; ids parted by spaces."""
    profiles = MemoryProfiles()
    for ids in calls:
        await record(profiles, *(viewed(event_id=event_id) for event_id in ids.split()))
    return profiles


async def test_an_empty_log_has_no_portion():
    assert await read(MemoryProfiles()) == []


async def test_a_log_is_read_in_the_order_accepted_with_one_cursor():
    assert await read(await with_events("e1 e2", "e3")) == [(["e1", "e2", "e3"], "2-0")]


async def test_reading_goes_on_after_a_cursor_with_what_was_added_since():
    profiles = await with_events("e1", "e2")
    ((_, cursor),) = await read(profiles)
    assert await read(profiles, after=cursor) == []
    await record(profiles, viewed(event_id="e3"))
    assert await read(profiles, after=cursor) == [(["e3"], "3-0")]


async def test_reading_ends_with_a_cursor():
    profiles = await with_events("e1", "e2", "e3", "e4")
    assert await read(profiles, after="1-0", up_to="3-0") == [(["e2", "e3"], "3-0")]
    assert await read(profiles, after="3-0", up_to="3-0") == []
    assert await read(profiles, after="3-0", up_to="1-0") == []


async def test_events_of_users_deleted_since_are_missing_and_the_cursor_goes_on():
    profiles = await with_events("e1", "e2")
    await record(profiles, viewed(event_id="e3", user_id="bob"))
    await Rights(profiles, CODEC, 64).delete("bob", NOON * MICROS)
    assert await read(profiles) == [(["e1", "e2"], "3-0")]
    await Rights(profiles, CODEC, 64).delete("ann", NOON * MICROS)
    assert await read(profiles) == [([], "3-0")]


async def test_more_spans_than_are_read_at_once_all_come_once():
    profiles = MemoryProfiles()
    for n in range(2 * SPANS + 1):
        entries = (Entry(f"e{n}", b"x"),)
        change = Change("ann", n, b"x", None, log_id="log", log_length=n, entries=entries)
        assert await profiles.commit([change]) == [True]
    found = await read(profiles)
    assert [event_id for ids, _ in found for event_id in ids] == [f"e{n}" for n in range(1001)]
    assert [cursor for _, cursor in found] == [
        "200-0", "400-0", "500-0", "700-0", "900-0", "1000-0", "1001-0",
    ]  # fmt: skip


async def test_what_comes_while_reading_is_read_as_well():
    profiles, found = await with_events("e1"), []
    async for entries, _ in portions(profiles, "", ""):
        found += [entry.event_id for entry in entries]
        if len(found) < 3:
            await record(profiles, viewed(event_id=f"e{len(found) + 1}"))
    assert found == ["e1", "e2", "e3"]


async def test_reading_up_to_a_cursor_leaves_out_what_comes_meanwhile():
    profiles, found = await with_events("e1"), []
    async for entries, _ in portions(profiles, "", "1-0"):
        found += [entry.event_id for entry in entries]
        await record(profiles, viewed(event_id="e2"))
    assert found == ["e1"]


def test_portions_are_cut_before_a_million_bytes_are_exceeded():
    half = PORTION_BYTES // 2 - 1
    spans = [a_span(n) for n in (1, 2, 3, 4)]
    found = cut(spans, [[an_entry(half)], [an_entry(half)], [an_entry(1)], [an_entry(half)]])
    assert [(len(one.entries), one.cursor) for one in found] == [(2, "2-0"), (2, "4-0")]


def test_what_is_larger_than_a_portion_comes_alone():
    spans = [a_span(n) for n in (1, 2, 3)]
    found = cut(spans, [[an_entry(1)], [an_entry(PORTION_BYTES + 1)], [an_entry(1)]])
    assert [(len(one.entries), one.cursor) for one in found] == [(1, "1-0"), (1, "2-0"), (1, "3-0")]


def test_events_of_one_span_are_not_parted():
    many = [an_entry(PORTION_BYTES // 2)] * 3
    (one,) = cut([a_span(1, 3)], [many])
    assert (len(one.entries), one.cursor) == (3, "1-0")


def test_ids_count_towards_the_size_of_a_portion():
    spans = [a_span(n) for n in range(1, SPANS + 1)]
    found = cut(spans, [[an_entry(20, "x" * 128)] * 100] * SPANS)
    assert max(sum(len(e.event_id) + len(e.payload) for e in one.entries) for one in found) <= (
        PORTION_BYTES
    )


@pytest.mark.parametrize("cursor", ["", "0-0", "1700000000000-5", "9" * 18 + "-" + "9" * 18])
def test_a_cursor_is_two_numbers_or_nothing(cursor):
    assert check_cursor(cursor, "after") == cursor


@pytest.mark.parametrize(
    "cursor", ["x", "1", "1-", "-1", "1-2-3", "(1-0", "1-0\n", " 1-0", "+", "9" * 21 + "-0"]
)
def test_what_is_no_cursor_is_refused(cursor):
    with pytest.raises(InvalidRequest) as error:
        check_cursor(cursor, "up_to")
    assert error.value.field == "up_to"
