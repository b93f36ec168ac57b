"""The three services that the gateway asks: a small protocol each, and its adapter over gRPC."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, cast

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from restock.serving.logs import REQUEST_ID, REQUEST_ID_KEY
from restock.v1 import (
    candidate_gen_pb2,
    gateway_pb2,
    profile_store_pb2,
    reranker_pb2,
    types_pb2,
)
from restock.v1.candidate_gen_pb2_grpc import CandidateGenServiceStub
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from restock.v1.reranker_pb2_grpc import RerankerServiceStub
from services.gateway.degradation import CANDIDATE_GEN, PROFILE_STORE, RERANKER, PeerFailed
from services.gateway.query import Query

if TYPE_CHECKING:
    from services.gateway.answer import CandidateSet

# Messages that travel through the gateway whole, by name, for those that may not see `_pb2`.
Profile: TypeAlias = types_pb2.Profile
Candidates: TypeAlias = types_pb2.Candidates
TuningOverrides: TypeAlias = types_pb2.TuningOverrides
Strategy: TypeAlias = types_pb2.Strategy.ValueType
ProductFilter: TypeAlias = types_pb2.ProductFilter
RecommendRequest: TypeAlias = gateway_pb2.RecommendRequest
Generated: TypeAlias = candidate_gen_pb2.GenerateCandidatesResponse
Popular: TypeAlias = candidate_gen_pb2.ListPopularResponse
Neighbours: TypeAlias = candidate_gen_pb2.FindNeighboursResponse
Ranked: TypeAlias = reranker_pb2.RankedProduct
Page: TypeAlias = reranker_pb2.RerankResponse
SimilarRequest: TypeAlias = gateway_pb2.GetSimilarProductsRequest
TrendingRequest: TypeAlias = gateway_pb2.ListTrendingRequest

NO_PROFILE = types_pb2.Profile()
"""The profile of a shopper of whom nothing is known."""
R = TypeVar("R")


class ProfileStorePeer(Protocol):
    """Knows what shoppers bought. Every call raises `PeerFailed`."""

    async def profile(self, user_id: str, timeout: float) -> Profile:
        """Read one profile; `timeout` in seconds."""

    async def profiles(self, user_ids: Iterable[str], timeout: float) -> Sequence[Profile]:
        """Read many, in the order asked."""


class CandidateGenPeer(Protocol):
    """Level 1. Every call raises `PeerFailed`."""

    async def candidates(
        self, query: Query, profile: Profile, version: str, timeout: float
    ) -> Generated:
        """Find candidates; an empty `version` means the current one, `timeout` in seconds."""

    async def popular(
        self, within: ProductFilter | None, count: int, timeout: float, known_version: str = ""
    ) -> Popular:
        """List what sells now, unless the list is still that of `known_version`."""

    async def neighbours(self, request: SimilarRequest, count: int, timeout: float) -> Neighbours:
        """Find a product's neighbours."""


class RerankerPeer(Protocol):
    """Level 2. Every call raises `PeerFailed`."""

    async def page(
        self, query: Query, profile: Profile, found: CandidateSet, timeout: float
    ) -> Page:
        """Rank candidates and keep a page; `timeout` in seconds."""


