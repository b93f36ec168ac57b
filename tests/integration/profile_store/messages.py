"""Messages to send, and what is said of a failure."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from restock.v1 import events_pb2, types_pb2
from restock.v1 import profile_store_pb2 as pb
from restock.v1.events_pb2 import AddToCart, Event, Order, OrderLine, RemoveFromCart, Return, View
from tests.integration.leaf import until
from tests.integration.refusals import refusal_of

DAY = 17_500
"""2017-11-30."""
MIDNIGHT = DAY * 86_400
NOON = MIDNIGHT + 43_200
SECONDS = 10
ACCEPTED = pb.EVENT_STATUS_ACCEPTED
DUPLICATE = pb.EVENT_STATUS_DUPLICATE
REJECTED = pb.EVENT_STATUS_REJECTED
NAN, INFINITY = float("nan"), float("inf")


def a_line(product_id="milk", quantity=2.0, unit_price=1.5, **changes: Any) -> OrderLine:
    return OrderLine(product_id=product_id, quantity=quantity, unit_price=unit_price, **changes)


def an_event(event_id="e1", user_id="ann", seconds=NOON, **changes: Any) -> Event:
    """An event of any fact, by its name in the proto."""
    fields: dict[str, Any] = {"event_time": Timestamp(seconds=seconds)}
    return Event(event_id=event_id, user_id=user_id, **(fields | changes))


def an_order(event_id="e1", *lines: OrderLine, order_id: str = "", **changes: Any) -> Event:
    """An order of its own, of two milk at 1.50 unless lines are given."""
    order = Order(order_id=order_id or f"order of {event_id}", lines=lines or [a_line()])
    return an_event(event_id, order=order, **changes)


def a_return(event_id: str, order_id: str, line=0, quantity=1.0, **changes: Any) -> Event:
    given_back = Return(order_id=order_id, line=line, quantity=quantity)
    return an_event(event_id, order_return=given_back, **changes)


def a_view(event_id="e1", product_id="milk", **changes: Any) -> Event:
    return an_event(event_id, view=View(product_id=product_id), **changes)


def into_cart(event_id: str, product_id="milk", quantity=0.0, **changes: Any) -> Event:
    added = AddToCart(product_id=product_id, quantity=quantity)
    return an_event(event_id, add_to_cart=added, **changes)


def out_of_cart(event_id: str, product_id="milk", **changes: Any) -> Event:
    return an_event(event_id, remove_from_cart=RemoveFromCart(product_id=product_id), **changes)


def an_impression(event_id: str, *product_ids: str, **changes: Any) -> Event:
    shown = events_pb2.Impression(recommendation_id="r1", product_ids=product_ids or ["milk"])
    return an_event(event_id, impression=shown, **changes)


def a_click(event_id: str, product_id="milk", **changes: Any) -> Event:
    click = events_pb2.Click(recommendation_id="r1", product_id=product_id)
    return an_event(event_id, click=click, **changes)


def one_of_each_kind(user_id="ann", prefix="e") -> list[Event]:
    return [
        an_order(f"{prefix}1", a_line(), a_line("tea"), user_id=user_id, order_id=f"{prefix}-o1"),
        a_return(f"{prefix}2", f"{prefix}-o1", line=1, user_id=user_id),
        a_view(f"{prefix}3", "bread", user_id=user_id),
        into_cart(f"{prefix}4", "eggs", user_id=user_id),
        out_of_cart(f"{prefix}5", "salt", user_id=user_id),
        an_impression(f"{prefix}6", "ham", "wine", user_id=user_id),
        a_click(f"{prefix}7", "wine", user_id=user_id, seconds=NOON + 1),
    ]


def a_history(user_id="ann", product_ids=("bread", "milk"), **changes: Any) -> pb.PurchaseHistory:
    """One unit for 2.50 of each product on two days, a week apart."""
    pairs = 2 * len(product_ids)
    fields: dict[str, Any] = {
        "day_counts": [2] * len(product_ids),
        "days": [DAY, DAY + 7] * len(product_ids),
        "units_milli": [1000] * pairs,
        "spend_milli": [2500] * pairs,
    }
    return pb.PurchaseHistory(user_id=user_id, product_ids=product_ids, **(fields | changes))


def the_profile(user_id="ann", **changes: Any) -> types_pb2.Profile:
    """What `a_history` leads to."""
    fields: dict[str, Any] = {
        "revision": 1,
        "product_ids": ["bread", "milk"],
        "purchase_counts": [2, 2],
        "first_days": [DAY, DAY],
        "last_days": [DAY + 7, DAY + 7],
        "units_milli": [2000, 2000],
        "spend_milli": [5000, 5000],
        "shopping_days": 2,
        "last_shopping_day": DAY + 7,
        "average_price": 2.5,
        "spend_per_day": 5,
    }
    return types_pb2.Profile(user_id=user_id, **(fields | changes))


async def put(store, *events: Event) -> list[pb.EventResult]:
    answer = await store.PutEvents(pb.PutEventsRequest(events=events), timeout=SECONDS)
    return list(answer.results)


async def put_all(store, events: Iterable[Event]) -> None:
    """Send events, all of which have to be accepted."""
    results = await put(store, *events)
    assert {result.status for result in results} == {ACCEPTED}


async def get(store, user_id="ann", **changes: Any) -> types_pb2.Profile:
    request = pb.GetProfileRequest(user_id=user_id, **changes)
    return (await store.GetProfile(request, timeout=SECONDS)).profile


async def load(store, *histories: pb.PurchaseHistory, **changes: Any) -> pb.ImportProfilesResponse:
    request = pb.ImportProfilesRequest(histories=histories, **changes)
    return await store.ImportProfiles(iter([request]), timeout=30)


async def delete(store, user_id="ann") -> pb.DeleteUserResponse:
    return await store.DeleteUser(pb.DeleteUserRequest(user_id=user_id), timeout=SECONDS)


async def read_log(store, after="", up_to="") -> list[pb.ReadEventsResponse]:
    request = pb.ReadEventsRequest(after=after, up_to=up_to)
    return [answer async for answer in store.ReadEvents(request, timeout=SECONDS)]


async def logged(store) -> list[Event]:
    return [event for answer in await read_log(store) for event in answer.events]


async def exported(store, user_id="ann") -> list[str]:
    request = pb.ExportUserRequest(user_id=user_id)
    answers = store.ExportUser(request, timeout=SECONDS)
    return [line async for answer in answers for line in answer.lines]


async def deleted_users(store) -> dict[str, int]:
    """When users were deleted, in microseconds, by hash."""
    answers = store.ListDeletedUsers(pb.ListDeletedUsersRequest(), timeout=SECONDS)
    return {
        user.user_hash: user.deleted_time.ToMicroseconds()
        async for answer in answers
        for user in answer.users
    }


def now() -> Timestamp:
    moment = Timestamp()
    moment.GetCurrentTime()
    return moment


async def eventually(ask: Callable[[], Awaitable[Any]], is_so: Callable[[Any], bool]) -> None:
    """Ask until it is so; a few seconds at most."""

    async def so() -> bool:
        return is_so(await ask())

    await until(so, SECONDS)


async def unavailable_text(call: Awaitable[Any], code=grpc.StatusCode.UNAVAILABLE) -> str:
    """Message of a refusal that says when to try again, and came within a second."""
    started = time.monotonic()
    refusal = await refusal_of(call)
    assert (refusal.code, refusal.retry_seconds) == (code.name, 1)
    assert time.monotonic() - started < 1
    return refusal.message
