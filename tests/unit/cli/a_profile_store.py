"""A small profile store over a list, on a real socket, and the events that it is filled with."""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pyarrow.parquet as pq

from restock.v1 import profile_store_pb2 as pb
from restock.v1.events_pb2 import (
    AddToCart,
    Click,
    Event,
    Impression,
    Order,
    OrderLine,
    RemoveFromCart,
    Return,
    View,
)
from restock.v1.profile_store_pb2_grpc import (
    ProfileStoreServiceServicer,
    add_ProfileStoreServiceServicer_to_server,
)

SECONDS_A_DAY = 86_400
MICROS = 1_000_000


class ListedEvents(ProfileStoreServiceServicer):
    """Keeps the log in a list; places in it never change, a deleted event leaves a hole.

    Cursors are `<prefix><place>`: another prefix is another store, and not understood.
    """

    def __init__(
        self, prefix: str = "at-", message_events: int = 7, pause_seconds: float = 0
    ) -> None:
        self.prefix = prefix
        self.message_events = message_events
        self.pause_seconds = pause_seconds
        self.log: list[Event | None] = []
        self.deleted: dict[str, int] = {}
        self.replenishment = pb.GetReplenishmentResponse()
        self.asked: list[pb.GetReplenishmentRequest] = []
        self.answers = 0
        self.answered = threading.Condition()

    def events(self) -> list[Event]:
        return [event for event in self.log if event is not None]

    def ReadEvents(self, request, context):  # noqa: N802
        end = len(self.log)
        if request.up_to:
            end = min(end, self._place(request.up_to, context))
        at = self._place(request.after, context) if request.after else 0
        while at < end:
            stop = min(at + self.message_events, end)
            found = [event for event in self.log[at:stop] if event is not None]
            yield pb.ReadEventsResponse(events=found, cursor=f"{self.prefix}{stop}")
            at = stop
            time.sleep(self.pause_seconds)
            with self.answered:
                self.answers += 1
                self.answered.notify_all()

    def _place(self, cursor: str, context) -> int:
        if not cursor.startswith(self.prefix):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "after: a cursor of this store")
        return int(cursor.removeprefix(self.prefix))

    def ListDeletedUsers(self, request, context):  # noqa: N802
        for user_hash, seconds in self.deleted.items():
            user = pb.DeletedUser(user_hash=user_hash)
            user.deleted_time.FromSeconds(seconds)
            yield pb.ListDeletedUsersResponse(users=[user])

    def DeleteUser(self, request, context):  # noqa: N802
        return self.delete(request.user_id, 1_700_000_000)

    def delete(self, user_id: str, seconds: int) -> pb.DeleteUserResponse:
        gone = {place for place, event in enumerate(self.log) if event and event.user_id == user_id}
        self.log = [None if place in gone else event for place, event in enumerate(self.log)]
        user_hash = hashlib.sha256(user_id.encode()).hexdigest()
        self.deleted[user_hash] = seconds
        receipt = pb.DeleteUserResponse(
            profiles=min(1, len(gone)), events=len(gone), event_ids=len(gone), user_hash=user_hash
        )
        receipt.deleted_time.FromSeconds(seconds)
        return receipt

    def ExportUser(self, request, context):  # noqa: N802
        for event in self.events():
            if event.user_id == request.user_id:
                yield pb.ExportUserResponse(
                    lines=[f'{{"kind": "event", "id": "{event.event_id}"}}']
                )

    def GetReplenishment(self, request, context):  # noqa: N802
        self.asked.append(request)
        return self.replenishment


@contextmanager
def serving(store: ListedEvents) -> Iterator[str]:
    """Serve a store on a free port; gives its address."""
    server = grpc.server(ThreadPoolExecutor(4))
    add_ProfileStoreServiceServicer_to_server(store, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def an_event(event_id: str, day: float, user: str = "ann", **fact) -> Event:
    """Build an event of a day counted from 1970-01-01; an order of two lines unless a fact is given."""
    order = Order(
        order_id=f"o-{event_id}",
        lines=[
            OrderLine(product_id="milk", quantity=2, unit_price=1.25, unit_discount=0.25),
            OrderLine(product_id="bread", quantity=0.5, unit_price=3),
        ],
    )
    event = Event(event_id=event_id, user_id=user, **(fact or {"order": order}))
    event.event_time.FromMicroseconds(round(day * SECONDS_A_DAY * MICROS))
    return event


def some_events(first: int, count: int, users: int = 5) -> list[Event]:
    """Build orders, views and impressions over three days, numbered from `first` on."""
    found = []
    for number in range(first, first + count):
        facts = [
            {},
            {"view": View(product_id=f"p{number}")},
            {"impression": Impression(recommendation_id=f"r{number}", product_ids=["a", "b", "c"])},
        ]
        day = 19_700 + (number * 7 % 30) / 10
        found.append(an_event(f"e{number}", day, f"user{number % users}", **facts[number % 3]))
    return found


def parts(root: Path) -> list[Path]:
    return sorted(root.glob("day=*/part-*.parquet"))


def rows_in(root: Path) -> list[dict]:
    """All rows of an export, each with the day of its folder."""
    return [
        {**row, "day": path.parent.name.removeprefix("day=")}
        for path in parts(root)
        for row in pq.ParquetFile(path).read().to_pylist()
    ]


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def events_in(root: Path) -> Counter[bytes]:
    """How often each event is in an export, put together again from its rows."""
    by_event: dict[tuple[Path, str], list[dict]] = {}
    for path in parts(root):
        for row in pq.ParquetFile(path).read().to_pylist():
            by_event.setdefault((path, row["event_id"]), []).append(row)
    return counted(event_from(rows) for rows in by_event.values())


def counted(events) -> Counter[bytes]:
    return Counter(event.SerializeToString(deterministic=True) for event in events)


def event_from(rows: list[dict]) -> Event:
    """Put an event together from its rows, as the documentation of the columns says."""
    first = rows[0]
    assert {row["kind"] for row in rows} == {first["kind"]}
    if first["kind"] in {"order", "impression"}:
        assert [row["line"] for row in rows] == list(range(len(rows)))
    else:
        assert len(rows) == 1
    product, shown = first["product_id"], first["recommendation_id"]
    lines = [
        {name: row[name] for name in ("product_id", "quantity", "unit_price", "unit_discount")}
        for row in rows
        if row["kind"] == "order"
    ]
    facts = {
        "order": lambda: {"order": Order(order_id=first["order_id"], lines=lines)},
        "return": lambda: {
            "order_return": Return(
                order_id=first["order_id"], line=first["line"], quantity=first["quantity"]
            )
        },
        "view": lambda: {"view": View(product_id=product)},
        "add_to_cart": lambda: {
            "add_to_cart": AddToCart(product_id=product, quantity=first["quantity"])
        },
        "remove_from_cart": lambda: {"remove_from_cart": RemoveFromCart(product_id=product)},
        "impression": lambda: {
            "impression": Impression(
                recommendation_id=shown, product_ids=[row["product_id"] for row in rows]
            )
        },
        "click": lambda: {"click": Click(recommendation_id=shown, product_id=product)},
    }
    event = Event(event_id=first["event_id"], user_id=first["user_id"], **facts[first["kind"]]())
    event.event_time.FromDatetime(first["event_time"])
    return event