class GrpcProfileStore:
    """Profile store over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        stub: Any = ProfileStoreServiceStub(channel)
        self._get, self._batch = stub.GetProfile, stub.BatchGetProfiles

    async def profile(self, user_id: str, timeout: float) -> Profile:
        """Read one profile."""
        request = profile_store_pb2.GetProfileRequest(user_id=user_id)
        call = self._get(request, timeout=enough(PROFILE_STORE, timeout), metadata=trace())
        response: profile_store_pb2.GetProfileResponse = await answer_of(PROFILE_STORE, call)
        if not response.HasField("profile"):
            raise PeerFailed(PROFILE_STORE, "no profile in the answer")
        return response.profile

    async def profiles(self, user_ids: Iterable[str], timeout: float) -> Sequence[Profile]:
        """Read many profiles in one round trip."""
        request = profile_store_pb2.BatchGetProfilesRequest(user_ids=user_ids)
        call = self._batch(request, timeout=enough(PROFILE_STORE, timeout), metadata=trace())
        response: profile_store_pb2.BatchGetProfilesResponse = await answer_of(PROFILE_STORE, call)
        return response.profiles


class GrpcCandidateGen:
    """Candidate generation over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        stub: Any = CandidateGenServiceStub(channel)
        self._generate, self._popular = stub.GenerateCandidates, stub.ListPopular
        self._neighbours = stub.FindNeighbours

    async def candidates(
        self, query: Query, profile: Profile, version: str, timeout: float
    ) -> Generated:
        """Find candidates; the profile travels on whole."""
        asked = query.request
        request = candidate_gen_pb2.GenerateCandidatesRequest(
            profile=profile,
            context_product_ids=asked.context_product_ids,
            strategy=query.strategy,
            filter=asked.filter if query.within else None,
            exclude_product_ids=asked.exclude_product_ids,
            include_product_ids=asked.include_product_ids,
            tuning=query.tuning,
            as_of_day=query.as_of_day,
            model_version=version,
            novelty=query.novelty,
        )
        call = self._generate(request, timeout=enough(CANDIDATE_GEN, timeout), metadata=trace())
        generated: Generated = await answer_of(CANDIDATE_GEN, call)
        return generated

    async def popular(
        self, within: ProductFilter | None, count: int, timeout: float, known_version: str = ""
    ) -> Popular:
        """List what sells now, unless the list is still that of `known_version`."""
        request = candidate_gen_pb2.ListPopularRequest(
            filter=within, count=count, known_version=known_version
        )
        call = self._popular(request, timeout=enough(CANDIDATE_GEN, timeout), metadata=trace())
        popular: Popular = await answer_of(CANDIDATE_GEN, call)
        return popular

    async def neighbours(self, request: SimilarRequest, count: int, timeout: float) -> Neighbours:
        """Find a product's neighbours."""
        wanted = candidate_gen_pb2.FindNeighboursRequest(
            product_id=request.product_id,
            kind=request.kind,
            count=count,
            filter=request.filter if request.HasField("filter") else None,
        )
        call = self._neighbours(wanted, timeout=enough(CANDIDATE_GEN, timeout), metadata=trace())
        neighbours: Neighbours = await answer_of(CANDIDATE_GEN, call)
        return neighbours


class GrpcReranker:
    """Re-ranking over gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        stub: Any = RerankerServiceStub(channel)
        self._rerank = stub.Rerank

    async def page(
        self, query: Query, profile: Profile, found: CandidateSet, timeout: float
    ) -> Page:
        """Rank candidates; they travel on whole."""
        request = reranker_pb2.RerankRequest(
            model_version=found.version,
            candidates=found.candidates,
            strategy=found.strategy,  # type: ignore[arg-type]
            shopper=reranker_pb2.Shopper(
                average_price=profile.average_price, spend_per_day=profile.spend_per_day
            ),
            page_size=query.page_size,
            as_of_day=query.as_of_day,
            filter=query.request.filter if query.within else None,
            tuning=query.tuning,
            novelty=query.novelty,
        )
        call = self._rerank(request, timeout=enough(RERANKER, timeout), metadata=trace())
        page: Page = await answer_of(RERANKER, call)
        return page


def trace() -> tuple[tuple[str, str], ...]:
    """Metadata that carries the request's id on."""
    return ((REQUEST_ID_KEY, REQUEST_ID.get()),)


def enough(service: str, timeout: float) -> float:
    """Return the seconds that a call may take, if that is any.

    Raises:
        PeerFailed: there is no time left: the peer is not even asked.
    """
    if timeout <= 0:
        raise PeerFailed(service, grpc.StatusCode.DEADLINE_EXCEEDED.name)
    return timeout


async def answer_of(service: str, call: Awaitable[R]) -> R:
    """Wait for a peer's answer.

    Raises:
        PeerFailed: there is none, or it cannot be read.
    """
    try:
        response = await call
    except grpc.aio.AioRpcError as error:
        raise PeerFailed(service, error.code().name, versions_in(error)) from error
    # grpc logs bytes that are no such message, and hands over None.
    if response is None:
        raise PeerFailed(service, "answer is no such message")
    return response


def versions_in(error: grpc.aio.AioRpcError) -> tuple[str, ...]:
    """Model versions that a refusing peer says it holds; empty when it refused for another reason."""
    if error.code() is not grpc.StatusCode.FAILED_PRECONDITION:
        return ()
    try:
        status = rpc_status.from_call(cast(Any, error))
    except ValueError:
        return ()
    for detail in status.details if status else ():
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.reason == "VERSION_NOT_LOADED":
            return tuple(name for name in info.metadata["versions"].split(",") if name)
    return ()
