"""The whole suite as real processes: four services and a Redis, on free ports of loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from restock.artifacts.store import BundleStore
from restock.cli.suite import Suite, environment, running, services
from restock.serving.local_redis import free_ports, local_redis
from tests.unit.artifacts.drafts import a_draft

READY_SECONDS = 120.0


@contextmanager
def a_suite(home: Path, **variables: str) -> Iterator[Suite]:
    """Start everything over the model versions of `home`; stop it when left."""
    with local_redis(home, 0) as redis_url:
        ports = iter(free_ports(8))
        members = [
            replace(member, port=next(ports), metrics_port=next(ports)) for member in services(0, 0)
        ]
        found = environment(members, home, redis_url)
        with running(members, found | variables, home / "logs") as suite:
            suite.wait_ready(READY_SECONDS)
            yield suite


def products_of(letter: str) -> list[str]:
    """A catalogue that is told by its ids."""
    return [f"{letter}{number}" for number in range(12)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a version of a-products active, and one of b-products beside it."""
    store = BundleStore(tmp_path / "models")
    store.activate(store.publish(a_draft(*products_of("a"))))
    store.publish(a_draft(*products_of("b"), through_day=17_501))
    return tmp_path
