"""A service that wears the shell, for tests: its messages are bytes unless a method says otherwise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.rpc import status_pb2

from restock.errors import InvalidRequest, NotReady
from restock.serving.interceptor import add_to_line
from restock.serving.runner import Running, Shell, start
from restock.serving.settings import ServiceSettings

SERVICE = "test.v1.EchoService"
SECRET = "password=hunter2"


async def echo(request: bytes, context: Any) -> bytes:
    return request


async def slow(request: bytes, context: Any) -> bytes:
    await asyncio.sleep(float(request))
    return b"done"


async def refuse(request: bytes, context: Any) -> bytes:
    raise InvalidRequest("filter.min_price", "at least 0")


async def wait(request: bytes, context: Any) -> bytes:
    raise NotReady("no model version is loaded yet")


async def crash(request: bytes, context: Any) -> bytes:
    raise RuntimeError(SECRET)


async def abort(request: bytes, context: Any) -> bytes:
    await context.abort(grpc.StatusCode.OUT_OF_RANGE, "past the end")


async def note(request: bytes, context: Any) -> bytes:
    add_to_line(words=[request.decode()])
    add_to_line(pages=3)
    return b""


async def count(requests: AsyncIterator[bytes], context: Any) -> bytes:
    return str(len([request async for request in requests])).encode()


async def read(request: status_pb2.Status, context: Any) -> bytes:
    return request.message.encode()


async def read_all(requests: AsyncIterator[status_pb2.Status], context: Any) -> bytes:
    return b" ".join([request.message.encode() async for request in requests])


async def repeat(request: bytes, context: Any) -> AsyncIterator[bytes]:
    yield request
    if request == b"refuse":
        raise InvalidRequest("number", "one that can be repeated")
    if request == b"crash":
        raise RuntimeError(SECRET)
    yield request


async def echo_each(
    requests: AsyncIterator[status_pb2.Status], context: Any
) -> AsyncIterator[bytes]:
    async for request in requests:
        yield request.message.encode()


UNARY = {
    "Echo": echo, "Slow": slow, "Refuse": refuse, "Wait": wait, "Crash": crash, "Abort": abort,
    "Note": note,
}  # fmt: skip


@asynccontextmanager
async def wiring(settings: ServiceSettings, shell: Shell) -> AsyncIterator[None]:
    methods = {
        **{name: grpc.unary_unary_rpc_method_handler(method) for name, method in UNARY.items()},
        "Count": grpc.stream_unary_rpc_method_handler(count),
        "Read": grpc.unary_unary_rpc_method_handler(
            read, request_deserializer=status_pb2.Status.FromString
        ),
        "ReadAll": grpc.stream_unary_rpc_method_handler(
            read_all, request_deserializer=status_pb2.Status.FromString
        ),
        "Repeat": grpc.unary_stream_rpc_method_handler(repeat),
        "EchoEach": grpc.stream_stream_rpc_method_handler(
            echo_each, request_deserializer=status_pb2.Status.FromString
        ),
    }
    handler = grpc.method_handlers_generic_handler(SERVICE, methods)
    shell.server.add_generic_rpc_handlers((handler,))
    await shell.readiness.set(True)
    yield


@asynccontextmanager
async def running(**settings: Any) -> AsyncIterator[Running]:
    chosen = {"port": 0, "metrics_port": 0, "drain_seconds": 0, "grace_seconds": 1} | settings
    service = await start(ServiceSettings(**chosen), SERVICE, wiring)
    try:
        yield service
    finally:
        await service.stop()


async def call(
    channel: grpc.aio.Channel, method: str, request: bytes = b"", **options: Any
) -> bytes:
    return await channel.unary_unary(f"/{SERVICE}/{method}")(request, timeout=5, **options)
