import asyncio

from restock.errors import StoreFull, StoreUnavailable
from services.profile_store.compaction import Compaction
from services.profile_store.memory_profiles import MemoryProfiles


class CountingProfiles(MemoryProfiles):
    """Counts how often it was asked; does not answer the first times, then has nothing to do."""

    def __init__(self, failures: int = 0, idle: int = 0) -> None:
        super().__init__()
        self.idle = idle
        self.asked = 0
        self.failures = failures

    async def compact(self):
        self.asked += 1
        if self.asked <= self.failures:
            raise StoreUnavailable("Redis does not answer")
        return self.asked > self.failures + self.idle


class HalfDeleted(CountingProfiles):
    """An earlier process left so many deletions half done; it does not answer the first times."""

    def __init__(self, left: int, silent: int = 0) -> None:
        super().__init__(idle=0)
        self.left = left
        self.silent = silent

    async def finish_deletions(self):
        if self.silent:
            self.silent -= 1
            raise StoreUnavailable("Redis does not answer")
        found, self.left = self.left, 0
        return bool(found)


async def times_asked(profiles: CountingProfiles, times: int) -> None:
    async with asyncio.timeout(5):
        while profiles.asked < times:
            await asyncio.sleep(0.001)


async def test_it_is_asked_once_at_the_start_for_what_an_earlier_process_left_and_then_within_an_hour():
    profiles = CountingProfiles()
    async with Compaction(profiles, 3600).running():
        await asyncio.sleep(0.02)
    assert profiles.asked == 1


async def test_what_other_processes_leave_is_looked_for_without_being_asked():
    profiles = HalfDeleted(left=0)
    async with Compaction(profiles, 0.001).running(), asyncio.timeout(5):
        await times_asked(profiles, 5)
        profiles.left = 1
        while profiles.left:
            await asyncio.sleep(0.001)


async def test_deletions_within_an_hour_share_the_next_one():
    profiles = CountingProfiles()
    async with Compaction(profiles, 3600).running() as compaction:
        compaction.want()
        await times_asked(profiles, 1)
        for _ in range(10):
            compaction.want()
        await asyncio.sleep(0.02)
        assert profiles.asked == 1


async def test_what_is_wanted_during_the_pause_is_asked_after_it():
    profiles = CountingProfiles()
    async with Compaction(profiles, 0.02).running() as compaction:
        compaction.want()
        await times_asked(profiles, 1)
        compaction.want()
        await times_asked(profiles, 2)


async def test_a_store_that_does_not_answer_is_asked_again(caplog):
    profiles = CountingProfiles(failures=2)
    async with Compaction(profiles, 0.001).running() as compaction:
        compaction.want()
        await times_asked(profiles, 4)
    assert caplog.messages == ["log not compacted"], "told once"


async def test_it_ends_when_left_during_a_pause():
    profiles = CountingProfiles()
    async with asyncio.timeout(5), Compaction(profiles, 3600).running() as compaction:
        compaction.want()
        await times_asked(profiles, 1)


async def test_a_deletion_is_followed_at_once_where_the_start_found_nothing_to_do():
    profiles = CountingProfiles(idle=1)
    async with Compaction(profiles, 3600).running() as compaction:
        await times_asked(profiles, 1)
        compaction.want()
        await times_asked(profiles, 2)


async def test_what_an_earlier_process_left_half_deleted_is_finished_and_then_leaves_the_disk():
    profiles = HalfDeleted(left=2)
    async with Compaction(profiles, 0.001).running():
        await times_asked(profiles, 2)
    assert profiles.left == 0


async def test_a_deletion_that_was_interrupted_is_finished_at_once_within_the_pause_of_an_hour():
    profiles = HalfDeleted(left=0)
    async with Compaction(profiles, 3600).running() as compaction, asyncio.timeout(5):
        await times_asked(profiles, 1)
        profiles.left = 1
        compaction.want()
        while profiles.left:
            await asyncio.sleep(0.001)
    assert profiles.asked == 1


async def test_a_store_that_does_not_answer_is_asked_to_finish_again(caplog):
    profiles = HalfDeleted(left=1, silent=2)
    async with Compaction(profiles, 0.001).running(), asyncio.timeout(5):
        while profiles.left:
            await asyncio.sleep(0.001)
    assert [one for one in caplog.messages if "finished" in one] == ["deletions not finished"]


class FullProfiles(CountingProfiles):
    """Is full the first time that it is asked for either."""

    finished = 0

    async def compact(self):
        if not self.asked:
            self.asked += 1
            raise StoreFull("Redis has reached its memory limit")
        return await super().compact()

    async def finish_deletions(self):
        self.finished += 1
        if self.finished == 1:
            raise StoreFull("Redis has reached its memory limit")
        return False


async def test_a_full_store_is_asked_again(caplog):
    profiles = FullProfiles()
    async with Compaction(profiles, 0.001).running():
        await times_asked(profiles, 2)
        async with asyncio.timeout(5):
            while profiles.finished < 2:
                await asyncio.sleep(0.001)
    assert {"log not compacted", "deletions not finished"} <= {
        one.message for one in caplog.records
    }
