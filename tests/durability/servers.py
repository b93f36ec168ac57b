"""A Redis and a profile_store as real processes, to be killed and started again on the same ports."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import grpc
from redis import Redis

from restock.cli.suite import Suite, environment, running, services
from restock.serving.local_redis import (
    free_ports,
    redis_binary,
    start_server,
    stop_server,
    wait_until_answering,
)
from restock.serving.runner import start
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from services.profile_store.settings import ProfileStoreSettings
from services.profile_store.wiring import SERVICE, wiring

STORE = "profile_store"


@dataclass
class RedisServer:
    """One folder and one port; the process may come and go."""

    folder: Path
    port: int
    binary: Path = field(default_factory=redis_binary)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        return self.folder / "redis.log"

    @property
    def file(self) -> Path:
        """Its append-only file; from Redis 7 on one of several in a folder, the one that grows."""
        return max(self.folder.rglob("appendonly*.aof"))

    def start(self) -> None:
        """Start it, and do not wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = start_server(self.binary, self.folder, self.port)

    def wait(self) -> None:
        """Wait until it has loaded its data; start it once more if it mended its file and ended."""
        assert self.process is not None
        try:
            wait_until_answering(self.process, self.port, self.log)
        except OSError:
            if self.process.poll() is None:
                raise
            self.start()
            wait_until_answering(self.process, self.port, self.log)

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            stop_server(self.process)
            self.process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let it stand still until left."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def client(self) -> "Redis":
        return Redis.from_url(self.url)

    def content(self) -> dict[bytes, bytes | None]:
        """Everything that it holds, but not how long marks still live."""
        with self.client() as client:
            return {key: client.dump(key) for key in client.scan_iter(count=1000)}


@contextmanager
def a_redis(folder: Path, **changes: Path) -> Iterator[RedisServer]:
    """Run a Redis until left."""
    server = RedisServer(folder, free_ports(1)[0], **changes)
    server.start()
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@contextmanager
def a_store(home: Path, redis_url: str, **variables: str) -> Iterator[Suite]:
    """Run a profile_store, and nothing else of the suite, until left."""
    port, metrics_port = free_ports(2)
    (member,) = [one for one in services(0, 0) if one.module == STORE]
    members = [replace(member, port=port, metrics_port=metrics_port)]
    found = environment(members, home, redis_url)
    with running(members, found | variables, home / "logs") as suite:
        suite.wait_ready(60)
        yield suite


@asynccontextmanager
async def a_stub(home: Path, redis_url: str) -> AsyncIterator[ProfileStoreServiceStub]:
    """Run a profile_store in this process, for what needs no kill; give a way to it."""
    settings = ProfileStoreSettings(
        port=0, metrics_port=0, home=home, redis_url=redis_url, drain_seconds=0, grace_seconds=1,
        log_level="WARNING", ping_seconds=0.05,
        redis_timeout_seconds=2,  # a disk that is slow for a moment is no fault
    )  # fmt: skip
    running = await start(settings, SERVICE, wiring)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{running.port}") as channel:
            yield ProfileStoreServiceStub(channel)
    finally:
        await running.stop()


def kill(suite: Suite) -> None:
    """Kill -9 the profile_store."""
    suite.processes[STORE].kill()
    suite.processes[STORE].wait()


def address(suite: Suite) -> str:
    """Where the profile_store of a suite listens."""
    (port,) = [member.port for member in suite.members if member.module == STORE]
    return f"127.0.0.1:{port}"
