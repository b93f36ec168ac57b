"""Messages to send, and what is said of a failure."""

import time
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2

DAY = 17_500
NOON = DAY * 86_400 + 43_200
SECONDS = 5


def a_line(product_id="milk", quantity=2.0, unit_price=1.5) -> pb.OrderLine:
    return pb.OrderLine(product_id=product_id, quantity=quantity, unit_price=unit_price)


def an_event(event_id="e1", user_id="ann", seconds=NOON, lines=None, **changes: Any) -> pb.Event:
    fields = {
        "event_time": Timestamp(seconds=seconds),
        "order": pb.Order(order_id="o1", lines=[a_line()] if lines is None else lines),
    }
    return pb.Event(event_id=event_id, user_id=user_id, **(fields | changes))


def a_profile(user_id="ann", product_ids=("bread", "milk"), **changes: Any) -> types_pb2.Profile:
    count = len(product_ids)
    fields = {
        "purchase_counts": [2] * count,
        "first_days": [DAY] * count,
        "last_days": [DAY + 7] * count,
        "units_milli": [2000] * count,
        "spend_milli": [5000] * count,
        "shopping_days": 2,
        "last_shopping_day": DAY + 7,
    }
    return types_pb2.Profile(user_id=user_id, product_ids=product_ids, **(fields | changes))


async def put(store, *events: pb.Event) -> list[pb.EventResult]:
    answer = await store.PutEvents(pb.PutEventsRequest(events=events), timeout=SECONDS)
    return list(answer.results)


async def get(store, user_id="ann") -> types_pb2.Profile:
    answer = await store.GetProfile(pb.GetProfileRequest(user_id=user_id), timeout=SECONDS)
    return answer.profile


async def load(store, *profiles: types_pb2.Profile, **changes: Any) -> pb.ImportProfilesResponse:
    request = pb.ImportProfilesRequest(profiles=profiles, **changes)
    return await store.ImportProfiles(iter([request]), timeout=30)


async def refused_field(call) -> str:
    """Field that an INVALID_ARGUMENT names."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = error_details_pb2.BadRequest()
    assert rpc_status.from_call(refused.value).details[0].Unpack(details)
    return details.field_violations[0].field


async def unavailable_text(call) -> str:
    """Message of an UNAVAILABLE that says when to try again, and came within a second."""
    started = time.monotonic()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    details = error_details_pb2.RetryInfo()
    assert rpc_status.from_call(refused.value).details[0].Unpack(details)
    assert details.retry_delay.seconds == 1
    assert time.monotonic() - started < 1
    return refused.value.details()
