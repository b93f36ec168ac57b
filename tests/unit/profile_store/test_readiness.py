import asyncio
import logging

from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

from restock.errors import StoreUnavailable
from restock.serving.runner import Readiness
from services.profile_store.memory_profiles import MemoryProfiles
from services.profile_store.readiness import following

EVERY_SECONDS = 0.001


class TroubledProfiles(MemoryProfiles):
    """Does not answer for the reasons given, one a ping, then answers."""

    def __init__(self, *reasons: str) -> None:
        super().__init__()
        self.reasons = list(reasons)
        self.answered = asyncio.Event()

    async def ping(self):
        if self.reasons:
            raise StoreUnavailable("Redis refuses") from OSError(self.reasons.pop(0))
        self.answered.set()


async def followed(caplog, *reasons: str) -> tuple[list[str], int]:
    """Follow a repository until it answers; the reasons logged, and what health says at the end."""
    caplog.set_level(logging.WARNING, "services.profile_store.readiness")
    healths, profiles = HealthServicer(), TroubledProfiles(*reasons)
    readiness = Readiness(healths, "store")
    async with following(profiles, readiness, EVERY_SECONDS), asyncio.timeout(5):
        await profiles.answered.wait()
        await asyncio.sleep(10 * EVERY_SECONDS)
    said = [getattr(one, "reason", one.message) for one in caplog.records]
    answer = await healths.Check(health_pb2.HealthCheckRequest(service="store"), None)
    return said, answer.status


async def test_each_new_reason_is_said_once(caplog):
    said, status = await followed(caplog, "no password", "no password", "loading", "loading")
    assert said == ["Redis refuses: no password", "Redis refuses: loading", "store answers"]
    assert status == health_pb2.HealthCheckResponse.SERVING


async def test_of_a_store_that_answers_one_line_is_said(caplog):
    assert (await followed(caplog))[0] == ["store answers"]
