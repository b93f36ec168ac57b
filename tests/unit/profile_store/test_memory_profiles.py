import pytest

from services.profile_store.memory_profiles import MemoryProfiles
from tests.contracts.profile_repository import ProfileRepositoryContract, a_change, known


class TestMemoryProfiles(ProfileRepositoryContract):
    now = 1_000.0

    @pytest.fixture
    def profiles(self):
        return MemoryProfiles()

    @pytest.fixture
    def brief(self):
        return MemoryProfiles(dedupe_seconds=1, clock=lambda: self.now)

    async def pass_seconds(self, seconds):
        self.now += seconds


async def test_an_event_id_is_forgotten_after_its_time():
    now = [0.0]
    profiles = MemoryProfiles(dedupe_seconds=10, clock=lambda: now[0])
    await profiles.commit([a_change(0, "e1")])
    now[0] = 9.9
    assert await known(profiles, "e1") == {"e1"}
    now[0] = 10.0
    assert await known(profiles, "e1") == set()
