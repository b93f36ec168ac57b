"""Runs a service: listen, say so, and stop in the order say, wait, drain, close."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from restock.serving import logs
from restock.serving.call_log import CallLog
from restock.serving.channels import channel_options
from restock.serving.interceptor import CallInterceptor
from restock.serving.metrics import ServiceMetrics
from restock.serving.settings import ServiceSettings

log = logging.getLogger(__name__)
S = TypeVar("S", bound=ServiceSettings)
GARBAGE_THRESHOLD = 20_000
"""New objects between collections: a request makes some hundreds and frees nearly all by itself."""
UNLIMITED = -1
"""What gRPC takes for no limit."""
LIVENESS = ""
"""Health name of "the process runs"; a service's full name stands for "ready to answer"."""


class Readiness:
    """Says through grpc.health.v1 whether the service can answer."""

    def __init__(self, servicer: HealthServicer, service_name: str) -> None:
        self._servicer = servicer
        self._name = service_name

    async def set(self, ready: bool) -> None:
        """Say SERVING or NOT_SERVING under the service's full name."""
        serving = health_pb2.HealthCheckResponse.ServingStatus
        await self._servicer.set(self._name, serving.SERVING if ready else serving.NOT_SERVING)


@dataclass(frozen=True)
class Shell:
    """What a service's wiring gets to work with."""

    server: grpc.aio.Server
    """To add the servicer to."""
    metrics: ServiceMetrics
    """To count with."""
    readiness: Readiness
    """To say when the service can answer."""


Wiring = Callable[[S, Shell], AbstractAsyncContextManager[None]]


@dataclass(frozen=True)
class Running:
    """A service that listens."""

    port: int
    """Its gRPC port."""
    metrics_port: int
    """Its metrics port."""
    stop: Callable[[], Awaitable[None]]
    """Stops it in good order: NOT_SERVING, wait, drain, close."""


async def start(settings: S, service_name: str, wiring: Wiring[S]) -> Running:
    """Start a service: adapters open, servicer listening, health and reflection on.

    Args:
        settings: the service's settings.
        service_name: full proto name, such as ``restock.v1.RerankerService``.
        wiring: opens adapters, adds the servicer to the shell's server, says when it is ready.

    Raises:
        OSError: the port is taken.
    """
    stack = AsyncExitStack()
    short_name = service_name.rpartition(".")[2]
    metrics = ServiceMetrics(short_name)
    call_log = CallLog(short_name) if settings.log_level in ("DEBUG", "INFO") else None
    server = grpc.aio.server(
        interceptors=[CallInterceptor(metrics, call_log)],
        options=server_options(settings.max_message_mebibytes),
    )
    healths = HealthServicer()
    readiness = Readiness(healths, service_name)
    await readiness.set(False)
    health_pb2_grpc.add_HealthServicer_to_server(healths, server)
    names = (service_name, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    try:
        port = server.add_insecure_port(f"{settings.host}:{settings.port}")
    except RuntimeError as error:
        raise OSError(f"{settings.host}:{settings.port} cannot be listened on: {error}") from error
    metrics_port = stack.enter_context(metrics.exposed(settings.host, settings.metrics_port))
    if call_log is not None:
        stack.callback(call_log.flush)
    try:
        await stack.enter_async_context(wiring(settings, Shell(server, metrics, readiness)))
        await server.start()
    except BaseException:
        # A server that nobody stops would keep the process from ending.
        await server.stop(None)
        await stack.aclose()
        raise
    await healths.set(LIVENESS, health_pb2.HealthCheckResponse.ServingStatus.SERVING)
    log.info("listening", extra={"port": port, "metrics_port": metrics_port})

    async def stop() -> None:
        await healths.enter_graceful_shutdown()
        await asyncio.sleep(settings.drain_seconds)
        await server.stop(settings.grace_seconds)
        await stack.aclose()

    return Running(port, metrics_port, stop)


def server_options(max_message_mebibytes: int) -> list[tuple[str, int | str]]:
    """Options of a server: what it takes is bounded, what it answers is not.

    An answer may be larger than any request was, and what was taken once has to be readable for good,
    also where the bound is lower by now. Whoever asks says what it takes.
    """
    options = dict(channel_options(max_message_mebibytes))
    options |= {"grpc.max_send_message_length": UNLIMITED, "grpc.so_reuseport": 0}
    return [*options.items()]


def run(settings: S, service_name: str, wiring: Wiring[S]) -> None:
    """Run a service until SIGTERM or SIGINT: the body of a service's ``__main__``."""
    logs.configure(service_name.rpartition(".")[2], settings.log_level)
    asyncio.run(_until_signalled(settings, service_name, wiring))


async def _until_signalled(settings: S, service_name: str, wiring: Wiring[S]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    running = await start(settings, service_name, wiring)
    # What was made up to here lives as long as the process: keep it out of every collection.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    await stop.wait()
    log.info("stopping", extra={"drain_seconds": settings.drain_seconds})
    await running.stop()
