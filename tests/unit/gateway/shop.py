"""A pipeline before fake peers, all in this process, in a few lines."""

from pathlib import Path
from typing import Any

from restock.serving.deadline import Budget
from restock.v1 import gateway_pb2 as pb
from services.gateway.answer import Answer
from services.gateway.cache import Cache
from services.gateway.calendar import Calendar
from services.gateway.convert import query_from, response_to
from services.gateway.fake_catalogue import FakeCatalogue
from services.gateway.fake_peers import FakeCandidateGen, FakeProfileStore, FakeReranker, Mood
from services.gateway.fallback.keeper import PopularKeeper
from services.gateway.peers import GrpcCandidateGen, GrpcProfileStore, GrpcReranker
from services.gateway.pipeline import Ceilings, Pipeline
from tests.unit.gateway.in_process import InProcessChannel

TODAY = 20_000
PEERS = ("profile_store", "candidate_gen", "reranker")


class Count:
    """A counter."""

    def __init__(self) -> None:
        self.value = 0

    def inc(self) -> None:
        self.value += 1


class Shop:
    """A pipeline with its peers. Ann bought p7, p9 and x1 thirty and fifteen days ago."""

    def __init__(
        self, products: int = 400, cache_entries: int = 0, popular_count: int = 2000
    ) -> None:
        self.catalogue = FakeCatalogue(products)
        self.profile_store: Any = FakeProfileStore()
        self.candidate_gen: Any = FakeCandidateGen(self.catalogue)
        self.reranker: Any = FakeReranker()
        self.profile_store.bought("ann", [TODAY - 30, TODAY - 15], ["p7", "p9", "x1"])
        finder = GrpcCandidateGen(InProcessChannel(self.candidate_gen))  # type: ignore[arg-type]
        self.popular = PopularKeeper(finder, Path("/dev/null/popular.pb"), popular_count)
        self.hits, self.misses = Count(), Count()
        self.pipeline = Pipeline(
            GrpcProfileStore(InProcessChannel(self.profile_store)),  # type: ignore[arg-type]
            finder,
            GrpcReranker(InProcessChannel(self.reranker)),  # type: ignore[arg-type]
            self.popular,
            Cache(cache_entries, 30.0, self.hits, self.misses),
            Ceilings(0.2, 0.3, 0.3),
        )

    def mood(self, peer: str) -> Mood:
        mood: Mood = getattr(self, peer).mood
        return mood

    async def answer(self, seconds: float = 1.0, **request: Any) -> Answer:
        query = query_from(
            pb.RecommendRequest(**{"user_id": "ann", **request}), Calendar(fixed_day=TODAY)
        )
        return await self.pipeline.recommend(query, Budget(seconds, 0.02))

    async def recommend(self, seconds: float = 1.0, **request: Any) -> pb.RecommendResponse:
        return response_to(await self.answer(seconds, **request), "tuning")


async def a_shop(products: int = 400, cache_entries: int = 0, popular_count: int = 2000) -> Shop:
    """A shop whose popular products are known."""
    shop = Shop(products, cache_entries, popular_count)
    await shop.popular.fetch()
    return shop


def ids(response: pb.RecommendResponse) -> list[str]:
    return [result.product_id for result in response.results]


def losses(response: Any) -> list[str]:
    return [
        pb.DegradationKind.Name(one.kind).removeprefix("DEGRADATION_KIND_")
        for one in response.degradations
    ]
