"""The four services as processes of this machine: started, watched, restarted, stopped."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from restock.errors import NotReady
from restock.serving.channels import channel_options
from restock.serving.endings import undisturbed

LOOPBACK = "127.0.0.1"
ANY_HOST = "0.0.0.0"  # noqa: S104 - compared with; who wants it, names it
"""Listens on every address of the machine, loopback among them."""
POLL_SECONDS = 0.05
STOP_SECONDS = 15.0
RESTART_SECONDS = 0.5
MAX_MESSAGE_MEBIBYTES = 4
LAST_LINES = 10
"""Lines of a log that are shown of a service that did not start."""


@dataclass(frozen=True)
class Service:
    """One service of the suite."""

    module: str
    """Run as ``python -m services.<module>``."""
    name: str
    """Full proto name, for health."""
    port: int
    """gRPC port."""
    metrics_port: int
    """Port of ``/metrics``."""
    host: str = LOOPBACK
    """Where it listens."""

    @property
    def near_host(self) -> str:
        """Where it is reached from this machine."""
        return LOOPBACK if self.host == ANY_HOST else self.host

    @property
    def address(self) -> str:
        """Where its gRPC port is reached from this machine."""
        return f"{self.near_host}:{self.port}"


def services(port: int, metrics_port: int, host: str = LOOPBACK) -> list[Service]:
    """The suite, gateway first, on consecutive ports from these on."""
    modules = {
        "gateway": "RecommendationService",
        "profile_store": "ProfileStoreService",
        "candidate_gen": "CandidateGenService",
        "reranker": "RerankerService",
    }
    return [
        Service(module, f"restock.v1.{name}", port + place, metrics_port + place, host)
        for place, (module, name) in enumerate(modules.items())
    ]


def environment(suite: list[Service], home: Path, redis_url: str) -> dict[str, str]:
    """Environment in which the services find each other, their state and Redis."""
    found = {
        "RESTOCK_HOME": str(home),
        "RESTOCK_HOST": suite[0].host,
        # Nobody balances load on a developer's machine: no need to wait before stopping.
        "RESTOCK_DRAIN_SECONDS": "0",
        "REDIS_URL": redis_url,
    }
    for service in suite:
        prefix = f"RESTOCK_{service.module.upper()}"
        found[f"{prefix}_PORT"] = str(service.port)
        found[f"{prefix}_METRICS_PORT"] = str(service.metrics_port)
        found[f"RESTOCK_GATEWAY_{service.module.upper()}_ADDRESS"] = service.address
    return found


@dataclass
class Suite:
    """Running services."""

    members: list[Service]
    """Who belongs to it."""
    variables: Mapping[str, str]
    """Their environment beside this process's own."""
    logs: Path
    """Folder of one log file a service."""
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    """By module."""
    log_begins: dict[str, int] = field(default_factory=dict)
    """Size that each log had when its service was started last, by module."""
    exit_codes: dict[str, int] = field(default_factory=dict)
    """How each service that was started again had ended last, by module."""

    def start(self, member: Service) -> None:
        """Start one service in a session of its own, so that Ctrl-C reaches only its keeper."""
        with undisturbed(), (self.logs / f"{member.module}.log").open("ab") as log:
            self.log_begins[member.module] = log.tell()
            self.processes[member.module] = subprocess.Popen(
                [sys.executable, "-m", f"services.{member.module}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
                env={**os.environ, **self.variables},
            )  # fmt: skip

    def wait_ready(self, timeout_seconds: float) -> None:
        """Wait until every service says SERVING under its name.

        Raises:
            NotReady: one ended, or did not become ready in time; says which, with the end of its log.
        """
        give_up = time.monotonic() + timeout_seconds
        with ExitStack() as stack:
            waiting = {
                member: health_pb2_grpc.HealthStub(stack.enter_context(channel_to(member)))
                for member in self.members
            }
            while waiting:
                # First who ended: at its port somebody else might answer.
                self._check_waiting([*waiting], give_up)
                time.sleep(POLL_SECONDS)
                waiting = {m: stub for m, stub in waiting.items() if not is_serving(stub, m.name)}

    def _check_waiting(self, waiting: list[Service], give_up: float) -> None:
        # The gateway waits for others: whoever ended is the reason, so all are looked at.
        for member in waiting:
            if (code := self.processes[member.module].poll()) is not None:
                raise NotReady(f"{member.module} ended with code {code}{self._last_words(member)}")
        if time.monotonic() > give_up:
            found = "".join(f"\n{member.module}{self._last_words(member)}" for member in waiting)
            raise NotReady(f"not ready in time: {found}")

    def _last_words(self, member: Service) -> str:
        log = self.logs / f"{member.module}.log"
        begin = self.log_begins[member.module]  # what is before it, an earlier run wrote
        written = log.read_bytes()[begin:]
        lines = written.decode(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join([f"; {log} ends with:", *lines])

    def restart_ended(self) -> list[str]:
        """Start services again that ended by themselves; return their modules."""
        ended = []
        for member in self.members:
            if (code := self.processes[member.module].poll()) is not None:
                self.exit_codes[member.module] = code
                self.start(member)
                ended.append(member.module)
        return ended

    def stop(self) -> None:
        """Stop all, the gateway first, so that no call is cut off on its way."""
        for member in self.members:
            process = self.processes.get(member.module)
            if process is None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def check_ports(members: Iterable[Service]) -> None:
    """Check that nobody else listens where services are to.

    Raises:
        NotReady: somebody does, or this machine has no such address; names the port.
    """
    ports = [(each.host, port) for each in members for port in (each.port, each.metrics_port)]
    for host, port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise NotReady(f"{host}:{port} cannot be listened on: {error}") from error
                advice = (
                    "stop who has it (an earlier suite?), or choose with --port and --metrics-port"
                )
                raise NotReady(f"port {port} is in use: {advice}") from error


def channel_to(member: Service) -> grpc.Channel:
    """Open a channel to a service of this machine, that finds it soon after it has started."""
    return grpc.insecure_channel(member.address, options=channel_options(MAX_MESSAGE_MEBIBYTES))


def is_serving(stub: health_pb2_grpc.HealthStub, name: str) -> bool:
    """Ask a service once whether it is ready."""
    try:
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=1)
    except grpc.RpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


@contextmanager
def running(members: list[Service], variables: Mapping[str, str], logs: Path) -> Iterator[Suite]:
    """Start all services at once; stop them when left."""
    logs.mkdir(parents=True, exist_ok=True)
    suite = Suite(members, variables, logs)
    check_ports(members)
    try:
        for member in members:
            suite.start(member)
        yield suite
    finally:
        suite.stop()
