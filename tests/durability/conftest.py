"""How long the tests run: a moment, or, with ROUNDS in the environment, as long as `make durability`."""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.durability.servers import RedisServer, a_redis

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Scale:
    """How much is done."""

    rounds: int = 9
    """Kills, one of each kind unless told otherwise."""
    gone_seconds: float = 3
    """How long Redis is gone."""
    hang_seconds: float = 2
    """How long it hangs."""


@pytest.fixture(scope="session")
def scale() -> Scale:
    rounds = os.environ.get("ROUNDS")
    return Scale(int(rounds), gone_seconds=30, hang_seconds=10) if rounds else Scale()


@pytest.fixture
def seed() -> int:
    """Of all that is left to chance in a test; SEED in the environment repeats a run's."""
    found = int(os.environ.get("SEED") or random.randrange(10**6))
    print(f"\nSEED={found}")
    return found


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own, with an append-only file."""
    with a_redis(tmp_path / "redis") as server:
        yield server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.durability)
            item.add_marker(pytest.mark.timeout(3_600))
