"""The messages of one real request, hop by hop: what the bare star sends and answers without any work."""

from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np

from restock.artifacts.profiles import ProfileTable
from restock.v1 import candidate_gen_pb2, gateway_pb2, profile_store_pb2, reranker_pb2, types_pb2
from restock.v1.candidate_gen_pb2_grpc import CandidateGenServiceStub
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from restock.v1.reranker_pb2_grpc import RerankerServiceStub

PAGE_SIZE = 5


@dataclass(frozen=True)
class Messages:
    """Requests and answers of the four hops."""

    profile_request: profile_store_pb2.GetProfileRequest
    profile: profile_store_pb2.GetProfileResponse
    candidates_request: candidate_gen_pb2.GenerateCandidatesRequest
    candidates: candidate_gen_pb2.GenerateCandidatesResponse
    page_request: reranker_pb2.RerankRequest
    page: reranker_pb2.RerankResponse
    answer: gateway_pb2.RecommendResponse

    def sizes(self) -> dict[str, int]:
        """Bytes of each message on the wire."""
        return {name: message.ByteSize() for name, message in vars(self).items()}


TYPES = Messages.__annotations__


def middle_user(profiles: ProfileTable) -> str:
    """Return the user with the median number of products."""
    products = np.diff(profiles.starts)
    return profiles.user_ids[int(np.argsort(products, kind="stable")[len(products) // 2])]


def recommend_request(user_id: str) -> gateway_pb2.RecommendRequest:
    """What a shop asks, in both stars."""
    return gateway_pb2.RecommendRequest(
        user_id=user_id, page_size=PAGE_SIZE, strategy=types_pb2.STRATEGY_HYBRID
    )


def capture(
    gateway: str, profile_store: str, candidate_gen: str, reranker: str, user_id: str, day: int
) -> Messages:
    """Ask the real services for one user, as the gateway does."""
    with (
        grpc.insecure_channel(gateway) as front,
        grpc.insecure_channel(profile_store) as first,
        grpc.insecure_channel(candidate_gen) as second,
        grpc.insecure_channel(reranker) as third,
    ):
        profile_request = profile_store_pb2.GetProfileRequest(user_id=user_id)
        profile = ProfileStoreServiceStub(first).GetProfile(profile_request)
        candidates_request = candidate_gen_pb2.GenerateCandidatesRequest(
            profile=profile.profile, strategy=types_pb2.STRATEGY_HYBRID, as_of_day=day
        )
        candidates = CandidateGenServiceStub(second).GenerateCandidates(candidates_request)
        page_request = reranker_pb2.RerankRequest(
            model_version=candidates.model_version,
            candidates=candidates.candidates,
            shopper=reranker_pb2.Shopper(
                average_price=profile.profile.average_price,
                spend_per_day=profile.profile.spend_per_day,
            ),
            page_size=PAGE_SIZE,
            as_of_day=day,
            strategy=candidates.strategy_used,
        )
        page = RerankerServiceStub(third).Rerank(page_request)
        answer = RecommendationServiceStub(front).Recommend(recommend_request(user_id))
    return Messages(
        profile_request, profile, candidates_request, candidates, page_request, page, answer
    )


def save(messages: Messages, folder: Path) -> None:
    """Write each message to a file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, message in vars(messages).items():
        (folder / f"{name}.pb").write_bytes(message.SerializeToString())


def load(folder: Path) -> Messages:
    """Read what `save` wrote."""
    return Messages(
        **{
            name: kind.FromString((folder / f"{name}.pb").read_bytes())
            for name, kind in TYPES.items()
        }
    )
