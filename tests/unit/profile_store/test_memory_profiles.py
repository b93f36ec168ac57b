import pytest

from services.profile_store.memory_profiles import MemoryProfiles
from tests.contracts.profile_repository import ProfileRepositoryContract, a_change


class TestMemoryProfiles(ProfileRepositoryContract):
    @pytest.fixture
    def profiles(self):
        return MemoryProfiles()

    async def logged(self, profiles):
        return profiles.log


async def test_an_event_id_is_forgotten_after_its_time():
    now = [0.0]
    profiles = MemoryProfiles(dedupe_seconds=10, clock=lambda: now[0])
    await profiles.commit([a_change(0, b"milk", "e1")])
    now[0] = 9.9
    assert (await profiles.snapshot([], ["e1"])).known_events == {"e1"}
    now[0] = 10.0
    assert (await profiles.snapshot([], ["e1"])).known_events == set()
