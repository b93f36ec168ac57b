"""What every profile repository promises: inherit `ProfileRepositoryContract`, give both its fixtures."""

import asyncio
from dataclasses import replace

from restock.core.user_hash import user_hash
from services.profile_store.ledger import OrderPlace
from services.profile_store.repository import (
    Change,
    Deletion,
    Entry,
    Forgotten,
    Kept,
    ProfileRepository,
    Snapshot,
    Span,
)

NOTE = Deletion(micros=1_700_000_000_000_000, revision=7)
ODD_IDS = ("a b", "a:b", "{a}", "a*", "a%s\\n", "Ünï 牛奶 🥛", "x" * 128, "ü" * 64)
"""Whatever an id may be: 1 to 128 bytes of UTF-8 without control characters."""
ANY_BYTES = bytes(range(256)) * 3
STORED = Kept(1, b"ledger", b"profile")
"""What `a_change` of an unknown user leads to."""


def log_of(user_id: str) -> str:
    """Name a user's part of the log: of a tame alphabet, as the service's names are."""
    return user_hash(user_id)[:24]


def an_entry(event_id: str, payload: bytes | None = None) -> Entry:
    return Entry(event_id, f"payload of {event_id}".encode() if payload is None else payload)


def a_change(
    read_commit: int = 0,
    *event_ids: str,
    user_id: str = "ann",
    ledger: bytes = b"ledger",
    profile: bytes | None = b"profile",
    log_length: int = 0,
) -> Change:
    entries = tuple(an_entry(event_id) for event_id in event_ids)
    return Change(
        user_id=user_id,
        read_commit=read_commit,
        ledger=ledger,
        profile=profile,
        log_id=log_of(user_id) if entries else "",
        log_length=log_length,
        entries=entries,
    )


async def kept(profiles: ProfileRepository, user_id: str = "ann") -> Kept:
    return (await profiles.snapshot([user_id], [])).kept[user_id]


async def known(profiles: ProfileRepository, *event_ids: str) -> set[str]:
    return (await profiles.snapshot(["nobody"], event_ids)).known_events


async def logged(profiles: ProfileRepository) -> list[str]:
    """Event ids in the order accepted."""
    spans = await profiles.spans("", "", 10_000)
    return [entry.event_id for found in await profiles.entries_of(spans) for entry in found]


async def forget(profiles: ProfileRepository, user_id: str, note: Deletion = NOTE) -> Forgotten:
    forgotten = await profiles.forget(user_id, await kept(profiles, user_id), log_of(user_id), note)
    assert forgotten is not None
    return forgotten


async def noted(profiles: ProfileRepository) -> dict[str, Deletion]:
    """All deletions, by hash."""
    return {name: one async for portion in profiles.deletions() for name, one in portion}


