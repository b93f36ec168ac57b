"""What a shopper costs in Redis, with every basket of Complete Journey sent as an order.

    python -m benchmarks.state                  all 2,469 households, some minutes
    python -m benchmarks.state --households 200

Starts a Redis and a profile store of its own. Prints bytes a user (values alone, and as Redis counts its
memory), bytes an order in the log, and how many orders a second went in over four streams.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import grpc
import numpy as np
import pandas as pd
from google.protobuf.timestamp_pb2 import Timestamp
from redis import Redis
from rich.console import Console
from rich.table import Table

from restock.cli.suite import environment, running, services
from restock.serving.local_redis import free_ports, local_redis
from restock.v1 import events_pb2
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from trainer.sample import sample_files

STREAMS = 4
PATIENCE = {"RESTOCK_PROFILE_STORE_REDIS_TIMEOUT_SECONDS": "30"}
"""Waiting for a busy disk shows in the figures, and does not end the run."""
EVENTS_A_MESSAGE = 50
READY_SECONDS = 60.0
ABOUT_A_THOUSAND = (950, 1050)
"""Distinct products of the users that the bound of 25 KB is looked at with."""


@dataclass(frozen=True)
class Footprint:
    """What is kept of one user."""

    products: int
    """Distinct products bought."""
    value_bytes: int
    """Ledger and profile."""
    memory_bytes: int
    """Both keys as Redis counts its memory."""
    log_bytes: int
    """The user's part of the log, likewise."""


def baskets(households: int) -> pd.DataFrame:
    """Purchases with units, sorted by household and time; households in order, at most so many."""
    rows = pd.read_parquet(sample_files().transactions)
    rows = rows[rows["quantity"] > 0]
    users = np.sort(rows["household_id"].unique())[:households]
    rows = rows[rows["household_id"].isin(users)]
    return rows.sort_values(["household_id", "transaction_timestamp", "basket_id"], kind="stable")


def orders(rows: pd.DataFrame) -> Iterator[events_pb2.Event]:
    """One order a basket."""
    for (user, basket), lines in rows.groupby(["household_id", "basket_id"], sort=False):
        seconds = int(lines["transaction_timestamp"].iloc[0].timestamp())
        columns = zip(
            lines["product_id"].tolist(), lines["quantity"].tolist(), lines["sales_value"].tolist(),
            strict=True,
        )  # fmt: skip
        yield events_pb2.Event(
            event_id=f"order-{basket}",
            user_id=str(user),
            event_time=Timestamp(seconds=seconds),
            order=events_pb2.Order(
                order_id=str(basket),
                lines=[
                    events_pb2.OrderLine(
                        product_id=str(product), quantity=units, unit_price=paid / units
                    )
                    for product, units, paid in columns
                ],
            ),
        )


async def send(port: int, events: list[events_pb2.Event]) -> int:
    """Send events over one stream; returns how many were accepted."""

    async def messages() -> AsyncIterator[pb.StreamEventsRequest]:
        for start in range(0, len(events), EVENTS_A_MESSAGE):
            yield pb.StreamEventsRequest(events=events[start : start + EVENTS_A_MESSAGE])

    settled = pb.StreamEventsResponse()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        async for settled in ProfileStoreServiceStub(channel).StreamEvents(messages()):
            assert not settled.rejected, settled.rejected
    return settled.accepted


async def send_all(port: int, events: list[events_pb2.Event]) -> int:
    """Send events over four streams, each user's over one."""
    shares: list[list[events_pb2.Event]] = [[] for _ in range(STREAMS)]
    for event in events:
        shares[int(event.user_id) % STREAMS].append(event)
    return sum(await asyncio.gather(*(send(port, share) for share in shares)))


def footprint(redis: "Redis[bytes]", port: int, user_id: str) -> Footprint:
    """Measure one user."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = ProfileStoreServiceStub(channel)
        profile = stub.GetProfile(pb.GetProfileRequest(user_id=user_id)).profile
        answers = iter(stub.ExportUser(pb.ExportUserRequest(user_id=user_id)))
        _, ledger = (line for answer in islice(answers, 2) for line in answer.lines)
    ledger_key, profile_key = f"restock:ledger:{user_id}", f"restock:profile:{user_id}"
    log_id = json.loads(ledger)["ledger"]["logId"]
    return Footprint(
        len(profile.product_ids),
        redis.strlen(ledger_key) + redis.strlen(profile_key),
        redis.memory_usage(ledger_key) + redis.memory_usage(profile_key),
        redis.memory_usage(f"restock:log:{log_id}", samples=0),
    )


def show(found: list[Footprint], sent: int, rows: int, seconds: float) -> None:
    """Print the table."""
    table = Table("bytes", "median", "p99", "highest", "highest at 950 to 1,050 products")
    for name in ("value_bytes", "memory_bytes", "log_bytes"):
        values = np.array([getattr(one, name) for one in found])
        low, high = ABOUT_A_THOUSAND
        near = [getattr(one, name) for one in found if low <= one.products <= high]
        figures = [np.median(values), np.percentile(values, 99), values.max(), max(near, default=0)]
        table.add_row(name, *(f"{int(figure):,}" for figure in figures))
    console = Console()
    console.print(table)
    products = [one.products for one in found]
    console.print(f"{len(found):,} users, {int(np.median(products))} products in the median")
    console.print(f"{sent / seconds:,.0f} orders a second ({rows / seconds:,.0f} lines)")
    console.print(f"{sum(one.log_bytes for one in found) / sent:,.0f} bytes an order in the log")


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=10_000)
    given = parser.parse_args()
    rows = baskets(given.households)
    events = list(orders(rows))
    with tempfile.TemporaryDirectory() as folder, local_redis(Path(folder), 0) as url:
        ports = free_ports(8)
        members = services(0, 0)[1:2]
        members = [type(m)(m.module, m.name, ports[0], ports[1]) for m in members]
        home = Path(folder)
        variables = environment(members, home, url) | PATIENCE
        with running(members, variables, home / "logs") as suite:
            suite.wait_ready(READY_SECONDS)
            started = time.perf_counter()
            sent = asyncio.run(send_all(ports[0], events))
            seconds = time.perf_counter() - started
            users = [str(user) for user in rows["household_id"].unique()]
            with Redis.from_url(url) as redis:
                found = [footprint(redis, ports[0], user) for user in users]
    show(found, sent, len(rows), seconds)


if __name__ == "__main__":
    main()
