"""One shopper's page: profile, candidates, ranking, and what stands in for each of them."""

from dataclasses import dataclass, field
from typing import NamedTuple

from restock.serving.deadline import Budget
from services.gateway import convert, trust
from services.gateway.answer import Answer, CandidateSet, Result
from services.gateway.cache import Cache
from services.gateway.degradation import (
    CANDIDATE_GEN,
    PROFILE_STORE,
    RERANKER,
    CircuitBreaker,
    Degradation,
    Loss,
    PeerFailed,
    short_page,
)
from services.gateway.fallback.convert import level_one_page, named_in, own_from, stand_in_set
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
CacheKey = tuple[int, int, int, bytes]


class Ceilings(NamedTuple):
    """Most seconds that each hop may take."""

    profile_store: float
    candidate_gen: float
    reranker: float


@dataclass(slots=True)
class RequestState:
    """One request under way."""

    query: Query
    profile: Profile
    budget: Budget
    degradations: list[Degradation] = field(default_factory=list)
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    """Peers that are not asked again; a batch's states share them."""
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
        """The only one that the cache holds answers of."""

    def follow(self, model_version: str) -> None:
        """Take a model version for the active one: kept answers of another are not given any more."""
        if model_version not in ("", self._version):
            self._version = model_version
            self._cache.clear()

    async def recommend(self, query: Query, budget: Budget) -> Answer:
        """Answer one shopper; the profile is always read."""
        state = RequestState(query, NO_PROFILE, budget)
        try:
            seconds = budget.for_hop(self._ceilings.profile_store)
            profile = await self._profile_store.profile(query.user_id, seconds)
            trust.check_profile(profile, query.user_id)
            state.profile = profile
        except PeerFailed as failure:
            state.lose(Loss.NO_PROFILE, failure.service, failure.reason)
        return await self.answer(state)

    async def answer(self, state: RequestState) -> Answer:
        """Answer for a profile that was read, or could not be."""
        if not self._cache.on or state.degradations:
            return await self._made(state)
        key = self._key(state)
        answer = self._cache.get(key)
        if answer is None:
            before = self._version
            answer = await self._made(state)
            self._keep(key, answer, before)
        return answer

    def _key(self, state: RequestState) -> CacheKey:
        """Everything that an answer depends on but the version; the profile counts by its content."""
        query, profile = state.query, state.profile
        content = hash(profile.SerializeToString(deterministic=True))
        return query.as_of_day, profile.revision, content, query.fingerprint

    def _keep(self, key: CacheKey, answer: Answer, before: str) -> None:
        """Learn the active version from a fresh answer, and keep it unless it lacks anything.

        Args:
            key: that of the question.
            answer: just made.
            before: the active version when it was asked. Such an answer is no news once another is known.
        """
        overtaken = answer.model_version == before != self._version
        if overtaken or any(one.service for one in answer.degradations):
            return
        self.follow(answer.model_version)
        if not answer.degradations:
            self._cache.put(key, answer)

    async def _made(self, state: RequestState) -> Answer:
        """Find candidates and rank them."""
        found = await self._candidates(state)
        if found.candidates.product_ids:
            found, version, products = await self._ranked(state, found)
        else:
            version, products = found.version, []
        if state.without_ranker:
            state.lose(Loss.NO_RANKER, "", NO_RANKER)
        wanted = state.query.page_size
        if len(products) < wanted:
            unknown = self._popular.unknown_categories(state.query.within, found.version)
            state.degradations.append(short_page(len(products), wanted, unknown))
        return Answer(
            results=explained(state, found, products),
            explain=state.query.explain,
            strategy=found.strategy,
            model_version=version,
            missing_ids=found.missing_ids,
            profile_revision=state.profile.revision,
            degradations=state.degradations,
        )

    async def _candidates(self, state: RequestState) -> CandidateSet:
        """Candidates from candidate_gen, or stand-ins; a profile at fault is done without."""
        try:
            return await self._generated(state, "")
        except PeerFailed as failed:
            failure = failed  # the clause's own name ends with it, and the failure is told later
        if fault := trust.fault_of_profile(state.profile):
            state.lose(Loss.NO_PROFILE, PROFILE_STORE, fault)
            state.profile = NO_PROFILE
            try:
                return await self._generated(state, "")
            except PeerFailed as failed:
                failure = failed
        state.lose(Loss.NO_CANDIDATES, failure.service, failure.reason)
        return self._stood_in(state)

    async def _generated(self, state: RequestState, version: str) -> CandidateSet:
        """Candidates of a model version; of the current one when it is empty."""
        seconds = state.budget.for_hop(self._ceilings.candidate_gen)
        query, profile = state.query, state.profile
        with state.breaker.asking(CANDIDATE_GEN):
            answer = await self._candidate_gen.candidates(query, profile, version, seconds)
        trust.check_generated(answer, state.limits, version)
        found = convert.candidate_set_from(answer)
        state.without_ranker = convert.lacks_ranker(query.request.strategy, found.strategy)
        return found

    def _stood_in(self, state: RequestState) -> CandidateSet:
        """Own and popular products in place of candidates."""
        popular, query = self._popular.list, state.limits
        chosen = stand_ins(own_from(state.profile), popular, query)
        return stand_in_set(chosen, popular.unknown(named_in(query)))

    async def _ranked(
        self, state: RequestState, found: CandidateSet
    ) -> tuple[CandidateSet, str, list[Ranked]]:
        """Rank; when that fails, find out whose fault it was and do without."""
        try:
            return await self._ranked_by_one_version(state, found)
        except PeerFailed as failed:
            failure = failed
        if found.version and (fault := fault_of(state, found)):
            state.lose(Loss.NO_CANDIDATES, CANDIDATE_GEN, fault)
            found = self._stood_in(state)
            try:
                return await self._ranked_by_one_version(state, found)
            except PeerFailed as failed:
                failure = failed
        state.lose(Loss.NO_RERANKING, failure.service, failure.reason)
        return found, found.version, level_one_page(found, state.query)

    async def _ranked_by_one_version(
        self, state: RequestState, found: CandidateSet
    ) -> tuple[CandidateSet, str, list[Ranked]]:
        """Rank with the version that found the candidates, or find them anew with another.

        While a version is swapped, the two peers may hold different ones for a moment.
        """
        try:
            page = await self._page(state, found)
        except PeerFailed as failure:
            if not (found.version and failure.versions):
                raise
            found = await self._generated(state, failure.versions[0])
            page = await self._page(state, found)
        return found, page.model_version, list(page.results)

    async def _page(self, state: RequestState, found: CandidateSet) -> Page:
        """Ask the reranker for a page."""
        query, seconds = state.query, state.budget.for_hop(self._ceilings.reranker)
        with state.breaker.asking(RERANKER):
            page = await self._reranker.page(query, state.profile, found, seconds)
        # Stand-ins are filtered by older facts than the reranker's: it may leave more of them out.
        full = bool(found.version) or query.within is None
        trust.check_page(page, found.candidates, query, found.version, full)
        return page


def fault_of(state: RequestState, found: CandidateSet) -> str:
    """Say what is wrong with candidates that could not be ranked; empty when nothing is."""
    signals = sum(len(product_ids) for _, product_ids in signals_for(state))
    return trust.fault_of_candidates(found.candidates, signals)


def signals_for(state: RequestState) -> Signals:
    """List the products that candidate_gen was told of."""
    return signals_of(state.profile, state.query.request.context_product_ids)


def explained(state: RequestState, found: CandidateSet, products: list[Ranked]) -> list[Result]:
    """Put reasons to the page's products, unless the caller wants none."""
    if state.query.explain is Explain.NONE:
        return [Result(product, []) for product in products]
    candidates, signals = found.candidates, signals_for(state)
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
