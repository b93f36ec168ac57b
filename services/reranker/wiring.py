"""Opens what reranker needs and hands it in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from restock.serving.models import live_model
from restock.serving.runner import Shell
from restock.v1.reranker_pb2_grpc import add_RerankerServiceServicer_to_server
from services.reranker.model import build
from services.reranker.servicer import RerankerServicer
from services.reranker.settings import RerankerSettings

SERVICE = "restock.v1.RerankerService"


@asynccontextmanager
async def wiring(settings: RerankerSettings, shell: Shell) -> AsyncIterator[None]:
    """Serve the active bundle, and say ready once there is one."""
    async with live_model(settings, shell, build) as live:
        add_RerankerServiceServicer_to_server(RerankerServicer(live), shell.server)
        yield
