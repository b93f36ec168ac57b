"""The fake peers without sockets: a channel that hands a request straight to its servicer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from grpc_status import rpc_status

from restock.errors import RestockError
from restock.serving.status import status_of


class InProcessContext:
    """As much of a servicer's context as the fakes use."""

    def __init__(self, metadata: Any) -> None:
        self._metadata = metadata

    def invocation_metadata(self) -> Any:
        return self._metadata

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise failure(code, details)


class InProcessChannel:
    """A channel to one servicer; what travels is bytes, as on a socket."""

    def __init__(self, servicer: Any) -> None:
        self._servicer = servicer

    def unary_unary(self, path: str, **_: Any) -> Callable[..., Awaitable[Any]]:
        handler = getattr(self._servicer, path.rpartition("/")[2])

        async def call(request: Any, timeout: float, metadata: Any) -> Any:
            received = type(request).FromString(request.SerializeToString())
            try:
                async with asyncio.timeout(timeout):
                    response = await handler(received, InProcessContext(metadata))
            except TimeoutError:
                raise failure(grpc.StatusCode.DEADLINE_EXCEEDED, "too late") from None
            except RestockError as error:
                raise refusal(error) from error
            return type(response).FromString(response.SerializeToString())

        return call

    stream_unary = unary_stream = stream_stream = unary_unary


def failure(code: grpc.StatusCode, details: str) -> grpc.aio.AioRpcError:
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, nothing, nothing, details)


def refusal(error: RestockError) -> grpc.aio.AioRpcError:
    status: Any = rpc_status.to_status(status_of(error))
    trailing = grpc.aio.Metadata(*status.trailing_metadata)
    return grpc.aio.AioRpcError(status.code, grpc.aio.Metadata(), trailing, status.details)