class CommitContract:
    """Changes are stored whole or not at all."""

    async def test_of_an_unknown_user_nothing_is_kept(self, profiles):
        assert await profiles.read("nobody") is None
        assert await profiles.read_many(["nobody"]) == [None]
        assert await profiles.snapshot(["nobody"], ["e1"]) == Snapshot(
            {"nobody": Kept()}, set(), {}
        )

    async def test_a_change_is_read_back_with_its_events(self, profiles):
        assert await profiles.commit([a_change(0, "e1", "e2")]) == [True]
        assert await profiles.read("ann") == b"profile"
        assert await kept(profiles) == STORED
        assert await known(profiles, "e1", "e2", "e3") == {"e1", "e2"}
        assert await profiles.entries(log_of("ann"), 0, 9) == [an_entry("e1"), an_entry("e2")]

    async def test_no_change_stores_nothing(self, profiles):
        assert await profiles.commit([]) == []

    async def test_each_of_260_changes_grows_the_commit_by_1(self, profiles):
        for number in range(260):
            change = a_change(number, f"e{number}", log_length=number)
            assert await profiles.commit([change]) == [True]
        assert (await kept(profiles)).commit == 260

    async def test_a_change_without_a_profile_leaves_the_profile(self, profiles):
        await profiles.commit([a_change(0, "e1", profile=b"old")])
        await profiles.commit([a_change(1, "e2", ledger=b"new", profile=None, log_length=1)])
        assert await profiles.read("ann") == b"old"
        assert await kept(profiles) == Kept(2, b"new", b"old")

    async def test_a_change_without_events_adds_nothing_to_the_log(self, profiles):
        assert await profiles.commit([a_change(0), a_change(0, user_id="bob")]) == [True, True]
        assert await kept(profiles, "bob") == STORED
        assert await profiles.spans("", "", 9) == []

    async def test_a_change_from_another_commit_is_a_conflict_and_stores_nothing(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        for read_commit in (0, 2, 2**40):
            late = a_change(read_commit, "e2", ledger=b"late", profile=b"late", log_length=1)
            assert await profiles.commit([late]) == [False]
        assert await profiles.read("ann") == b"profile"
        assert await kept(profiles) == STORED
        assert await known(profiles, "e2") == set()
        assert await logged(profiles) == ["e1"]

    async def test_a_change_of_an_unknown_user_is_made_from_commit_0_only(self, profiles):
        assert await profiles.commit([a_change(1, "e1")]) == [False]
        assert await kept(profiles) == Kept()

    async def test_a_change_with_one_known_event_of_two_stores_neither(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        assert await profiles.commit([a_change(0, "e2", "e1", user_id="bob")]) == [False]
        assert await profiles.read("bob") is None
        assert await kept(profiles, "bob") == Kept()
        assert await known(profiles, "e2") == set()
        assert await logged(profiles) == ["e1"]

    async def test_of_two_changes_at_once_with_one_event_the_first_is_stored(self, profiles):
        changes = [a_change(0, "e1"), a_change(0, "e1", user_id="bob")]
        assert await profiles.commit(changes) == [True, False]
        assert await profiles.read("bob") is None

    async def test_one_users_conflict_leaves_the_others_changes(self, profiles):
        changes = [
            a_change(0, "e1", user_id="bob"), a_change(7, "e2"), a_change(0, user_id="eve"),
        ]  # fmt: skip
        assert await profiles.commit(changes) == [True, False, True]
        found = await profiles.read_many(["ann", "bob", "eve"])
        assert found == [None, b"profile", b"profile"]

    async def test_many_are_read_in_the_order_asked_and_twice_where_asked_twice(self, profiles):
        await profiles.commit([a_change(profile=b"a"), a_change(user_id="bob", profile=b"b")])
        assert await profiles.read_many(["bob", "nobody", "ann", "bob"]) == [b"b", None, b"a", b"b"]

    async def test_a_snapshot_tells_ledgers_known_events_and_deletions(self, profiles):
        await profiles.commit([a_change(0, "e1"), a_change(0, "e2", user_id="bob")])
        await forget(profiles, "bob")
        assert await profiles.snapshot(["ann", "bob"], ["e3", "e2", "e1"]) == Snapshot(
            {"ann": STORED, "bob": Kept(2)}, {"e1"}, {"bob": NOTE}
        )

    async def test_ids_may_be_of_any_script_and_128_bytes(self, profiles):
        for name in ODD_IDS:
            change = a_change(0, name, user_id=name, ledger=name.encode(), profile=name.encode())
            assert await profiles.commit([change]) == [True]
        assert await profiles.read_many(ODD_IDS) == [name.encode() for name in ODD_IDS]
        snapshot = await profiles.snapshot(ODD_IDS, ODD_IDS)
        assert snapshot.kept == {name: Kept(1, name.encode(), name.encode()) for name in ODD_IDS}
        assert snapshot.known_events == set(ODD_IDS)
        assert await logged(profiles) == list(ODD_IDS)

    async def test_what_is_kept_may_be_bytes_of_any_value(self, profiles):
        entries = (an_entry("e1", ANY_BYTES), an_entry("e2", b""), an_entry("e3", b"\0"))
        change = Change("ann", 0, ANY_BYTES, ANY_BYTES, log_id=log_of("ann"), entries=entries)
        await profiles.commit([change])
        await profiles.commit([a_change(0, user_id="bob", ledger=b"", profile=b"\r\n\0")])
        assert await profiles.read("ann") == ANY_BYTES
        assert await kept(profiles) == Kept(1, ANY_BYTES, ANY_BYTES)
        assert await profiles.entries(log_of("ann"), 0, 9) == list(entries)
        assert await profiles.read("bob") == b"\r\n\0"
        assert await kept(profiles, "bob") == Kept(1, b"", b"\r\n\0")

    async def test_of_eight_writers_at_once_one_wins(self, profiles):
        stored = await asyncio.gather(
            *(profiles.commit([a_change(0, f"e{n}", profile=b"%d" % n)]) for n in range(8))
        )
        (winner,) = (number for number, (whole,) in enumerate(stored) if whole)
        assert await profiles.read("ann") == b"%d" % winner
        assert await logged(profiles) == [f"e{winner}"]
        assert (await kept(profiles)).commit == 1

    async def test_of_eight_users_with_one_event_at_once_one_keeps_it(self, profiles):
        users = [f"u{number}" for number in range(8)]
        stored = await asyncio.gather(
            *(profiles.commit([a_change(0, "e1", user_id=user)]) for user in users)
        )
        assert sum(whole for (whole,) in stored) == 1
        assert await logged(profiles) == ["e1"]


class MarksContract:
    """Event ids are known for a while: `brief` is a repository that knows them for 1 second."""

    async def pass_seconds(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def test_an_event_is_known_until_the_window_ends_and_then_taken_again(self, brief):
        await brief.commit([a_change(0, "e1")])
        await self.pass_seconds(0.5)
        assert await known(brief, "e1") == {"e1"}
        assert await brief.commit([a_change(1, "e1", log_length=1)]) == [False]
        await self.pass_seconds(0.55)
        assert await known(brief, "e1") == set()
        assert await brief.commit([a_change(1, "e1", log_length=1)]) == [True]
        assert await logged(brief) == ["e1", "e1"]

    async def test_a_conflict_does_not_make_a_window_longer(self, brief):
        await brief.commit([a_change(0, "e1")])
        await self.pass_seconds(0.7)
        await brief.commit([a_change(1, "e1", log_length=1)])
        await self.pass_seconds(0.35)
        assert await known(brief, "e1") == set()

    async def test_only_events_and_no_profiles_end_with_the_window(self, brief):
        await brief.commit([a_change(0, "e1")])
        await self.pass_seconds(1.05)
        assert await brief.read("ann") == b"profile"
        assert await kept(brief) == STORED
        assert await logged(brief) == ["e1"]

    async def test_marks_that_are_gone_already_are_not_counted_as_forgotten(self, brief):
        await brief.commit([a_change(0, "e1", "e2")])
        await self.pass_seconds(1.05)
        await brief.commit([a_change(1, "e3", log_length=2)])
        assert await forget(brief, "ann") == Forgotten(profiles=1, events=3, marks=1)

    async def test_an_event_that_another_user_took_after_the_window_stays_known(self, brief):
        await brief.commit([a_change(0, "e1")])
        await self.pass_seconds(1.05)
        await brief.commit([a_change(0, "e1", user_id="bob")])
        assert await forget(brief, "ann") == Forgotten(profiles=1, events=1, marks=0)
        assert await known(brief, "e1") == {"e1"}


class LogContract:
    """The log is read in the order in which events were accepted."""

    async def three_changes(self, profiles) -> list[Span]:
        """Ann's e1 and e2, Bob's e3, Ann's e4."""
        await profiles.commit([a_change(0, "e1", "e2")])
        await profiles.commit([a_change(0, "e3", user_id="bob")])
        await profiles.commit([a_change(1, "e4", log_length=2)])
        return await profiles.spans("", "", 9)

    async def test_an_empty_log_has_no_spans(self, profiles):
        assert await profiles.spans("", "", 9) == []

    async def test_spans_come_in_order_across_users_and_say_where_their_events_are(self, profiles):
        spans = await self.three_changes(profiles)
        ann, bob = log_of("ann"), log_of("bob")
        assert [span[1:] for span in spans] == [(ann, 0, 2), (bob, 0, 1), (ann, 2, 1)]
        assert len({span.cursor for span in spans}) == 3
        assert await logged(profiles) == ["e1", "e2", "e3", "e4"]

    async def test_changes_of_one_call_are_in_the_order_given(self, profiles):
        users = [f"u{number}" for number in range(20)]
        await profiles.commit([a_change(0, f"e of {user}", user_id=user) for user in users])
        assert await logged(profiles) == [f"e of {user}" for user in users]

    async def test_reading_begins_behind_after_and_ends_with_up_to(self, profiles):
        first, second, third = await self.three_changes(profiles)
        assert await profiles.spans(first.cursor, "", 9) == [second, third]
        assert await profiles.spans("", second.cursor, 9) == [first, second]
        assert await profiles.spans(first.cursor, second.cursor, 9) == [second]
        assert await profiles.spans(second.cursor, second.cursor, 9) == []
        assert await profiles.spans(third.cursor, first.cursor, 9) == []
        assert await profiles.spans(third.cursor, "", 9) == []

    async def test_at_most_so_many_spans_are_read_at_once(self, profiles):
        first, second, third = await self.three_changes(profiles)
        assert await profiles.spans("", "", 2) == [first, second]
        assert await profiles.spans(first.cursor, third.cursor, 1) == [second]

    async def test_what_is_added_later_comes_behind_the_newest_cursor(self, profiles):
        *_, newest = await self.three_changes(profiles)
        await profiles.commit([a_change(0, "e5", user_id="eve")])
        (span,) = await profiles.spans(newest.cursor, "", 9)
        assert await profiles.entries_of([span]) == [[an_entry("e5")]]

    async def test_a_conflict_leaves_no_span(self, profiles):
        spans = await self.three_changes(profiles)
        await profiles.commit([a_change(0, "e9")])
        assert await profiles.spans("", "", 9) == spans

    async def test_a_part_of_the_log_is_read_from_a_place_on(self, profiles):
        await self.three_changes(profiles)
        log = log_of("ann")
        assert await profiles.entries(log, 1, 1) == [an_entry("e2")]
        assert await profiles.entries(log, 1, 9) == [an_entry("e2"), an_entry("e4")]
        assert await profiles.entries(log, 3, 9) == []
        assert await profiles.entries(log_of("nobody"), 0, 9) == []

    async def test_events_at_places_come_in_the_order_asked(self, profiles):
        await self.three_changes(profiles)
        ann, bob = log_of("ann"), log_of("bob")
        places = [(ann, 2), (bob, 0), (ann, 0), (bob, 1), (log_of("nobody"), 0)]
        wanted = [an_entry("e4"), an_entry("e3"), an_entry("e1"), None, None]
        assert await profiles.entries_at(places) == wanted
        assert await profiles.entries_at([]) == []

    async def test_the_spans_of_a_user_deleted_since_are_empty(self, profiles):
        spans = await self.three_changes(profiles)
        await forget(profiles, "ann")
        assert await profiles.spans("", "", 9) == spans
        assert await profiles.entries_of(spans) == [[], [an_entry("e3")], []]
        assert await profiles.entries_of([]) == []
        assert await profiles.entries_at([(log_of("ann"), 0)]) == [None]


class ForgetContract:
    """One user is forgotten whole, the others stay."""

    async def test_a_user_is_forgotten_and_the_other_stays(self, profiles):
        await profiles.commit([a_change(0, "e1", "e2"), a_change(0, "e3", user_id="bob")])
        assert await forget(profiles, "ann") == Forgotten(profiles=1, events=2, marks=2)
        assert await profiles.read_many(["ann", "bob"]) == [None, b"profile"]
        assert await kept(profiles) == Kept(2)
        assert await kept(profiles, "bob") == STORED
        assert await known(profiles, "e1", "e2", "e3") == {"e3"}
        assert await logged(profiles) == ["e3"]
        assert await noted(profiles) == {user_hash("ann"): NOTE}

    async def test_an_unknown_user_is_noted_as_well(self, profiles):
        assert await forget(profiles, "nobody") == Forgotten(0, 0, 0)
        assert (await profiles.snapshot(["nobody"], [])).deletions == {"nobody": NOTE}

    async def test_a_user_without_events_is_forgotten(self, profiles):
        await profiles.commit([a_change(0)])
        found = await profiles.forget("ann", STORED, "", NOTE)
        assert found == Forgotten(profiles=1, events=0, marks=0)
        assert await profiles.read("ann") is None

    async def test_a_user_with_only_impressions_has_no_profile_to_forget(self, profiles):
        await profiles.commit([a_change(0, "e1", profile=None)])
        assert await profiles.read("ann") is None
        assert await kept(profiles) == Kept(1, b"ledger")
        assert await forget(profiles, "ann") == Forgotten(profiles=0, events=1, marks=1)

    async def test_a_deletion_from_another_commit_is_a_conflict_and_changes_nothing(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        for commit in (0, 2):
            found = await profiles.forget("ann", Kept(commit, b"ledger"), log_of("ann"), NOTE)
            assert found is None
        assert await profiles.forget("bob", Kept(1, b""), log_of("bob"), NOTE) is None
        assert await profiles.read("ann") == b"profile"
        assert await known(profiles, "e1") == {"e1"}
        assert await logged(profiles) == ["e1"]
        assert await noted(profiles) == {}

    async def test_a_writer_under_way_conflicts_with_a_deletion(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        await forget(profiles, "ann")
        for read_commit in (0, 1):
            assert await profiles.commit([a_change(read_commit, "e2")]) == [False]
        assert await kept(profiles) == Kept(2)

    async def test_a_first_writer_under_way_conflicts_with_the_deletion_of_an_unknown_user(
        self, profiles
    ):
        await forget(profiles, "ann")
        assert await profiles.commit([a_change(0, "e1")]) == [False]
        assert await kept(profiles) == Kept(1)

    async def test_a_user_who_comes_back_begins_anew_and_the_deletion_stays_noted(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        await forget(profiles, "ann")
        assert await profiles.commit([a_change(2, "e2")]) == [True]
        assert await kept(profiles) == Kept(3, b"ledger", b"profile")
        assert (await profiles.snapshot(["ann"], [])).deletions == {"ann": NOTE}
        assert await forget(profiles, "ann") == Forgotten(profiles=1, events=1, marks=1)
        assert await kept(profiles) == Kept(4)

    async def test_of_two_deletions_of_a_user_the_later_is_noted(self, profiles):
        await forget(profiles, "ann")
        later = Deletion(NOTE.micros + 1, 9)
        await forget(profiles, "ann", later)
        assert await noted(profiles) == {user_hash("ann"): later}

    async def test_a_deletion_again_tells_what_the_one_before_it_took_away(self, profiles):
        await profiles.commit([a_change(0, "e1", "e2")])
        first = await forget(profiles, "ann")
        assert await forget(profiles, "ann") == first == Forgotten(profiles=1, events=2, marks=2)
        assert await forget(profiles, "bob") == Forgotten(0, 0, 0)
        await profiles.commit([a_change(3, "e3")])
        assert await forget(profiles, "ann") == Forgotten(profiles=1, events=1, marks=1)

    async def test_an_event_id_of_a_deleted_user_is_free_for_another_one(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        await forget(profiles, "ann")
        assert await profiles.commit([a_change(0, "e1", user_id="bob")]) == [True]
        assert await known(profiles, "e1") == {"e1"}

    async def test_nothing_is_left_to_finish_behind_a_deletion(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        await forget(profiles, "ann")
        assert not await profiles.finish_deletions()
        assert await forget(profiles, "ann") == Forgotten(profiles=1, events=1, marks=1)

    async def test_old_orders_are_forgotten_with_their_user(self, profiles):
        old = {2**64 - 1: OrderPlace(7, 17_500), 0: OrderPlace(0, 0)}
        await profiles.commit([replace(a_change(0, "e1"), old_orders=old)])
        await profiles.commit([a_change(0, "e2", user_id="bob")])
        names = [(log_of("ann"), 0), (log_of("ann"), 1), (log_of("ann"), 2**64 - 1),
                 (log_of("bob"), 0)]  # fmt: skip
        found = await profiles.old_orders(names)
        assert found == [OrderPlace(0, 0), None, OrderPlace(7, 17_500), None]
        assert await profiles.old_orders([]) == []
        await forget(profiles, "ann")
        assert await profiles.old_orders(names) == [None] * 4

    async def test_a_user_of_2500_events_is_forgotten_whole(self, profiles):
        ids = [f"e{number}" for number in range(2500)]
        await profiles.commit([a_change(0, *ids)])
        assert await forget(profiles, "ann") == Forgotten(profiles=1, events=2500, marks=2500)
        assert await known(profiles, *ids) == set()

    async def test_users_and_events_of_odd_ids_are_forgotten(self, profiles):
        for name in ODD_IDS:
            await profiles.commit([a_change(0, name, user_id=name)])
            assert await forget(profiles, name) == Forgotten(1, 1, 1)
        assert await known(profiles, *ODD_IDS) == set()
        assert await noted(profiles) == {user_hash(name): NOTE for name in ODD_IDS}

    async def test_of_eight_deletions_and_a_writer_at_once_nothing_is_left_by_half(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        before = await kept(profiles)
        *found, stored = await asyncio.gather(
            *(profiles.forget("ann", before, log_of("ann"), NOTE) for _ in range(8)),
            profiles.commit([a_change(1, "e2", log_length=1)]),
        )
        assert sum(one is not None for one in found) == (0 if stored == [True] else 1)
        assert await logged(profiles) == (["e1", "e2"] if stored == [True] else [])

    async def test_all_of_1100_deletions_are_given_out(self, profiles):
        users = [f"u{number}" for number in range(1100)]
        await asyncio.gather(*(profiles.forget(user, Kept(), log_of(user), NOTE) for user in users))
        assert await noted(profiles) == {user_hash(user): NOTE for user in users}

    async def test_no_deletions_are_given_out_where_there_are_none(self, profiles):
        assert await noted(profiles) == {}


class ProfileRepositoryContract(CommitContract, MarksContract, LogContract, ForgetContract):
    """All of it, over the fixtures `profiles` and `brief`."""

    async def test_compacting_keeps_everything(self, profiles):
        await profiles.commit([a_change(0, "e1")])
        await profiles.compact()
        assert await kept(profiles) == STORED
        assert await logged(profiles) == ["e1"]

    async def test_what_an_operator_should_change_is_told_in_sentences(self, profiles):
        assert all(isinstance(one, str) and one for one in await profiles.shortcomings())

    async def test_it_answers_a_ping(self, profiles):
        await profiles.ping()
