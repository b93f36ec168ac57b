"""`restock up` as a process: what ends it, and that nothing of it is left."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def wait_for(what, process: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + WAIT_SECONDS
    while not what():
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < ends
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("name", "awaited"),
    [
        (signal.SIGINT, "Ctrl-C stops everything."),
        (signal.SIGHUP, "Ctrl-C stops everything."),
        (signal.SIGTERM, ""),
    ],
)
def test_a_signal_stops_everything_also_while_it_starts(home: Path, name, awaited):
    port, metrics_port, (redis_port,) = four_free_ports(), four_free_ports(), free_ports(1)
    ports = [*range(port, port + 4), redis_port]
    arguments = ["up", "--home", str(home), "--port", str(port), "--redis-port", str(redis_port)]
    told = home / "told.txt"
    with told.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments, "--metrics-port", str(metrics_port)],
            stdout=out, stderr=out, text=True, start_new_session=True,
            env={key: value for key, value in os.environ.items() if key != "REDIS_URL"},
        )  # fmt: skip
    try:
        # Redis is the first that it starts.
        wait_for(lambda: not is_free(redis_port) and awaited in told.read_text(), process)
        process.send_signal(name)
        assert process.wait(WAIT_SECONDS) == 0, told.read_text()
    finally:
        process.kill()
    assert told.read_text().splitlines()[-1] == "Stopped."
    assert [one for one in ports if not is_free(one)] == []
