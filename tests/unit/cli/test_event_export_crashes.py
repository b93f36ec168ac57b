"""Exporters in processes of their own, killed with SIGKILL: at every step, and at any moment."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from restock.artifacts.event_folder import EventFolder
from restock.cli.event_export import Source, export_events, forget_deleted
from restock.cli.profile_store import profile_store
from tests.unit.cli.a_profile_store import (
    SECONDS_A_DAY,
    ListedEvents,
    an_event,
    counted,
    events_in,
    parts,
    serving,
    some_events,
)

ROUNDS = 20
EVENTS_A_ROUND = 150
PATIENCE_SECONDS = 60
NEVER = 0
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with everything imported, so that many can be killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "pandas"])  # pyarrow's first array imports pandas
    return context


def export(address, root, portion_rows):
    """Export, in a process of its own."""
    with profile_store(address) as store:
        export_events(Source(store, ZoneInfo("UTC"), portion_rows), root, lambda _: None)


def export_until(change, address, root, portion_rows):
    """Export, and die before the change-th change of the folder."""
    die_before(change, root)
    export(address, root, portion_rows)


def forget_until(change, address, root):
    """Forget, and die likewise."""
    die_before(change, root)
    with profile_store(address) as store:
        forget_deleted(store, root, lambda: None)


def die_before(change, root):
    """Let this process die before it makes, opens to write, renames or removes so many files."""
    # A killed process loses nothing that the system has heard of: only a loss of power does.
    os.fsync = lambda _: None
    left = [change]

    def hook(name, arguments):
        changes = name in CHANGES or (name == "open" and set(arguments[1] or "") & {*"axw"})
        if changes and str(arguments[0]).startswith(str(root)):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def run(processes, target, *arguments):
    """Run to the end, whichever it is; say whether it was one's own."""
    process = processes.Process(target=target, args=arguments)
    process.start()
    process.join(PATIENCE_SECONDS)
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode == 0


def assert_each_event_once(root, store):
    assert events_in(root) == counted(store.events())
    assert not list(root.rglob(".*"))


def assert_readable_and_none_twice(root):
    found = events_in(root)
    assert not found or max(found.values()) == 1


def test_killed_at_each_step_and_once_more_every_event_is_there_once(processes, tmp_path):
    store, chance = ListedEvents(), random.Random(1)
    store.log = some_events(0, 24)
    with serving(store) as address:
        step, ended = 0, False
        while not ended:
            step += 1
            root = tmp_path / str(step)
            ended = run(processes, export_until, step, address, root, 25)
            assert_readable_and_none_twice(root)
            run(processes, export_until, chance.randint(1, 25), address, root, 25)
            assert_readable_and_none_twice(root)
            assert run(processes, export_until, NEVER, address, root, 25)
            assert_each_event_once(root, store)
    assert step > 20


def test_killed_at_each_step_while_a_user_is_deleted_nothing_of_the_user_stays(processes, tmp_path):
    log = [an_event(f"e{n}", 19_700 + n % 4, "bob" if n % 4 == 2 else "ann") for n in range(12)]
    step, ended = 0, False
    while not ended:
        step += 1
        root, store = tmp_path / str(step), ListedEvents()
        store.log = [*log]
        with serving(store) as address:
            ended = run(processes, export_until, step, address, root, 100)
            committed = EventFolder(root).state("UTC").portions == 1
            store.delete("bob", 19_800 * SECONDS_A_DAY)
            assert run(processes, export_until, NEVER, address, root, 100)
            if not committed:
                assert_each_event_once(root, store)
            assert run(processes, forget_until, NEVER, address, root)
            assert_each_event_once(root, store)
    assert step > 10


def test_forget_killed_at_each_step_and_run_again_forgets_once_and_for_all(processes, tmp_path):
    step, ended = 0, False
    while not ended:
        step += 1
        root, store = tmp_path / str(step), ListedEvents()
        store.log = some_events(0, 15)
        with serving(store) as address:
            assert run(processes, export_until, NEVER, address, root, 25)
            store.delete("user1", 19_800 * SECONDS_A_DAY)
            ended = run(processes, forget_until, step, address, root)
            assert_readable_and_none_twice(root)
            assert run(processes, forget_until, NEVER, address, root)
            assert_each_event_once(root, store)
    assert step > 5


def test_killed_at_any_moment_again_and_again_every_event_is_there_once(processes, tmp_path):
    """The log grows, also on old days, while exporters come and are killed."""
    store, root = ListedEvents(message_events=20, pause_seconds=0.002), tmp_path / "events"
    chance, killed_in_between = random.Random(2), 0
    with serving(store) as address:
        for _ in range(ROUNDS):
            store.log += some_events(len(store.log), EVENTS_A_ROUND)
            process = processes.Process(target=export, args=(address, root, 100))
            target = store.answers + chance.randint(1, 12)
            process.start()
            with store.answered:
                store.answered.wait_for(lambda: store.answers >= target, timeout=0.3)  # noqa: B023
            time.sleep(chance.uniform(0, 0.03))
            process.kill()
            process.join(PATIENCE_SECONDS)
            assert_readable_and_none_twice(root)
            killed_in_between += 0 < events_in(root).total() < len(store.log)
        assert killed_in_between > ROUNDS // 2
        assert run(processes, export, address, root, 100)
    assert_each_event_once(root, store)
    assert events_in(root).total() == ROUNDS * EVENTS_A_ROUND


def test_the_command_killed_and_run_again_exports_every_event_once(tmp_path):
    store, root = ListedEvents(message_events=20, pause_seconds=0.01), tmp_path / "events"
    store.log = some_events(0, 1_000)
    command = "from restock.cli import app; app()"
    with serving(store) as address:
        arguments = ["events", "export", str(root), "--address", address, "--portion-rows", "200"]
        killed = subprocess.Popen([sys.executable, "-c", command, *arguments])
        while not parts(root):
            assert killed.poll() is None
            time.sleep(0.01)
        killed.kill()
        assert killed.wait() == -signal.SIGKILL
        assert 0 < events_in(root).total() < 1_000
        subprocess.run([sys.executable, "-c", command, *arguments], check=True)
    assert_each_event_once(root, store)


def test_part_files_end_as_parquet_files_do(processes, tmp_path):
    store, root = ListedEvents(), Path(tmp_path)
    store.log = some_events(0, 10)
    with serving(store) as address:
        assert run(processes, export, address, root, 30)
    for path in parts(root):
        assert path.read_bytes()[-4:] == b"PAR1"
        assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
