"""One shopper's page: profile, candidates, ranking, and what stands in for each of them."""

from dataclasses import dataclass, field
from typing import NamedTuple

from restock.serving.deadline import Budget
from services.gateway import convert, trust
from services.gateway.answer import Answer, Drawn, Result
from services.gateway.cache import Cache
from services.gateway.degradation import (
    CANDIDATE_GEN,
    PROFILE_STORE,
    RERANKER,
    Absences,
    Degradation,
    Loss,
    PeerFailed,
)
from services.gateway.fallback.convert import drawn_to, level_one_page, named_in, own_from
from services.gateway.fallback.keeper import PopularKeeper
from services.gateway.fallback.stand_ins import stand_ins
from services.gateway.peers import (
    NO_PROFILE,
    CandidateGenPeer,
    Page,
    Profile,
    ProfileStorePeer,
    Ranked,
    RerankerPeer,
)
from services.gateway.query import Explain, Query
from services.gateway.reasons import Signals, anchor_of, bought, reasons_of, signals_of

NO_RANKER = "the model version has no ranker"
CacheKey = tuple[str, int, int, int, bytes]


class Ceilings(NamedTuple):
    """Most seconds that each hop may take."""

    profile_store: float
    candidate_gen: float
    reranker: float


@dataclass(slots=True)
class Visit:
    """One request under way."""

    query: Query
    profile: Profile
    budget: Budget
    degradations: list[Degradation] = field(default_factory=list)
    absences: Absences = field(default_factory=Absences)
    """Peers that are not asked again; a batch's visits share them."""
    without_ranker: bool = False
    """Whether HYBRID stood in for LEARNED."""

    @property
    def limits(self) -> Query:
        """The query, which is not answered with what lies in the profile's cart either."""
        cart = self.profile.cart_product_ids
        return self.query.without(cart) if cart else self.query

    def lose(self, loss: Loss, service: str, reason: str) -> None:
        """Note what the answer has to do without."""
        self.degradations.append(Degradation(loss, service, reason))


