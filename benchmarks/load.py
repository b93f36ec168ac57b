"""A closed loop of callers in one process: each asks again as soon as it has its answer."""

import asyncio
import random
import time
from dataclasses import dataclass, field

import grpc
import numpy as np

from benchmarks.messages import PAGE_SIZE, recommend_request
from restock.v1 import gateway_pb2, types_pb2
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub


class WrongAnswer(Exception):
    """An answer is short, degraded or of another strategy: its time would mean nothing."""


@dataclass
class Measured:
    """One stretch of load."""

    seconds: float
    """How long it was."""
    latencies: list[float]
    """Of each answer, in seconds."""
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    """CPU time that each process of the star used meanwhile."""

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def percentile_ms(latencies: list[float], percent: float) -> float:
    """Percentile of latencies, in milliseconds."""
    return float(np.percentile(latencies, percent)) * 1000


def check(answer: gateway_pb2.RecommendResponse, user_id: str) -> None:
    """Refuse an answer that is not a full, undegraded page of HYBRID.

    Raises:
        WrongAnswer: says what it is.
    """
    if len(answer.results) != PAGE_SIZE:
        raise WrongAnswer(f"user {user_id}: {len(answer.results)} results, not {PAGE_SIZE}")
    if answer.degradations:
        raise WrongAnswer(f"user {user_id}: degraded: {answer.degradations}")
    if answer.strategy_used != types_pb2.STRATEGY_HYBRID:
        name = types_pb2.Strategy.Name(answer.strategy_used)
        raise WrongAnswer(f"user {user_id}: answered by {name}")


async def load(
    address: str, users: list[str], callers: int, seconds: float, most: int, seed: int
) -> Measured:
    """Ask for users drawn at random until the time or the number of calls is up.

    Args:
        address: where the front listens.
        users: whom to draw from.
        callers: how many ask at once.
        seconds: when to stop.
        most: calls after which to stop.
        seed: of the draw.

    Raises:
        WrongAnswer: an answer is not what a shop would want.
    """
    draw = random.Random(seed)
    latencies: list[float] = []
    async with grpc.aio.insecure_channel(address) as channel:
        stub = RecommendationServiceStub(channel)
        await channel.channel_ready()
        started = time.perf_counter()
        ends = started + seconds

        async def ask_again_and_again() -> None:
            while (now := time.perf_counter()) < ends and len(latencies) < most:
                user = users[draw.randrange(len(users))]
                answer = await stub.Recommend(recommend_request(user))
                latencies.append(time.perf_counter() - now)
                check(answer, user)

        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(ask_again_and_again())
    return Measured(time.perf_counter() - started, latencies)
