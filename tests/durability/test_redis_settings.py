"""What the service tells its operator of a Redis that does not keep the promise."""

import asyncio
import logging
from pathlib import Path

import pytest

from restock.serving.local_redis import free_port
from tests.durability.servers import RedisServer, a_stub

SECONDS = 10
NO_FILE = "no append-only file: what Redis holds is lost when it ends; set appendonly yes"
NOT_AT_ONCE = "appendfsync is everysec: a crash may cost the last second; set appendfsync always"
REPLICA = "is a read-only replica: nothing is stored; give the address of its primary"
EVICTS = (
    "maxmemory-policy is allkeys-lru: a full Redis drops facts; set maxmemory-policy noeviction"
)


async def told(caplog: pytest.LogCaptureFixture, home: Path, url: str) -> list[list[str]]:
    """Shortcomings that a service logs, line by line, until it is ready."""
    caplog.clear()
    caplog.set_level(logging.WARNING, "services.profile_store.readiness")
    async with a_stub(home, url), asyncio.timeout(SECONDS):
        while not [one for one in caplog.records if one.message == "store answers"]:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    return [one.shortcomings for one in caplog.records if hasattr(one, "shortcomings")]


async def test_nothing_is_said_of_a_redis_that_writes_at_once_and_evicts_nothing(
    caplog, tmp_path: Path, redis_server: RedisServer
):
    assert await told(caplog, tmp_path, redis_server.url) == []


@pytest.mark.parametrize(
    ("settings", "shortcomings"),
    [
        ({"appendonly": "no"}, [NO_FILE]),
        ({"appendfsync": "everysec"}, [NOT_AT_ONCE]),
        ({"maxmemory-policy": "allkeys-lru"}, [EVICTS]),
        ({"appendfsync": "everysec", "maxmemory-policy": "allkeys-lru"}, [NOT_AT_ONCE, EVICTS]),
    ],
)
async def test_one_line_says_all_that_an_operator_should_change(
    caplog, tmp_path: Path, redis_server: RedisServer, settings, shortcomings
):
    with redis_server.client() as client:
        for name, value in settings.items():
            client.config_set(name, value)
    assert await told(caplog, tmp_path, redis_server.url) == [shortcomings]


@pytest.mark.parametrize(
    ("forbidden", "shortcomings"), [(["-config"], [[EVICTS]]), (["-config", "-info"], [])]
)
async def test_a_redis_that_does_not_let_us_look_is_no_problem(
    caplog, tmp_path: Path, redis_server: RedisServer, forbidden, shortcomings
):
    with redis_server.client() as client:
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.execute_command("ACL", "SETUSER", "shop", "on", ">secret", "~*", "+@all", *forbidden)
    url = redis_server.url.replace("redis://", "redis://shop:secret@")
    assert await told(caplog, tmp_path, url) == shortcomings


async def test_a_replica_is_told_as_one(caplog, tmp_path: Path, redis_server: RedisServer):
    with redis_server.client() as client:
        client.replicaof("127.0.0.1", free_port())
    assert await told(caplog, tmp_path, redis_server.url) == [[REPLICA]]


async def test_a_wrong_password_is_told_as_such_once_and_not_shown(
    caplog, tmp_path: Path, redis_server: RedisServer
):
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "resetpass", ">right")
    caplog.set_level(logging.WARNING, "services.profile_store.readiness")
    async with a_stub(tmp_path, redis_server.url.replace("//", "//:wrong-secret@")):
        await asyncio.sleep(0.3)
    reasons = [one.reason for one in caplog.records if one.message == "store does not answer"]
    (reason,) = reasons
    assert "AuthenticationError" in reason
    assert "secret" not in reason
