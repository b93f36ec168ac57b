"""The one interceptor: request id, deadline, log line, metrics, and errors turned into statuses."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2
from grpc_status import rpc_status

from restock.errors import InvalidRequest, RestockError
from restock.serving.call_log import CallLog
from restock.serving.logs import REQUEST_ID, REQUEST_ID_KEY
from restock.serving.metrics import ServiceMetrics
from restock.serving.status import status_of

log = logging.getLogger("restock.rpc")

Handler = Callable[[Any, "grpc.aio.ServicerContext[Any, Any]"], Awaitable[Any]]
Decode = Callable[[bytes], Any]
UNWATCHED = ("/grpc.health.", "/grpc.reflection.")
"""Calls of the platform, not of users: neither logged nor counted."""
LINE_FIELDS: ContextVar[Mapping[str, object] | None] = ContextVar("restock_line", default=None)
"""What the handler of the call under way adds to the call's line."""
MAX_REQUEST_ID_LENGTH = 128
MILLISECONDS = 1000
"""In a second."""
MICROSECOND_DIGITS = 3
"""Of milliseconds, as in the line of any other call."""
KINDS = {
    (False, False): "unary_unary",
    (False, True): "unary_stream",
    (True, False): "stream_unary",
    (True, True): "stream_stream",
}
"""Name of a handler's kind, by whether requests and answers are streams."""


class CallInterceptor(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]
    """Wraps every call of a service."""

    def __init__(self, metrics: ServiceMetrics, call_log: CallLog | None) -> None:
        self.metrics = metrics
        self.call_log = call_log
        self._wrapped: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[
            [grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]
        ],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """Return the method's handler, wrapped once."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None or method.startswith(UNWATCHED):
                return handler
            wrapped = self._wrapped[method] = self._wrap(method.rpartition("/")[2], handler)
        return wrapped

    def _wrap(
        self, method: str, handler: grpc.RpcMethodHandler[Any, Any]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        kind = KINDS[handler.request_streaming, handler.response_streaming]
        inner: Any = getattr(handler, kind)
        if handler.response_streaming:
            inner = writing(inner)
        # Messages are decoded inside the watched call: gRPC answers UNKNOWN to bytes that are none.
        decode = handler.request_deserializer
        if decode is not None:
            read = decoded_each if handler.request_streaming else decoded
            inner = decoding(inner, read, decode)
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        wrapped: grpc.RpcMethodHandler[Any, Any] = make(
            self._watched(method, inner),
            request_deserializer=None,
            response_serializer=handler.response_serializer,
        )
        return wrapped

    def _watched(self, method: str, inner: Handler) -> Handler:
        observe, call_log = self.metrics.observe, self.call_log

        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            request_id = request_id_of(context)
            REQUEST_ID.set(request_id)
            started = time.perf_counter()
            code = "OK"
            try:
                return await inner(request, context)
            except grpc.aio.AbortError:
                code = code_name(context)
                raise
            except RestockError as error:
                status = status_of(error)
                code = grpc_code(status).name
                await context.abort_with_status(rpc_status.to_status(status))  # type: ignore[attr-defined]
            except Exception:
                code = "INTERNAL"
                log.exception("unexpected error", extra={"method": method})
                # The cause stays in the log: strangers learn nothing of the inside.
                await context.abort(
                    grpc.StatusCode.INTERNAL, "internal error, see the service's log"
                )
            except BaseException:
                code = "CANCELLED"
                raise
            finally:
                seconds = time.perf_counter() - started
                observe(method, code, seconds)
                if call_log is not None:
                    fields = LINE_FIELDS.get()
                    if fields is None:
                        call_log.call(request_id, method, code, seconds)
                    else:
                        log.info("call", extra=line_of(method, code, seconds, fields))

        return call


def add_to_line(**fields: object) -> None:
    """Add fields to the log line of the call under way. Calls that add none do not pay for it."""
    LINE_FIELDS.set({**(LINE_FIELDS.get() or {}), **fields})


def line_of(
    method: str, code: str, seconds: float, fields: Mapping[str, object]
) -> dict[str, object]:
    """Put together the line of a call whose handler added to it: the fields of `CallLog`, then its own."""
    return {
        "method": method,
        "code": code,
        "ms": round(seconds * MILLISECONDS, MICROSECOND_DIGITS),
        **fields,
    }


def writing(inner: Callable[..., AsyncIterator[Any]]) -> Handler:
    """Turn a handler that gives out answers into one that writes them, so that it ends like others."""

    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        async for answer in inner(request, context):
            try:
                await context.write(answer)
            except grpc.aio.InternalError as error:
                # The caller is gone: nobody is left to be told anything.
                raise asyncio.CancelledError from error

    return call


def decoding(inner: Handler, read: Callable[[Any, Decode], Any], decode: Decode) -> Handler:
    """Let a handler of messages take bytes."""

    async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        return await inner(read(request, decode), context)

    return call


def decoded(body: bytes, decode: Decode) -> Any:
    """Decode one message.

    Raises:
        InvalidRequest: it is none.
    """
    try:
        return decode(body)
    except DecodeError as error:
        raise InvalidRequest("request", "bytes of the method's message, text in UTF-8") from error


async def decoded_each(bodies: AsyncIterator[bytes], decode: Decode) -> AsyncIterator[Any]:
    """Decode the messages of a stream as they come.

    Raises:
        InvalidRequest: one is none.
    """
    async for body in bodies:
        yield decoded(body, decode)


def grpc_code(status: status_pb2.Status) -> grpc.StatusCode:
    """Find the code of a google.rpc.Status."""
    return next(code for code in grpc.StatusCode if code.value[0] == status.code)


def code_name(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """Name of the code that a call was aborted with."""
    code = context.code()
    return code.name if isinstance(code, grpc.StatusCode) else str(code)


def request_id_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """Return the caller's request id, or a new one where it sent none."""
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID_KEY and isinstance(value, str):
            return value[:MAX_REQUEST_ID_LENGTH]
    return uuid.uuid4().hex
