"""The live model of a service: watched on disk, told to health and metrics."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from restock.artifacts.bundle import Bundle
from restock.artifacts.live import LiveModel
from restock.artifacts.store import BundleStore
from restock.serving.runner import Shell
from restock.serving.settings import ServiceSettings

M = TypeVar("M")


@asynccontextmanager
async def live_model(
    settings: ServiceSettings, shell: Shell, build: Callable[[Bundle], M]
) -> AsyncIterator[LiveModel[M]]:
    """Watch the active bundle; the service is ready once there is one that loads."""

    async def announce(version: str) -> None:
        shell.metrics.model_version(version)
        await shell.readiness.set(True)

    live = LiveModel(BundleStore(settings.models), build, announce)
    async with live.watching(settings.model_poll_seconds):
        yield live
