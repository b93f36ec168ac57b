"""The three peers in memory, on real sockets, that do as they are told: answer, fail, dawdle, lie.

For tests and for trying the gateway alone. Speaks the wire, as a servicer does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from restock.errors import InvalidRequest, VersionNotLoaded
from restock.limits import MAX_POPULAR
from restock.serving.interceptor import CallInterceptor
from restock.serving.metrics import ServiceMetrics
from restock.v1 import (
    candidate_gen_pb2,
    candidate_gen_pb2_grpc,
    profile_store_pb2,
    profile_store_pb2_grpc,
    reranker_pb2,
    reranker_pb2_grpc,
    types_pb2,
)
from services.gateway.fake_catalogue import FakeCatalogue
from services.gateway.trust import fault_of_profile

DUE_BOOST = 0.15
CYCLE_DAYS = 14
CANDIDATES = 200
"""As many as a model version gives where a request names no number."""


@dataclass
class Mood:
    """What a fake does with the next calls."""

    down: bool = False
    """Answer UNAVAILABLE."""
    slow_seconds: float = 0.0
    """Think that long first."""
    wrong: Callable[[Any], Any] | None = None
    """Spoil the answer in place, or return another."""
    calls: list[Any] = field(default_factory=list)
    """The requests so far."""
    request_ids: list[str] = field(default_factory=list)
    """The request ids that came with them."""

    async def through(self, request: Any, response: Any, context: Any) -> Any:
        """Let a response through as the mood has it."""
        self.calls.append(request)
        self.request_ids += [v for k, v in context.invocation_metadata() if k == "x-request-id"]
        await asyncio.sleep(self.slow_seconds)
        if self.down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "told to be down")
        if self.wrong is not None:
            return self.wrong(response) or response
        return response


class FakeProfileStore(profile_store_pb2_grpc.ProfileStoreServiceServicer):
    """Profiles in a dict."""

    def __init__(self) -> None:
        self.mood = Mood()
        self.profiles: dict[str, types_pb2.Profile] = {}

    def bought(self, user_id: str, days: Sequence[int], products: Sequence[str]) -> None:
        """Give a user one purchase of each product on each day; the revision grows."""
        before = self.profiles.get(user_id, types_pb2.Profile())
        count = len(products)
        self.profiles[user_id] = types_pb2.Profile(
            user_id=user_id, revision=before.revision + 1, product_ids=sorted(products),
            purchase_counts=[len(days)] * count, first_days=[min(days)] * count,
            last_days=[max(days)] * count, units_milli=[1000] * count, spend_milli=[2500] * count,
            shopping_days=len(days), last_shopping_day=max(days),
            average_price=2.5, spend_per_day=2.5 * count,
        )  # fmt: skip

    def looked_at(self, user_id: str, seconds: int, products: Sequence[str]) -> None:
        """Let a user have looked at products, newest first, all at one moment; the revision grows."""
        profile = self.profiles.setdefault(user_id, types_pb2.Profile(user_id=user_id))
        profile.revision += 1
        profile.viewed_product_ids[:] = products
        profile.viewed_seconds[:] = [seconds] * len(products)

    def put_in_cart(self, user_id: str, products: Sequence[str]) -> None:
        """Let one unit of each product lie in a user's cart, newest first; the revision grows."""
        profile = self.profiles.setdefault(user_id, types_pb2.Profile(user_id=user_id))
        profile.revision += 1
        profile.cart_product_ids[:] = products
        profile.cart_units_milli[:] = [1000] * len(products)

    async def PutEvents(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Is never asked for by a gateway."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "a fake keeps what it was made with")

    _never_asked: Any = PutEvents
    DeleteUser = ExportUser = GetReplenishment = ImportProfiles = _never_asked
    ListDeletedUsers = ReadEvents = StreamEvents = _never_asked

    def profile(self, user_id: str) -> types_pb2.Profile:
        """A user's profile; an empty one for an unknown user."""
        return self.profiles.get(user_id) or types_pb2.Profile(user_id=user_id)

    async def GetProfile(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Reads one."""
        profile = types_pb2.Profile()
        profile.CopyFrom(self.profile(request.user_id))
        response = profile_store_pb2.GetProfileResponse(profile=profile)
        return await self.mood.through(request, response, context)

    async def BatchGetProfiles(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Reads many."""
        response = profile_store_pb2.BatchGetProfilesResponse(
            profiles=[self.profile(user_id) for user_id in request.user_ids]
        )
        return await self.mood.through(request, response, context)


class FakeCandidateGen(candidate_gen_pb2_grpc.CandidateGenServiceServicer):
    """Every product inside the request's limits, the popular ones first."""

    def __init__(self, catalogue: FakeCatalogue) -> None:
        self.mood = Mood()
        self.catalogue = catalogue
        self.versions = ["v1"]
        self.most_popular = MAX_POPULAR
        """Products that it lists at most; an older one lists 10,000."""
        self.ranker_leads = False
        """Whether there is a ranker, which AUTO takes."""

    async def GenerateCandidates(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Finds candidates."""
        if request.model_version not in ("", *self.versions):
            raise VersionNotLoaded(request.model_version, self.versions)
        if fault := fault_of_profile(request.profile):
            raise InvalidRequest("profile", fault)
        places = self.places(request)[: request.candidate_count or CANDIDATES]
        response = candidate_gen_pb2.GenerateCandidatesResponse(
            model_version=request.model_version or self.versions[0],
            strategy_used=self.strategy_used(request),
            candidates=self.candidates(places, request),
            missing_ids=self.missing(request),
        )
        return await self.mood.through(request, response, context)

    def strategy_used(self, request: Any) -> types_pb2.Strategy.ValueType:
        """LEARNED where it is asked for, or left to the service, and there is a ranker; else HYBRID."""
        left = (
            types_pb2.STRATEGY_UNSPECIFIED, types_pb2.STRATEGY_AUTO, types_pb2.STRATEGY_LEARNED,
        )  # fmt: skip
        learned = self.ranker_leads and request.strategy in left
        return types_pb2.STRATEGY_LEARNED if learned else types_pb2.STRATEGY_HYBRID

    def missing(self, request: Any) -> list[str]:
        """Ids of a request that are not in the catalogue."""
        lists = (
            request.context_product_ids, request.exclude_product_ids, request.include_product_ids,
        )  # fmt: skip
        named = dict.fromkeys(one for some in lists for one in some)
        return [one for one in named if one not in self.catalogue.ids]

    def places(self, request: Any) -> list[int]:
        """Products that a request allows, best first."""
        context = {*request.context_product_ids, *request.profile.cart_product_ids}
        blocked = context.union(request.exclude_product_ids)
        included = set(request.include_product_ids or self.catalogue.ids)
        return [
            place
            for place, product_id in enumerate(self.catalogue.ids)
            if product_id in included
            and product_id not in blocked
            and self.catalogue.passes(place, request.filter)
        ]

    def candidates(self, places: Sequence[int], request: Any) -> types_pb2.Candidates:
        """Score products: half of it ALS, a quarter item-CF and popularity each."""
        profile, scores = request.profile, [self.catalogue.popularity(place) for place in places]
        ids = [f"p{place}" for place in places]
        own = {product_id: place for place, product_id in enumerate(profile.product_ids)}
        signals = len(own) + len(request.context_product_ids)
        signals += len(profile.cart_product_ids) + len(profile.viewed_product_ids)
        rows = [own.get(product_id) for product_id in ids]
        return types_pb2.Candidates(
            product_ids=ids,
            als=[score / 2 for score in scores],
            item_cf=[score / 4 for score in scores],
            popularity=[score / 4 for score in scores],
            anchors=[place % signals if signals else -1 for place in places],
            purchase_counts=[0 if row is None else profile.purchase_counts[row] for row in rows],
            first_days=[0 if row is None else profile.first_days[row] for row in rows],
            last_days=[0 if row is None else profile.last_days[row] for row in rows],
        )

    async def ListPopular(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Lists what sells."""
        catalogue = self.catalogue
        if request.count > self.most_popular:
            raise InvalidRequest("count", f"1 to {self.most_popular}, not {request.count}")
        if request.known_version == self.versions[0]:
            known = candidate_gen_pb2.ListPopularResponse(
                model_version=self.versions[0], unchanged=True
            )
            return await self.mood.through(request, known, context)
        inside = [
            place for place in range(catalogue.products) if catalogue.passes(place, request.filter)
        ]
        places = inside[: request.count]
        response = candidate_gen_pb2.ListPopularResponse(
            model_version=self.versions[0],
            product_ids=[f"p{place}" for place in places],
            scores=[catalogue.popularity(place) for place in places],
            categories=[catalogue.category(place) for place in places],
            prices=[catalogue.price(place) for place in places],
            median_price=catalogue.median_price,
            total_count=len(inside),
        )
        return await self.mood.through(request, response, context)

    async def FindNeighbours(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Finds the products next in line."""
        known = request.product_id in self.catalogue.ids
        others = [
            place
            for place, product_id in enumerate(self.catalogue.ids)
            if product_id != request.product_id and self.catalogue.passes(place, request.filter)
        ][: request.count if known else 0]
        response = candidate_gen_pb2.FindNeighboursResponse(
            model_version=self.versions[0],
            known=known,
            product_ids=[f"p{place}" for place in others],
            scores=[self.catalogue.popularity(place) for place in others],
        )
        return await self.mood.through(request, response, context)


class FakeReranker(reranker_pb2_grpc.RerankerServiceServicer):
    """One rule: what was bought 14 days ago or earlier is due."""

    def __init__(self) -> None:
        self.mood = Mood()
        self.versions = ["v1"]

    async def Rerank(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Ranks candidates."""
        if request.model_version not in ("", *self.versions):
            raise VersionNotLoaded(request.model_version, self.versions)
        rows = [self.ranked(request, place) for place in range(len(request.candidates.product_ids))]
        rows.sort(key=lambda row: -row.score)
        response = reranker_pb2.RerankResponse(
            model_version=request.model_version or self.versions[0],
            results=rows[: request.page_size],
        )
        return await self.mood.through(request, response, context)

    def ranked(self, request: Any, place: int) -> reranker_pb2.RankedProduct:
        """Apply the rule to one candidate."""
        candidates = request.candidates
        parts = {
            name: getattr(candidates, name)[place] if getattr(candidates, name) else 0.0
            for name in ("als", "item_cf", "popularity", "history", "learned")
        }
        bought = bool(candidates.purchase_counts) and candidates.purchase_counts[place] > 0
        since = max(0, request.as_of_day - candidates.last_days[place]) if bought else 0
        due, score = bought and since >= CYCLE_DAYS, sum(parts.values())
        gain = DUE_BOOST * score if due else 0.0
        return reranker_pb2.RankedProduct(
            position=place, product_id=candidates.product_ids[place], score=score + gain,
            breakdown=types_pb2.ScoreBreakdown(repurchase=gain, **parts),
            factors=types_pb2.RerankFactors(
                price=1, repurchase=1 + DUE_BOOST if due else 1, segment=1, upsell=1
            ),
            due=due, cycle_days=CYCLE_DAYS if bought else 0, days_since=since,
        )  # fmt: skip


@dataclass
class FakePeers:
    """All three, and where they listen."""

    profile_store: FakeProfileStore
    candidate_gen: FakeCandidateGen
    reranker: FakeReranker
    addresses: dict[str, str] = field(default_factory=dict)
    """By the name of the gateway's setting."""
    servers: dict[str, grpc.aio.Server] = field(default_factory=dict)
    """By the service's name, to stop one."""

    @property
    def moods(self) -> dict[str, Mood]:
        """Each peer's mood, by the service's name."""
        return {
            "profile_store": self.profile_store.mood,
            "candidate_gen": self.candidate_gen.mood,
            "reranker": self.reranker.mood,
        }


@asynccontextmanager
async def fake_peers(products: int = 400) -> AsyncIterator[FakePeers]:
    """Run the three peers on free ports until left."""
    peers = FakePeers(FakeProfileStore(), FakeCandidateGen(FakeCatalogue(products)), FakeReranker())
    adders: dict[str, Callable[[Any, grpc.aio.Server], None]] = {
        "profile_store": profile_store_pb2_grpc.add_ProfileStoreServiceServicer_to_server,
        "candidate_gen": candidate_gen_pb2_grpc.add_CandidateGenServiceServicer_to_server,
        "reranker": reranker_pb2_grpc.add_RerankerServiceServicer_to_server,
    }
    for name, add in adders.items():
        server = grpc.aio.server(interceptors=[CallInterceptor(ServiceMetrics(name), None)])
        add(getattr(peers, name), server)
        peers.addresses[f"{name}_address"] = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        peers.servers[name] = server
        await server.start()
    try:
        yield peers
    finally:
        for server in peers.servers.values():
            await server.stop(None)
