import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.unit.serving.echo import SERVICE, call, running

ROOT = Path(__file__).parents[3]
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


async def health(channel: grpc.aio.Channel, service: str) -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    return (await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)).status


@pytest.mark.parametrize("name", ["", SERVICE], ids=["liveness", "readiness"])
async def test_health_answers_for_the_process_and_for_the_service(name):
    async with (
        running() as service,
        grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel,
    ):
        assert await health(channel, name) == SERVING


async def test_reflection_lists_the_service():
    async with (
        running() as service,
        grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel,
    ):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        answer = await anext(aiter(stub.ServerReflectionInfo(iter([asked]))))
    names = {each.name for each in answer.list_services_response.service}
    assert names >= {SERVICE, "grpc.health.v1.Health"}


async def test_stopping_says_not_serving_first_and_keeps_answering_while_it_drains():
    async with (
        running(drain_seconds=0.5) as service,
        grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel,
    ):
        await health(channel, SERVICE)
        stopping = asyncio.create_task(service.stop())
        await asyncio.sleep(0.1)
        assert await health(channel, SERVICE) == NOT_SERVING
        assert await call(channel, "Echo", b"still here") == b"still here"
        await stopping


async def test_a_call_under_way_finishes_and_a_new_one_is_refused():
    async with (
        running(drain_seconds=0, grace_seconds=5) as service,
        grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel,
    ):
        under_way = asyncio.create_task(call(channel, "Slow", b"0.6"))
        await asyncio.sleep(0.2)
        stopping = asyncio.create_task(service.stop())
        await asyncio.sleep(0.2)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(channel, "Echo")
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        assert await under_way == b"done"
        await stopping


async def test_a_call_that_outlasts_the_grace_is_cut():
    async with (
        running(drain_seconds=0, grace_seconds=0.2) as service,
        grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel,
    ):
        endless = asyncio.create_task(call(channel, "Slow", b"60"))
        await asyncio.sleep(0.2)
        started = time.monotonic()
        await service.stop()
        with pytest.raises(grpc.aio.AioRpcError):
            await endless
        assert time.monotonic() - started < 3


async def test_a_taken_port_is_said_and_not_shared():
    async with running() as service:
        with pytest.raises(OSError, match=f"127.0.0.1:{service.port} cannot be listened on"):
            async with running(port=service.port):
                pass


PROGRAM = """
import sys
from restock.serving.runner import run
from restock.serving.settings import ServiceSettings
from tests.unit.serving.echo import SERVICE, wiring
run(ServiceSettings(port=int(sys.argv[1]), metrics_port=0), SERVICE, wiring)
"""


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order_and_with_code_0(name, free_port):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(free_port)],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"RESTOCK_DRAIN_SECONDS": "0.6", "RESTOCK_GRACE_SECONDS": "5"},
    )  # fmt: skip
    try:
        with grpc.insecure_channel(f"127.0.0.1:{free_port}") as channel:
            grpc.channel_ready_future(channel).result(timeout=20)
            slow = channel.unary_unary(f"/{SERVICE}/Slow").future(b"1", timeout=10)
            time.sleep(0.2)
            process.send_signal(name)
            time.sleep(0.2)
            stub = health_pb2_grpc.HealthStub(channel)
            check = health_pb2.HealthCheckRequest(service=SERVICE)
            assert stub.Check(check, timeout=5).status == NOT_SERVING
            assert slow.result() == b"done"
        errors = process.communicate(timeout=10)[1]
        assert process.returncode == 0, errors
        assert '"message": "stopping"' in errors
    finally:
        process.kill()
        process.wait()


CANNOT_OPEN = f"""
from contextlib import asynccontextmanager

from restock.serving.runner import run
from restock.serving.settings import ServiceSettings


@asynccontextmanager
async def wiring(settings, shell):
    raise OSError("no such database")
    yield


class Settings(ServiceSettings):
    port: int = 0
    metrics_port: int = 0


run(Settings(), {SERVICE!r}, wiring)
"""


def test_a_service_that_cannot_open_what_it_needs_ends_and_does_not_linger():
    ended = subprocess.run(
        [sys.executable, "-c", CANNOT_OPEN],
        check=False, cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "OSError: no such database" in ended.stderr
