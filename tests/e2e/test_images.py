"""The images build, and each service answers its health from a locked-down container."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
TAG = "test"
SERVICES = {
    "gateway": (50051, "restock.v1.RecommendationService"),
    "profile-store": (50052, "restock.v1.ProfileStoreService"),
    "candidate-gen": (50053, "restock.v1.CandidateGenService"),
    "reranker": (50054, "restock.v1.RerankerService"),
}
LOCKED_DOWN = [
    "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges",
]  # fmt: skip
STATUS = health_pb2.HealthCheckResponse.ServingStatus
START_SECONDS = 60


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=check)


@pytest.fixture(scope="module", autouse=True)
def images() -> None:
    if shutil.which("docker") is None or docker("info", check=False).returncode != 0:
        pytest.skip("wants a Docker engine, and none answers")
    subprocess.run([ROOT / "deploy/images.sh"], env={**os.environ, "TAG": TAG}, check=True)


@contextmanager
def running(name: str, port: int) -> Iterator[tuple[str, str]]:
    """Give the container's id, and its gRPC address on this machine."""
    container = docker(
        "run", "--detach", *LOCKED_DOWN, f"--publish=127.0.0.1::{port}",
        "--env=RESTOCK_DRAIN_SECONDS=0.2", f"restock/{name}:{TAG}",
    ).stdout.strip()  # fmt: skip
    try:
        yield container, docker("port", container, str(port)).stdout.split()[0]
    finally:
        docker("rm", "--force", container)


def health(address: str, service: str) -> str:
    with grpc.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=2)
    return STATUS.Name(answer.status)


def health_once_up(container: str, address: str) -> str:
    """Ask until the process answers."""
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return health(address, "")
        except grpc.RpcError as error:
            if time.monotonic() > until:
                logs = docker("logs", container).stderr
                pytest.fail(f"no answer in {START_SECONDS} s: {error}\n{logs}")
            time.sleep(0.2)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_lives_without_its_neighbours_and_stops_when_told(name):
    port, service = SERVICES[name]
    with running(name, port) as (container, address):
        assert health_once_up(container, address) == "SERVING"
        # No model, no Redis, no leaves: it says whether it can answer, and does not die of it.
        assert health(address, service) in ("SERVING", "NOT_SERVING")
        docker("stop", "--time=20", container)
        state = docker("inspect", "--format={{.State.ExitCode}}", container).stdout.strip()
        assert state == "0", docker("logs", container).stderr


@pytest.mark.parametrize("name", ["candidate-gen", "reranker"])
def test_a_service_without_a_model_version_is_not_ready(name):
    port, service = SERVICES[name]
    with running(name, port) as (container, address):
        health_once_up(container, address)
        assert health(address, service) == "NOT_SERVING"


@pytest.mark.parametrize("name", [*SERVICES, "trainer"])
def test_an_image_runs_as_a_numbered_user_without_rights(name):
    user = docker("image", "inspect", "--format={{.Config.User}}", f"restock/{name}:{TAG}")
    assert user.stdout.strip() == "10001:10001"


def test_the_trainer_says_what_it_takes():
    done = docker("run", "--rm", *LOCKED_DOWN, f"restock/trainer:{TAG}", "--help")
    assert "--transactions" in done.stdout


def test_services_do_not_carry_the_trainers_packages():
    script = "import importlib.util as u; print(u.find_spec('implicit'), u.find_spec('pyarrow'))"
    done = docker("run", "--rm", "--entrypoint=python", f"restock/gateway:{TAG}", "-c", script)
    assert done.stdout.strip() == "None None"


def test_an_unknown_service_does_not_build():
    done = docker(
        "build", "--file", str(ROOT / "deploy/Dockerfile"), "--build-arg=SERVICE=frontend",
        str(ROOT), check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "not 'frontend'" in done.stderr