class Pipeline:
    """Asks the three peers in order. A peer that fails costs quality, never the answer."""

    def __init__(
        self,
        profile_store: ProfileStorePeer,
        candidate_gen: CandidateGenPeer,
        reranker: RerankerPeer,
        popular: PopularKeeper,
        cache: Cache[CacheKey, Answer],
        ceilings: Ceilings,
    ) -> None:
        self._profile_store = profile_store
        self._candidate_gen = candidate_gen
        self._reranker = reranker
        self._popular = popular
        self._cache = cache
        self._ceilings = ceilings
        self._version = ""

    async def recommend(self, query: Query, budget: Budget) -> Answer:
        """Answer one shopper; the profile is always read."""
        visit = Visit(query, NO_PROFILE, budget)
        try:
            seconds = budget.for_hop(self._ceilings.profile_store)
            profile = await self._profile_store.profile(query.user_id, seconds)
            trust.check_profile(profile, query.user_id)
            visit.profile = profile
        except PeerFailed as failure:
            visit.lose(Loss.NO_PROFILE, failure.service, failure.reason)
        return await self.answer(visit)

    async def answer(self, visit: Visit) -> Answer:
        """Answer for a profile that was read, or could not be."""
        if not self._cache.on or visit.degradations:
            return await self._made(visit)
        key = self._key(self._version or self._popular.version, visit)
        answer = self._cache.get(key)
        if answer is None:
            answer = await self._made(visit)
            if not answer.degradations:
                self._version = answer.model_version
                self._cache.put((answer.model_version, *key[1:]), answer)
        return answer

    def _key(self, version: str, visit: Visit) -> CacheKey:
        """Everything that an answer depends on; the profile counts by its content."""
        query, profile = visit.query, visit.profile
        content = hash(profile.SerializeToString(deterministic=True))
        return version, query.as_of_day, profile.revision, content, query.fingerprint

    async def _made(self, visit: Visit) -> Answer:
        """Find candidates and rank them."""
        drawn = await self._drawn(visit)
        if drawn.candidates.product_ids:
            drawn, version, products = await self._ranked(visit, drawn)
        else:
            version, products = drawn.version, []
        if visit.without_ranker:
            visit.lose(Loss.NO_RANKER, "", NO_RANKER)
        wanted = visit.query.page_size
        if len(products) < wanted:
            visit.lose(Loss.SHORT_PAGE, "", f"{len(products)} of {wanted} products")
        return Answer(
            results=explained(visit, drawn, products),
            explain=visit.query.explain,
            strategy=drawn.strategy,
            model_version=version,
            missing_ids=drawn.missing_ids,
            profile_revision=visit.profile.revision,
            degradations=visit.degradations,
        )

    async def _drawn(self, visit: Visit) -> Drawn:
        """Candidates from candidate_gen, or stand-ins; a profile at fault is done without."""
        try:
            return await self._generated(visit, "")
        except PeerFailed as failed:
            failure = failed  # the clause's own name ends with it, and the failure is told later
        if fault := trust.fault_of_profile(visit.profile):
            visit.lose(Loss.NO_PROFILE, PROFILE_STORE, fault)
            visit.profile = NO_PROFILE
            try:
                return await self._generated(visit, "")
            except PeerFailed as failed:
                failure = failed
        visit.lose(Loss.NO_CANDIDATES, failure.service, failure.reason)
        return self._stood_in(visit)

    async def _generated(self, visit: Visit, version: str) -> Drawn:
        """Candidates of a model version; of the current one when it is empty."""
        seconds = visit.budget.for_hop(self._ceilings.candidate_gen)
        query, profile = visit.query, visit.profile
        with visit.absences.asking(CANDIDATE_GEN):
            answer = await self._candidate_gen.candidates(query, profile, version, seconds)
        trust.check_generated(answer, visit.limits, version)
        drawn = convert.drawn_from(answer)
        visit.without_ranker = convert.lacks_ranker(query.request.strategy, drawn.strategy)
        return drawn

    def _stood_in(self, visit: Visit) -> Drawn:
        """Own and popular products in place of candidates."""
        popular, query = self._popular.list, visit.limits
        chosen = stand_ins(own_from(visit.profile), popular, query)
        return drawn_to(chosen, popular.unknown(named_in(query)))

    async def _ranked(self, visit: Visit, drawn: Drawn) -> tuple[Drawn, str, list[Ranked]]:
        """Rank; when that fails, find out whose fault it was and do without."""
        try:
            return await self._ranked_by_one_version(visit, drawn)
        except PeerFailed as failed:
            failure = failed
        if drawn.version and (fault := fault_of(visit, drawn)):
            visit.lose(Loss.NO_CANDIDATES, CANDIDATE_GEN, fault)
            drawn = self._stood_in(visit)
            try:
                return await self._ranked_by_one_version(visit, drawn)
            except PeerFailed as failed:
                failure = failed
        visit.lose(Loss.NO_RERANKING, failure.service, failure.reason)
        return drawn, drawn.version, level_one_page(drawn, visit.query)

    async def _ranked_by_one_version(
        self, visit: Visit, drawn: Drawn
    ) -> tuple[Drawn, str, list[Ranked]]:
        """Rank with the version that found the candidates, or find them anew with another.

        While a version is swapped, the two peers may hold different ones for a moment.
        """
        try:
            page = await self._page(visit, drawn)
        except PeerFailed as failure:
            if not (drawn.version and failure.versions):
                raise
            drawn = await self._generated(visit, failure.versions[0])
            page = await self._page(visit, drawn)
        return drawn, page.model_version, list(page.results)

    async def _page(self, visit: Visit, drawn: Drawn) -> Page:
        """Ask the reranker for a page."""
        query, seconds = visit.query, visit.budget.for_hop(self._ceilings.reranker)
        with visit.absences.asking(RERANKER):
            page = await self._reranker.page(query, visit.profile, drawn, seconds)
        # Stand-ins are filtered by older facts than the reranker's: it may leave more of them out.
        full = bool(drawn.version) or query.within is None
        trust.check_page(page, drawn.candidates, query, drawn.version, full)
        return page


def fault_of(visit: Visit, drawn: Drawn) -> str:
    """Say what is wrong with candidates that could not be ranked; empty when nothing is."""
    signals = sum(len(product_ids) for _, product_ids in signals_for(visit))
    return trust.fault_of_candidates(drawn.candidates, signals)


def signals_for(visit: Visit) -> Signals:
    """List the products that candidate_gen was told of."""
    return signals_of(visit.profile, visit.query.request.context_product_ids)


def explained(visit: Visit, drawn: Drawn, products: list[Ranked]) -> list[Result]:
    """Put reasons to the page's products, unless the caller wants none."""
    if visit.query.explain is Explain.NONE:
        return [Result(product, []) for product in products]
    candidates, signals = drawn.candidates, signals_for(visit)
    return [
        Result(
            product,
            reasons_of(
                product,
                bought(candidates, product.position),
                anchor_of(candidates, product.position, signals),
            ),
        )
        for product in products
    ]
