"""What every profile repository promises. A test class inherits it and gives the fixture `profiles`."""

import asyncio

from services.profile_store.profiles import Change, OrderEvent, ProfileRepository, Stored


def an_event(event_id: str, user_id: str = "ann") -> OrderEvent:
    return OrderEvent(0, event_id, user_id, 17_500, (), f"payload of {event_id}".encode())


def a_change(read_revision: int, body: bytes, *event_ids: str, user_id: str = "ann") -> Change:
    events = tuple(an_event(event_id, user_id) for event_id in event_ids)
    return Change(user_id, read_revision, body, events)


class ProfileRepositoryContract:
    async def logged(self, profiles: ProfileRepository) -> list[bytes]:
        """Read the log: each adapter keeps it its own way."""
        raise NotImplementedError

    async def test_an_unknown_user_is_revision_0_without_a_body(self, profiles):
        assert await profiles.read("nobody") == Stored(0, b"")

    async def test_a_change_is_read_back_and_logged(self, profiles):
        assert await profiles.commit([a_change(0, b"milk", "e1", "e2")]) == [True]
        assert await profiles.read("ann") == Stored(2, b"milk")
        assert await self.logged(profiles) == [b"payload of e1", b"payload of e2"]

    async def test_no_change_stores_nothing(self, profiles):
        assert await profiles.commit([]) == []

    async def test_a_change_of_another_revision_is_a_conflict_and_stores_nothing(self, profiles):
        await profiles.commit([a_change(0, b"milk", "e1")])
        assert await profiles.commit([a_change(0, b"bread", "e2")]) == [False]
        assert await profiles.read("ann") == Stored(1, b"milk")
        assert await self.logged(profiles) == [b"payload of e1"]
        assert (await profiles.snapshot(["ann"], ["e2"])).known_events == set()

    async def test_a_change_with_a_known_event_stores_nothing(self, profiles):
        await profiles.commit([a_change(0, b"milk", "e1")])
        assert await profiles.commit([a_change(0, b"tea", "e2", "e1", user_id="bob")]) == [False]
        assert await profiles.read("bob") == Stored()
        assert await self.logged(profiles) == [b"payload of e1"]

    async def test_one_users_conflict_leaves_the_others_change(self, profiles):
        changes = [a_change(7, b"milk", "e1"), a_change(0, b"tea", "e2", user_id="bob")]
        assert await profiles.commit(changes) == [False, True]
        assert await profiles.read_many(["ann", "bob"]) == [Stored(), Stored(1, b"tea")]

    async def test_many_are_read_in_the_order_asked_and_twice_where_asked_twice(self, profiles):
        await profiles.load([("ann", b"a"), ("bob", b"b")], replace=False)
        found = await profiles.read_many(["bob", "nobody", "ann", "bob"])
        assert found == [Stored(1, b"b"), Stored(), Stored(1, b"a"), Stored(1, b"b")]

    async def test_a_snapshot_tells_profiles_and_known_events(self, profiles):
        await profiles.commit([a_change(0, b"milk", "e1")])
        snapshot = await profiles.snapshot(["ann", "bob"], ["e2", "e1"])
        assert snapshot.profiles == {"ann": Stored(1, b"milk"), "bob": Stored()}
        assert snapshot.known_events == {"e1"}

    async def test_loading_keeps_what_exists(self, profiles):
        await profiles.commit([a_change(0, b"milk", "e1")])
        assert await profiles.load([("ann", b"old"), ("bob", b"b")], replace=False) == 1
        assert await profiles.read_many(["ann", "bob"]) == [Stored(1, b"milk"), Stored(1, b"b")]

    async def test_a_user_loaded_twice_at_once_counts_once(self, profiles):
        assert await profiles.load([("ann", b"a"), ("ann", b"b")], replace=False) == 1
        assert await profiles.read("ann") == Stored(1, b"a")

    async def test_replacing_grows_the_revision_so_that_a_writer_under_way_notices(self, profiles):
        await profiles.load([("ann", b"a")], replace=True)
        assert await profiles.read("ann") == Stored(1, b"a")
        assert await profiles.load([("ann", b"b")], replace=True) == 1
        assert await profiles.read("ann") == Stored(2, b"b")
        assert await profiles.commit([a_change(1, b"c", "e1")]) == [False]

    async def test_revisions_grow_beyond_a_byte(self, profiles):
        for number in range(300):
            assert await profiles.commit([a_change(number, b"x", f"e{number}")]) == [True]
        await profiles.load([("ann", b"y")], replace=True)
        assert await profiles.read("ann") == Stored(301, b"y")

    async def test_bodies_are_bytes_of_any_value(self, profiles):
        body = bytes(range(256)) * 3
        await profiles.load([("ann", body), ("bob", b"")], replace=False)
        assert await profiles.read("ann") == Stored(1, body)
        assert await profiles.read("bob") == Stored(1, b"")

    async def test_ids_may_hold_spaces_colons_braces_and_other_scripts(self, profiles):
        for user in ("a b", "a:b", "{a}", "Ünï 牛奶", "a*"):
            await profiles.load([(user, user.encode())], replace=False)
            assert (await profiles.read(user)).body == user.encode()

    async def test_of_two_writers_at_once_one_wins(self, profiles):
        stored = await asyncio.gather(
            *(profiles.commit([a_change(0, bytes([n]), f"e{n}")]) for n in range(8))
        )
        assert sum(one for (one,) in stored) == 1
        assert (await profiles.read("ann")).revision == 1

    async def test_it_answers_a_ping(self, profiles):
        await profiles.ping()
