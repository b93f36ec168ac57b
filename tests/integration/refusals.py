"""What a refused call tells its caller."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass(frozen=True)
class Refusal:
    """A status and the details that a program can act on."""

    code: str
    """Name of the status code."""
    message: str
    """For people."""
    fields: list[str] = field(default_factory=list)
    """Fields at fault."""
    retry_seconds: int | None = None
    """When to try again."""
    metadata: dict[str, str] = field(default_factory=dict)
    """Of the ErrorInfo."""


async def refusal_of(call: Awaitable[Any]) -> Refusal:
    """Await a call that has to fail."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    error: Any = refused.value
    status = rpc_status.from_call(error)
    assert status is not None, f"no details: {error.code().name} {error.details()}"
    told: dict[str, Any] = {}
    for detail in status.details:
        match detail.TypeName().rpartition(".")[2]:
            case "BadRequest":
                violations = unpacked(detail, error_details_pb2.BadRequest).field_violations
                told["fields"] = [violation.field for violation in violations]
            case "RetryInfo":
                info = unpacked(detail, error_details_pb2.RetryInfo)
                told["retry_seconds"] = info.retry_delay.seconds
            case "ErrorInfo":
                told["metadata"] = dict(unpacked(detail, error_details_pb2.ErrorInfo).metadata)
    return Refusal(error.code().name, error.details(), **told)


def unpacked(detail: Any, kind: type) -> Any:
    message = kind()
    assert detail.Unpack(message)
    return message


async def field_refused(call: Awaitable[Any]) -> str:
    """Name the one field for which a call is INVALID_ARGUMENT."""
    refusal = await refusal_of(call)
    assert refusal.code == "INVALID_ARGUMENT", refusal
    (at_fault,) = refusal.fields
    assert at_fault in refusal.message
    return at_fault
