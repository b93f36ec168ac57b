"""Decode, call, encode."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from restock.errors import InvalidRequest, RestockError
from restock.serving.deadline import Budget, given_seconds
from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.gateway_pb2_grpc import RecommendationServiceServicer
from services.gateway import convert
from services.gateway.answer import Answer
from services.gateway.batch import Batch
from services.gateway.calendar import Calendar
from services.gateway.pipeline import Pipeline
from services.gateway.query import Query
from services.gateway.similar import Similar
from services.gateway.tally import DegradationTally

MAX_RESERVE_SHARE = 0.25
"""Of a caller's time that is kept for answering: one in a hurry still gets its peers asked."""
MAX_BATCH_RESERVE_SHARE = 0.5
"""The same for a batch, whose answers take a share of the time that counts."""
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(frozen=True)
class Terms:
    """What holds for every call."""

    calendar: Calendar
    """Says which day it is."""
    tuning: types_pb2.TuningOverrides
    """The deployment's changes of tuning."""
    tuning_revision: str
    """Names them."""
    default_seconds: float
    """Time for callers without a deadline."""
    reserve_seconds: float
    """Kept for answering."""
    candidate_gen_seconds: float
    """Most time that one question to candidate_gen may take."""
    further_seconds: float
    """More time for each further request of a batch without a deadline."""
    page_reserve_seconds: float
    """More kept for answering for each page of a batch."""
    result_reserve_seconds: float
    """More kept for answering for each result that a batch asks for."""

    def budget(self, context: Context) -> Budget:
        """Take the time that a caller gives."""
        seconds = given_seconds(context.time_remaining(), self.default_seconds)
        return Budget(seconds, min(self.reserve_seconds, MAX_RESERVE_SHARE * seconds))

    def batch_budget(self, context: Context, page_sizes: Sequence[int]) -> Budget:
        """Take the time that the caller of a batch gives for pages of so many results."""
        default_seconds = self.default_seconds + self.further_seconds * (len(page_sizes) - 1)
        seconds = given_seconds(context.time_remaining(), default_seconds)
        reserve_seconds = (
            self.reserve_seconds
            + self.page_reserve_seconds * len(page_sizes)
            + self.result_reserve_seconds * sum(page_sizes)
        )
        return Budget(seconds, min(reserve_seconds, MAX_BATCH_RESERVE_SHARE * seconds))


class RecommendationServicer(RecommendationServiceServicer):
    """The front door's four methods."""

    def __init__(
        self,
        pipeline: Pipeline,
        batch: Batch,
        similar: Similar,
        terms: Terms,
        tally: DegradationTally,
    ) -> None:
        self._pipeline = pipeline
        self._batch = batch
        self._similar = similar
        self._terms = terms
        self._tally = tally

    async def Recommend(  # noqa: N802
        self, request: pb.RecommendRequest, context: Context
    ) -> pb.RecommendResponse:
        """Recommends to one shopper."""
        terms = self._terms
        query = convert.query_from(request, terms.calendar, terms.tuning)
        answer = await self._pipeline.recommend(query, terms.budget(context))
        self._tally.count([answer.degradations])
        return convert.response_to(answer, terms.tuning_revision)

    async def BatchRecommend(  # noqa: N802
        self, request: pb.BatchRecommendRequest, context: Context
    ) -> pb.BatchRecommendResponse:
        """Recommends to many shoppers, each with a status of its own."""
        convert.check_batch(request)
        queries = [self._query(place, one) for place, one in enumerate(request.requests)]
        page_sizes = [query.page_size if isinstance(query, Query) else 0 for query in queries]
        budget = self._terms.batch_budget(context, page_sizes)
        answers = await self._batch.recommend(queries, budget)
        self._tally.count([one.degradations for one in answers if isinstance(one, Answer)])
        return convert.batch_to(answers, self._terms.tuning_revision)

    def _query(self, place: int, request: pb.RecommendRequest) -> Query | RestockError:
        """Decode one request of a batch, or say what is wrong with it."""
        try:
            return convert.query_from(request, self._terms.calendar, self._terms.tuning)
        except InvalidRequest as error:
            return InvalidRequest(f"requests[{place}].{error.field}", error.allowed)

    async def GetSimilarProducts(  # noqa: N802
        self, request: pb.GetSimilarProductsRequest, context: Context
    ) -> pb.GetSimilarProductsResponse:
        """Lists products that stand beside a product."""
        query = convert.similar_query_from(request)
        answer = await self._similar.neighbours(request, query, self._seconds(context))
        self._tally.count([answer.degradations])
        return convert.similar_to(answer)

    async def ListTrending(  # noqa: N802
        self, request: pb.ListTrendingRequest, context: Context
    ) -> pb.ListTrendingResponse:
        """Lists what sells now."""
        query = convert.listing_query_from(request)
        answer = await self._similar.trending(request, query, self._seconds(context))
        self._tally.count([answer.degradations])
        return convert.trending_to(answer)

    def _seconds(self, context: Context) -> float:
        """Seconds for a call of one hop."""
        return self._terms.budget(context).for_hop(self._terms.candidate_gen_seconds)
