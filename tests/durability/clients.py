"""Clients of a shop that write, and send again until everything is acknowledged."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, Protocol

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from restock.v1 import events_pb2, types_pb2
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.durability.checker import Evidence, faults
from tests.durability.shop import USERS, Shop

CALL_SECONDS = 5.0
PAUSE_SECONDS = 0.02
"""Before a client tries again."""
THINK_SECONDS = 0.01
"""Before a client sends something new, at most."""
SETTLED_SECONDS = 60.0
"""After which something that has to heal never will."""
MESSAGES = 10
"""Of one stream."""
MOST_EVENTS = 100
"""Of one message."""
FAST = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]


class Failure(NamedTuple):
    """A call that failed."""

    when: float
    """Of `time.monotonic`."""
    seconds: float
    """How long it took to say so."""
    code: grpc.StatusCode
    retry: bool
    """Whether it came with RetryInfo."""
    text: str


@dataclass
class Record:
    """What the clients know together."""

    evidence: Evidence = field(default_factory=Evidence)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    """By RPC."""
    rejected: list[str] = field(default_factory=list)
    recovered: int = 0
    """Events that were stored although the answer to their first sending was lost."""
    cursor: str = ""
    """Up to which the log was read."""

    def sends(self, events: Sequence[events_pb2.Event]) -> list[events_pb2.Event]:
        """Note events before they are sent."""
        self.evidence.sent.update({event.event_id: event for event in events})
        return [*events]

    def acknowledges(self, events: Sequence[events_pb2.Event]) -> None:
        self.evidence.acknowledged.update(event.event_id for event in events)

    def fails(self, rpc: str, started: float, error: grpc.aio.AioRpcError) -> None:
        now = time.monotonic()
        failure = Failure(now, now - started, error.code(), has_retry(error), error.details() or "")
        self.failures.setdefault(rpc, []).append(failure)

    def codes(self) -> dict[str, int]:
        """Failures by RPC and code, with the text of what is not UNAVAILABLE."""
        usual = grpc.StatusCode.UNAVAILABLE
        return Counter(
            f"{rpc} {one.code.name}" + (f" {one.text!r}" if one.code is not usual else "")
            for rpc, failures in self.failures.items()
            for one in failures
        )


def has_retry(error: grpc.aio.AioRpcError) -> bool:
    """Whether a failure says when to try again."""
    status = rpc_status.from_call(error)
    found = error_details_pb2.RetryInfo()
    return status is not None and any(detail.Unpack(found) for detail in status.details)


class Client(Protocol):
    """Writes one turn after the other; after a turn all that it sent is acknowledged."""

    async def turn(self) -> None: ...


class PuttingClient:
    """Sends a batch with PutEvents until it is acknowledged."""

    def __init__(self, stub: ProfileStoreServiceStub, shop: Shop, record: Record) -> None:
        self._stub, self._shop, self._record = stub, shop, record

    async def turn(self) -> None:
        events = self._record.sends(self._shop.batch())
        known = {event.event_id for event in events} & self._record.evidence.acknowledged
        tries = 0
        while (results := await self._put(events)) is None:
            tries += 1
            await asyncio.sleep(PAUSE_SECONDS)
        for event, result in zip(events, results, strict=True):
            if result.status == pb.EVENT_STATUS_REJECTED:
                self._record.rejected.append(f"{event.event_id}: {result.field} {result.detail}")
            if tries and result.status == pb.EVENT_STATUS_DUPLICATE:
                self._record.recovered += event.event_id not in known
        self._record.acknowledges(events)

    async def _put(self, events: list[events_pb2.Event]) -> list[pb.EventResult] | None:
        started = time.monotonic()
        try:
            request = pb.PutEventsRequest(events=events)
            return [*(await self._stub.PutEvents(request, timeout=CALL_SECONDS)).results]
        except grpc.aio.AioRpcError as error:
            self._record.fails("PutEvents", started, error)
            return None


@dataclass
class Wire:
    """What was sent over one stream."""

    events: list[events_pb2.Event] = field(default_factory=list)
    """In order: the first one is number 1."""
    over: bool = False
    """Whether the stream has ended, so that nothing more is drawn for it."""


class StreamingClient:
    """Sends batches over a stream, and over the next what lies beyond the last watermark."""

    def __init__(
        self, stub: ProfileStoreServiceStub, shop: Shop, record: Record, draw: random.Random
    ) -> None:
        self._stub, self._shop, self._record, self._draw = stub, shop, record, draw

    async def turn(self) -> None:
        unsettled = await self._stream([], MESSAGES)
        while unsettled:
            await asyncio.sleep(PAUSE_SECONDS)
            unsettled = await self._stream(unsettled, 0)

    async def _stream(self, again: list[events_pb2.Event], more: int) -> list[events_pb2.Event]:
        """Send over one stream; return what lies beyond its last watermark."""
        wire, watermark, started = Wire(), 0, time.monotonic()
        call = self._stub.StreamEvents(self._messages(wire, again, more), timeout=CALL_SECONDS)
        try:
            async for answer in call:
                self._record.acknowledges(wire.events[watermark : answer.watermark])
                watermark = answer.watermark
                self._record.rejected += [f"{r.event_id}: {r.field}" for r in answer.rejected]
        except grpc.aio.AioRpcError as error:
            self._record.fails("StreamEvents", started, error)
        else:
            assert watermark == len(wire.events)
        wire.over = True
        sent = {event.event_id for event in wire.events}
        unsent = [event for event in again if event.event_id not in sent]
        return wire.events[watermark:] + unsent

    async def _messages(
        self, wire: Wire, again: list[events_pb2.Event], more: int
    ) -> AsyncIterator[pb.StreamEventsRequest]:
        rest = iter(again)
        while not wire.over and (events := [*islice(rest, MOST_EVENTS)]):
            wire.events += events
            yield pb.StreamEventsRequest(events=events)
        for _ in range(more):
            if wire.over:
                return
            events = self._record.sends(self._shop.batch())
            wire.events += events
            yield pb.StreamEventsRequest(events=events)
            await asyncio.sleep(self._draw.uniform(0, THINK_SECONDS))


class Load:
    """Clients that write until stopped, and can be made to pause with nothing under way."""

    def __init__(self, stub: ProfileStoreServiceStub, record: Record, seed: int) -> None:
        self.record = record
        self.stub = stub
        self._open = asyncio.Event()
        draws = [random.Random(f"{seed} client {number}") for number in range(4)]
        shops = [Shop(f"{seed}-{number}", draw) for number, draw in enumerate(draws)]
        clients: list[Client] = [PuttingClient(stub, shop, record) for shop in shops[:2]]
        clients += [
            StreamingClient(stub, shop, record, draw)
            for shop, draw in zip(shops[2:], draws[2:], strict=True)
        ]
        self._turns = [asyncio.Lock() for _ in clients]
        self.tasks = [
            asyncio.create_task(self._write(client, lock, draw))
            for client, lock, draw in zip(clients, self._turns, draws, strict=True)
        ]

    async def _write(self, client: Client, lock: asyncio.Lock, draw: random.Random) -> None:
        while True:
            await self._open.wait()
            async with lock:
                if self._open.is_set():
                    await client.turn()
            await asyncio.sleep(draw.uniform(0, THINK_SECONDS))

    def go(self) -> None:
        self._open.set()

    async def pause(self) -> None:
        """Wait until all that was sent is acknowledged."""
        self._open.clear()
        for lock, task in zip(self._turns, self.tasks, strict=True):
            async with self._healing():
                while lock.locked():
                    await self._look(task)

    async def more(self, count: int) -> None:
        """Wait until so many further events are acknowledged."""
        wanted = len(self.record.evidence.acknowledged) + count
        async with self._healing():
            while len(self.record.evidence.acknowledged) < wanted:
                for task in self.tasks:
                    await self._look(task)

    async def _look(self, task: "asyncio.Task[None]") -> None:
        """Wait a moment, and fail if a client did."""
        await asyncio.sleep(0.005)
        if task.done():
            task.result()

    @asynccontextmanager
    async def _healing(self) -> AsyncIterator[None]:
        """Fail with what the clients were told last when it takes too long."""
        try:
            async with asyncio.timeout(SETTLED_SECONDS):
                yield
        except TimeoutError:
            now = time.monotonic()
            last = {
                rpc: [(round(now - one.when, 1), one.code.name, one.text) for one in failures[-3:]]
                for rpc, failures in self.record.failures.items()
            }
            raise AssertionError(
                f"clients wait for {SETTLED_SECONDS} s; told before: {last}"
            ) from None

    async def faults(self) -> list[str]:
        """Pause, read what was added to the log, and say all that is wrong."""
        await self.pause()
        record = self.record
        events, record.cursor = await read_log(self.stub, record.cursor)
        record.evidence.log += events
        profiles = await read_profiles(self.stub)
        return [*faults(record.evidence, profiles), *record.rejected]


@asynccontextmanager
async def writing(target: str, record: Record, seed: int) -> AsyncIterator[Load]:
    """Write from four clients until left."""
    async with grpc.aio.insecure_channel(target, options=FAST) as channel:
        load = Load(ProfileStoreServiceStub(channel), record, seed)
        load.go()
        try:
            yield load
        finally:
            for task in load.tasks:
                task.cancel()
            await asyncio.gather(*load.tasks, return_exceptions=True)


async def read_log(
    stub: ProfileStoreServiceStub, after: str = ""
) -> tuple[list[events_pb2.Event], str]:
    """Read the log behind a cursor; return its events and the new cursor."""
    events: list[events_pb2.Event] = []
    request = pb.ReadEventsRequest(after=after)
    async for answer in stub.ReadEvents(request, timeout=60):
        events += answer.events
        after = answer.cursor
    return events, after


async def read_profiles(stub: ProfileStoreServiceStub) -> dict[str, types_pb2.Profile]:
    """Read everybody's profile."""
    request = pb.BatchGetProfilesRequest(user_ids=USERS)
    answer = await stub.BatchGetProfiles(request, timeout=CALL_SECONDS)
    return {profile.user_id: profile for profile in answer.profiles}
