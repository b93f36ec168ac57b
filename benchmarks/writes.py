"""What it costs to have every event on the disk before it is acknowledged.

One profile_store beside a Redis of each kind: `always` has every change on the disk before it answers,
`everysec` each second, `none` keeps no append-only file. The same clients write to each in turn; what
travels is the ratio to `none`. Loopback only; `--rounds` and `--seconds` make it shorter or surer.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.load import Measured, WrongAnswer, percentile_ms
from restock.cli.suite import environment, running, services
from restock.serving.local_redis import (
    free_ports,
    redis_binary,
    start_server,
    stop_server,
    wait_until_answering,
)
from restock.v1 import events_pb2
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub

KINDS: dict[str, dict[str, str]] = {
    "none": {"appendonly": "no"},
    "everysec": {"appendfsync": "everysec"},
    "always": {"appendfsync": "always"},
}
"""Settings of Redis by kind; the first is what the others are compared with."""
CLIENTS = (1, 8)
USERS = 2_000
LINES = 3
SCRATCH = Path("build")
START_SECONDS = 60.0
WARM_UP_SECONDS = 1.0
LOOPBACK = "127.0.0.1"
FIRST_SECOND = 1_700_000_000


@dataclass
class Writers:
    """Clients of one store; every order that they send is new."""

    target: str
    """Address of the profile_store."""
    sent: int = 0
    """Orders so far."""

    def order(self) -> events_pb2.Event:
        """Make the next order."""
        self.sent += 1
        event = events_pb2.Event(
            event_id=f"event {self.sent}",
            user_id=f"user {self.sent % USERS}",
            event_time={"seconds": FIRST_SECOND + self.sent},
        )
        event.order.order_id = f"order {self.sent}"
        for line in range(LINES):
            product = f"product {(self.sent * 7 + line) % 1000}"
            event.order.lines.add(product_id=product, quantity=1, unit_price=2.5)
        return event

    async def write(self, clients: int, seconds: float) -> Measured:
        """Send one order a call from so many clients until the time is up.

        Raises:
            WrongAnswer: an order was not accepted.
        """
        latencies: list[float] = []
        async with grpc.aio.insecure_channel(self.target) as channel:
            stub = ProfileStoreServiceStub(channel)
            await channel.channel_ready()
            started = time.perf_counter()
            ends = started + seconds

            async def write_again_and_again() -> None:
                while (now := time.perf_counter()) < ends:
                    answer = await stub.PutEvents(pb.PutEventsRequest(events=[self.order()]))
                    latencies.append(time.perf_counter() - now)
                    if answer.results[0].status != pb.EVENT_STATUS_ACCEPTED:
                        raise WrongAnswer(str(answer.results[0]))

            async with asyncio.TaskGroup() as group:
                for _ in range(clients):
                    group.create_task(write_again_and_again())
        return Measured(time.perf_counter() - started, latencies)


@contextmanager
def a_store(folder: Path, settings: dict[str, str]) -> Iterator[Writers]:
    """Start a Redis with settings and a profile_store before it."""
    redis_port, port, metrics_port = free_ports(3)
    folder.mkdir(parents=True)
    process = start_server(redis_binary(), folder, redis_port)
    try:
        wait_until_answering(process, redis_port, folder / "redis.log")
        with Redis(port=redis_port) as client:
            for name, value in settings.items():
                client.config_set(name, value)
        (found,) = [one for one in services(0, 0) if one.module == "profile_store"]
        members = [replace(found, port=port, metrics_port=metrics_port)]
        variables = environment(members, folder, f"redis://{LOOPBACK}:{redis_port}/0")
        # A disk that stalls shows as latency, and does not end the run.
        variables["RESTOCK_PROFILE_STORE_REDIS_TIMEOUT_SECONDS"] = "10"
        with running(members, variables, folder) as suite:
            suite.wait_ready(START_SECONDS)
            yield Writers(f"{LOOPBACK}:{port}")
    finally:
        stop_server(process)


Stretches = dict[tuple[str, int], list[Measured]]


def run(stores: dict[str, Writers], rounds: int, seconds: float) -> Stretches:
    """Let the stores take turns; who begins changes with each round."""
    stretches: Stretches = {(kind, clients): [] for clients in CLIENTS for kind in stores}
    for writers in stores.values():
        asyncio.run(writers.write(max(CLIENTS), WARM_UP_SECONDS))
    kinds = [*stores]
    for turn in range(rounds):
        for clients in CLIENTS:
            for kind in kinds[turn % len(kinds) :] + kinds[: turn % len(kinds)]:
                measured = asyncio.run(stores[kind].write(clients, seconds))
                stretches[kind, clients].append(measured)
    return stretches


def figures(stretches: list[Measured]) -> tuple[float, float, float]:
    """Events a second (median of the rounds), and p50 and p99 (of all) in milliseconds."""
    latencies = [latency for one in stretches for latency in one.latencies]
    throughput = statistics.median(one.throughput for one in stretches)
    return throughput, percentile_ms(latencies, 50), percentile_ms(latencies, 99)


def table_of(stretches: Stretches) -> Table:
    """Lay out each kind, and its ratio to the one without a file."""
    table = Table(title="PutEvents, one order a call", title_justify="left")
    for head in ("clients", "Redis", "events a second", "p50, ms", "p99, ms"):
        table.add_column(head, justify="left" if head == "Redis" else "right")
    for clients in CLIENTS:
        floor = figures(stretches[next(iter(KINDS)), clients])
        for kind in KINDS:
            found = figures(stretches[kind, clients])
            cells = [
                f"{value:,.{digits}f} ({value / base:.2f})"
                for value, base, digits in zip(found, floor, (0, 2, 2), strict=True)
            ]
            table.add_row(str(clients), kind, *cells)
        table.add_section()
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.writes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="turns of each kind (6)")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a turn (3)")
    given = parser.parse_args()
    SCRATCH.mkdir(exist_ok=True)  # on the disk of the checkout: /tmp may be no disk at all
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=SCRATCH)))
        stores = {
            kind: stack.enter_context(a_store(scratch / kind, settings))
            for kind, settings in KINDS.items()
        }
        stretches = run(stores, given.rounds, given.seconds)
    console = Console()
    console.print(table_of(stretches))
    console.print("In brackets: ratio to no append-only file, in the same run.")


if __name__ == "__main__":
    sys.exit(main())
