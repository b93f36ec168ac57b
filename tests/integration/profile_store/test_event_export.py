"""The commands on the log and on persons, asked of the real service."""

import asyncio
import json

import pytest
from typer.testing import CliRunner

from restock.cli import app
from restock.v1 import profile_store_pb2 as pb
from tests.unit.cli.a_profile_store import counted, events_in, some_events

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def restock(redis, shared_port):
    """Run a command in a thread, beside the service."""

    async def run(*arguments):
        words = [*map(str, arguments), "--address", f"127.0.0.1:{shared_port}"]
        result = await asyncio.to_thread(CliRunner().invoke, app, words)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


async def put(store, events):
    answer = await store.PutEvents(pb.PutEventsRequest(events=events))
    assert {result.status for result in answer.results} == {pb.EVENT_STATUS_ACCEPTED}


async def test_the_log_is_exported_once_and_goes_on_where_it_ended(store, restock, tmp_path):
    first, second = some_events(0, 600), some_events(600, 300)
    await put(store, first)
    await restock("events", "export", tmp_path, "--portion-rows", 100)
    assert events_in(tmp_path) == counted(first)
    await put(store, second)
    assert "Wrote 300 events" in await restock("events", "export", tmp_path)
    assert events_in(tmp_path) == counted(first + second)
    assert "Wrote 0 events" in await restock("events", "export", tmp_path)


async def test_an_export_is_not_resumed_from_another_log(store, redis, restock, tmp_path):
    await put(store, some_events(0, 10))
    await restock("events", "export", tmp_path)
    redis.flushall()
    await put(store, some_events(10, 10))
    with pytest.raises(AssertionError, match="a place that this store's log does not have"):
        await restock("events", "export", tmp_path)


async def test_who_was_deleted_leaves_the_log_and_the_files(store, restock, tmp_path):
    events = some_events(0, 60)
    await put(store, events)
    await restock("events", "export", tmp_path)
    lines = (await restock("user", "export", "user1")).splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == ["profile", "ledger", *["event"] * 12]
    receipt = " ".join((await restock("user", "delete", "user1", "--yes")).split())
    assert "profiles 1 events 12 event ids 12" in receipt
    assert await restock("user", "export", "user1") == ""
    await restock("events", "forget", tmp_path)
    assert events_in(tmp_path) == counted(e for e in events if e.user_id != "user1")


async def test_what_is_due_is_shown(store, restock):
    await put(store, some_events(0, 30))
    shown = await restock("user", "replenishment", "user0", "--as-of", "2023-12-20")
    assert "7 days from 2023-12-20" in shown
    assert "milk" in shown
