"""`restock up` as a process: what ends it, and that nothing of it is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from restock.serving.local_redis import free_ports

PROGRAM = "from restock.cli import app; app()"
WAIT_SECONDS = 120.0


def four_free_ports() -> int:
    """First of four consecutive free ports."""
    while True:
        (first,) = free_ports(1)
        if all(is_free(first + place) for place in range(4)):
            return first


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@dataclass
class Up:
    """A running `restock up`."""

    process: "subprocess.Popen[bytes]"
    told: Path
    ports: list[int]

    def wait_for(self, what: Callable[[], bool]) -> None:
        ends = time.monotonic() + WAIT_SECONDS
        while not what():
            assert self.process.poll() is None, "it ended by itself"
            assert time.monotonic() < ends
            time.sleep(0.1)

    def wait_told(self, line: str) -> None:
        self.wait_for(lambda: line in self.told.read_text())


@pytest.fixture
def options() -> list[str]:
    """Further options of `restock up`."""
    return []


def left_running(home: Path) -> list[str]:
    """Command lines of processes that were started for a home, where the system tells of them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"RESTOCK_HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.fixture
def up(home: Path, options: list[str]):
    port, metrics_port, (redis_port,) = four_free_ports(), four_free_ports(), free_ports(1)
    arguments = ["up", "--home", str(home), "--port", str(port), "--redis-port", str(redis_port)]
    told = home / "told.txt"
    with told.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments, *options, "--metrics-port", str(metrics_port)],
            stdout=out, stderr=out, start_new_session=True,
            env={key: value for key, value in os.environ.items() if key != "REDIS_URL"},
        )  # fmt: skip
    try:
        yield Up(process, told, [*range(port, port + 4), redis_port])
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


@pytest.mark.parametrize(
    ("name", "awaited"),
    [
        (signal.SIGINT, "Ctrl-C stops everything."),
        (signal.SIGHUP, "Ctrl-C stops everything."),
        (signal.SIGTERM, ""),
    ],
)
def test_a_signal_stops_everything_also_while_it_starts(up: Up, name, awaited):
    # Redis is the first that it starts.
    up.wait_for(lambda: not is_free(up.ports[-1]))
    up.wait_told(awaited)
    up.process.send_signal(name)
    assert up.process.wait(WAIT_SECONDS) == 0, up.told.read_text()
    assert up.told.read_text().splitlines()[-1] == "Stopped."
    assert [one for one in up.ports if not is_free(one)] == []
    assert left_running(up.told.parent) == []


@pytest.mark.parametrize("options", [["--host", "0.0.0.0"]])
def test_services_may_listen_on_every_address_and_are_asked_on_loopback(up: Up):
    up.wait_told("Ctrl-C stops everything.")
    told = up.told.read_text()
    assert f"gRPC 127.0.0.1:{up.ports[0]}" in told
    assert f"--address 127.0.0.1:{up.ports[0]}" in told
    with socket.socket() as another_address:
        # All of 127.0.0.0/8 is this machine; who listens on 127.0.0.1 alone is not at 127.0.0.2.
        assert another_address.connect_ex(("127.0.0.2", up.ports[0])) == 0


def test_redis_killed_is_started_again_with_the_profiles_it_held(up: Up):
    up.wait_told("Ctrl-C stops everything.")
    with Redis(port=up.ports[-1]) as redis:
        held = redis.dbsize()
        assert held > 0
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)
    up.wait_told("redis ended with code -9; started again")
    up.wait_for(lambda: not is_free(up.ports[-1]))
    with Redis(port=up.ports[-1], retry=Retry(ConstantBackoff(0.1), 100)) as redis:
        assert redis.dbsize() == held
