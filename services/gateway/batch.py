"""Many shoppers in one call: their profiles in one round trip, each page on its own."""

import asyncio
import logging
from collections.abc import Sequence

from restock.errors import RestockError
from restock.serving.deadline import Budget
from services.gateway import trust
from services.gateway.answer import Answer
from services.gateway.degradation import CircuitBreaker, Loss, PeerFailed
from services.gateway.peers import NO_PROFILE, Profile, ProfileStorePeer
from services.gateway.pipeline import Pipeline, RequestState
from services.gateway.query import Query

log = logging.getLogger(__name__)


class Batch:
    """Answers many queries, so many at once.

    Args:
        pipeline: answers each.
        profile_store: asked once for all.
        ceiling_seconds: most time that reading the profiles may take.
        concurrency: pages made at the same time.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        profile_store: ProfileStorePeer,
        ceiling_seconds: float,
        concurrency: int,
    ) -> None:
        self._pipeline = pipeline
        self._profile_store = profile_store
        self._ceiling_seconds = ceiling_seconds
        self._concurrency = concurrency

    async def recommend(
        self, queries: Sequence[Query | RestockError], budget: Budget
    ) -> list[Answer | Exception]:
        """Answer each query in its place; what is wrong with one stays in its own place.

        A peer that was too slow for one of them, or away, is not asked for the others: each would wait as
        long, until there is no time left to answer any.
        """
        asked = [query for query in queries if isinstance(query, Query)]
        states = iter(await self._states(asked, budget) if asked else [])
        turns = asyncio.Semaphore(self._concurrency)
        return await asyncio.gather(
            *(
                self._answer(next(states), turns) if isinstance(query, Query) else refusal(query)
                for query in queries
            )
        )

    async def _states(self, queries: Sequence[Query], budget: Budget) -> list[RequestState]:
        """Read all profiles at once; none for anybody when that fails."""
        user_ids = [query.user_id for query in queries]
        breaker = CircuitBreaker()
        try:
            seconds = budget.for_hop(self._ceiling_seconds)
            profiles = await self._profile_store.profiles(user_ids, seconds)
            trust.check_count(profiles, len(queries))
        except PeerFailed as failure:
            states = [RequestState(query, NO_PROFILE, budget, breaker=breaker) for query in queries]
            for state in states:
                state.lose(Loss.NO_PROFILE, failure.service, failure.reason)
            return states
        return [with_profile(*row, budget, breaker) for row in zip(queries, profiles, strict=True)]

    async def _answer(self, state: RequestState, turns: asyncio.Semaphore) -> Answer | Exception:
        """Answer one when it is its turn."""
        async with turns:
            try:
                return await self._pipeline.answer(state)
            except Exception as error:
                log.exception("unexpected error", extra={"user_id": state.query.user_id})
                return error


def with_profile(
    query: Query, profile: Profile, budget: Budget, breaker: CircuitBreaker
) -> RequestState:
    """Start on one shopper, with the profile if it can be used."""
    state = RequestState(query, profile, budget, breaker=breaker)
    try:
        trust.check_profile(profile, query.user_id)
    except PeerFailed as failure:
        state.profile = NO_PROFILE
        state.lose(Loss.NO_PROFILE, failure.service, failure.reason)
    return state


async def refusal(error: RestockError) -> Exception:
    """Keep what was wrong with a request in its place."""
    return error
