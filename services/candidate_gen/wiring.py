"""Opens what candidate_gen needs and hands it in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from restock.serving.models import live_model
from restock.serving.runner import Shell
from restock.v1.candidate_gen_pb2_grpc import add_CandidateGenServiceServicer_to_server
from services.candidate_gen.model import build
from services.candidate_gen.servicer import CandidateGenServicer
from services.candidate_gen.settings import CandidateGenSettings

SERVICE = "restock.v1.CandidateGenService"


@asynccontextmanager
async def wiring(settings: CandidateGenSettings, shell: Shell) -> AsyncIterator[None]:
    """Serve the active bundle, and say ready once there is one."""
    async with live_model(settings, shell, build) as live:
        add_CandidateGenServiceServicer_to_server(CandidateGenServicer(live), shell.server)
        yield
