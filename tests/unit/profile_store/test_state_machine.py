"""The whole store in memory against a list of facts, and the window of event ids at its edges."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import settings

from services.profile_store.memory_profiles import MemoryProfiles
from tests.contracts.profile_store_machine import (
    ACCEPTED,
    DUPLICATE,
    NONE,
    WEEK,
    House,
    ProfileStoreMachine,
    a_servicer,
    pb,
)
from tests.unit.profile_store.shop import ordered, returned, viewed


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    async def forward(self, seconds: float) -> None:
        self.now += seconds


def held(value: Any) -> Iterator[bytes]:
    """Every string and all bytes in dictionaries, lists and tuples within each other."""
    if isinstance(value, str):
        yield value.encode()
    elif isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        yield from held([*value.items()])
    elif isinstance(value, list | tuple):
        for one in value:
            yield from held(one)


class MemoryMachine(ProfileStoreMachine):
    @asynccontextmanager
    async def opened(self) -> AsyncIterator[House]:
        clock = Clock()
        profiles = MemoryProfiles(clock=clock)

        async def values() -> Iterable[bytes]:
            return held(vars(profiles))

        yield House(profiles, clock.forward, values)


class TestProfileStore(MemoryMachine.TestCase):
    settings = settings(max_examples=50, stateful_step_count=25)


async def statuses(service, *events):
    answer = await service.PutEvents(pb.PutEventsRequest(events=events), NONE)
    return [result.status for result in answer.results]


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0, DUPLICATE), (WEEK - 1, DUPLICATE), (WEEK, ACCEPTED), (WEEK + 1, ACCEPTED)],
)
@pytest.mark.parametrize("event", [viewed(), returned()], ids=["view", "return"])
async def test_an_event_id_is_remembered_for_7_days_and_not_a_second_longer(event, seconds, status):
    clock = Clock()
    service = a_servicer(MemoryProfiles(clock=clock))
    assert await statuses(service, event) == [ACCEPTED]
    await clock.forward(seconds)
    assert await statuses(service, event) == [status]


@pytest.mark.parametrize("seconds", [WEEK - 1, WEEK, 100 * WEEK])
async def test_an_order_is_a_duplicate_for_ever(seconds):
    clock = Clock()
    service = a_servicer(MemoryProfiles(clock=clock))
    assert await statuses(service, ordered("o1")) == [ACCEPTED]
    await clock.forward(seconds)
    assert await statuses(service, ordered("o1")) == [DUPLICATE]


async def test_a_duplicate_does_not_lengthen_the_7_days():
    clock = Clock()
    service = a_servicer(MemoryProfiles(clock=clock))
    assert await statuses(service, viewed()) == [ACCEPTED]
    await clock.forward(WEEK - 1)
    assert await statuses(service, viewed()) == [DUPLICATE]
    await clock.forward(1)
    assert await statuses(service, viewed()) == [ACCEPTED]
