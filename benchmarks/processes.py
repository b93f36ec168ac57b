"""The two stars as processes on loopback: one process a service, as in production."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from rich.progress import Progress

from benchmarks.bare_star import LEAVES
from benchmarks.messages import Messages, save
from benchmarks.profiles import import_profiles
from restock.artifacts.store import BundleStore
from restock.cli.suite import environment, running, services
from restock.serving.local_redis import local_redis

LOOPBACK = "127.0.0.1"
START_SECONDS = 60.0
FIRST_PORT, LAST_PORT = 20_000, 32_000
"""Below the ports that the system hands out by itself."""
PATIENCE = {
    "RESTOCK_GATEWAY_DEFAULT_DEADLINE_MS": "60000",
    "RESTOCK_GATEWAY_PROFILE_STORE_MS": "20000",
    "RESTOCK_GATEWAY_CANDIDATE_GEN_MS": "20000",
    "RESTOCK_GATEWAY_RERANKER_MS": "20000",
}
"""A hop that has to wait for a core shows in the latency, and is not cut off: cut off, it would be cheap."""


@dataclass(frozen=True)
class Star:
    """A running star."""

    addresses: dict[str, str]
    """gRPC address by role: gateway, profile_store, candidate_gen, reranker."""
    processes: dict[str, int]
    """Process id by role; empty for a star that somebody else started."""

    @property
    def front(self) -> str:
        """Address of the front."""
        return self.addresses["gateway"]

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time that each process has used, user and system."""
        return {role: cpu_seconds(process) for role, process in self.processes.items()}


def cpu_seconds(process: int) -> float:
    """CPU time of a process with all its threads, from the kernel's count."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_block(size: int) -> int:
    """First of `size` consecutive ports that nobody listens on."""
    for _ in range(100):
        first = random.randrange(FIRST_PORT, LAST_PORT)
        try:
            for port in range(first, first + size):
                with socket.socket() as probe:
                    probe.bind((LOOPBACK, port))
        except OSError:
            continue
        return first
    raise OSError(f"no {size} consecutive free ports")


@contextmanager
def real_star(home: Path, scratch: Path, version: str) -> Iterator[Star]:
    """Start Redis and the four services on the models of `home`, cache off; import all profiles."""
    scratch.mkdir(parents=True, exist_ok=True)
    models = scratch / "models"
    models.unlink(missing_ok=True)
    models.symlink_to((home / "models").absolute())
    store = BundleStore(home / "models")
    members = services(free_block(4), free_block(4))
    with local_redis(scratch, 0) as redis_url:
        variables = environment(members, scratch.absolute(), redis_url) | {
            "RESTOCK_GATEWAY_CACHE_ENTRIES": "0",
            **PATIENCE,
            "RESTOCK_GATEWAY_AS_OF_DAY": str(as_of_day(store, version)),
        }
        with running(members, variables, scratch / "logs") as suite:
            suite.wait_ready(START_SECONDS)
            bring_profiles(members[1].port, store, version)
            yield Star(
                {member.module: f"{LOOPBACK}:{member.port}" for member in members},
                {
                    **{module: process.pid for module, process in suite.processes.items()},
                    "redis": redis_process(redis_url),
                },
            )


def as_of_day(store: BundleStore, version: str) -> int:
    """The day after the last purchase that a version was trained on."""
    return store.manifest(version).trained_through_day + 1


def bring_profiles(port: int, store: BundleStore, version: str) -> None:
    """Import the profiles that a version was trained on."""
    with grpc.insecure_channel(f"{LOOPBACK}:{port}") as channel, Progress() as progress:
        items = list(store.load(version).catalogue.item_ids)
        import_profiles(channel, store.profiles(version), items, progress)


def redis_process(url: str) -> int:
    """Process id of a Redis."""
    import redis  # noqa: PLC0415  only here

    with redis.Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


@contextmanager
def bare_star(scratch: Path, messages: Messages) -> Iterator[Star]:
    """Start three bare leaves and a bare front."""
    folder = scratch / "messages"
    save(messages, folder)
    first = free_block(4)
    ports = {"gateway": first} | {leaf: first + 1 + place for place, leaf in enumerate(LEAVES)}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for role, port in ports.items():
            leaves = [str(ports[leaf]) for leaf in LEAVES] if role == "gateway" else []
            name = "front" if role == "gateway" else role
            arguments = ["-m", "benchmarks.bare_star", name, str(port), str(folder), *leaves]
            processes[role] = subprocess.Popen([sys.executable, *arguments])
        for port in ports.values():
            with grpc.insecure_channel(f"{LOOPBACK}:{port}") as channel:
                grpc.channel_ready_future(channel).result(timeout=START_SECONDS)
        yield Star(
            {role: f"{LOOPBACK}:{port}" for role, port in ports.items()},
            {role: process.pid for role, process in processes.items()},
        )
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(10)
