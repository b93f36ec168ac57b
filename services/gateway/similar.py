"""A product's neighbours and what sells now, popular products standing in for either."""

from services.gateway import trust
from services.gateway.answer import SimilarAnswer
from services.gateway.degradation import Degradation, Loss, PeerFailed, short_page
from services.gateway.fallback.keeper import PopularKeeper
from services.gateway.peers import CandidateGenPeer, SimilarRequest, TrendingRequest
from services.gateway.query import ListingQuery


class Similar:
    """Asks candidate_gen; the popular list answers when that fails."""

    def __init__(self, candidate_gen: CandidateGenPeer, popular: PopularKeeper) -> None:
        self._candidate_gen = candidate_gen
        self._popular = popular

    async def neighbours(
        self, request: SimilarRequest, query: ListingQuery, seconds: float
    ) -> SimilarAnswer:
        """Products that stand beside a product, within `seconds`."""
        try:
            found = await self._candidate_gen.neighbours(request, query.page_size, seconds)
            trust.check_neighbours(found, request.product_id, query.page_size)
        except PeerFailed as failure:
            return self._stood_in(query, failure, (request.product_id,))
        missing = () if found.known else (request.product_id,)
        products = list(zip(found.product_ids, found.scores, strict=True))
        return self._filled(SimilarAnswer(products, found.model_version, missing, []), query)

    async def trending(
        self, request: TrendingRequest, query: ListingQuery, seconds: float
    ) -> SimilarAnswer:
        """What sells now, within `seconds`."""
        within = request.filter if query.within else None
        try:
            found = await self._candidate_gen.popular(within, query.page_size, seconds)
            trust.check_popular(found, query.page_size)
        except PeerFailed as failure:
            return self._stood_in(query, failure)
        products = list(zip(found.product_ids, found.scores, strict=True))
        answer = SimilarAnswer(sellers(products), found.model_version, (), [])
        return self._filled(answer, query)

    def _stood_in(
        self, query: ListingQuery, failure: PeerFailed, without: tuple[str, ...] = ()
    ) -> SimilarAnswer:
        """Popular products inside the filter, `without` some."""
        popular = self._popular.list
        most = query.page_size + len(without)
        places = popular.best(popular.mask(query.within), most).tolist()
        rows = [(popular.product_ids[place], float(popular.scores[place])) for place in places]
        products = sellers([row for row in rows if row[0] not in without])[: query.page_size]
        degradation = Degradation(Loss.NO_CANDIDATES, failure.service, failure.reason)
        answer = SimilarAnswer(products, "", popular.unknown(without), [degradation])
        return self._filled(answer, query)

    def _filled(self, answer: SimilarAnswer, query: ListingQuery) -> SimilarAnswer:
        """Say so when there are fewer products than asked for."""
        found, wanted = len(answer.products), query.page_size
        if found < wanted:
            unknown = self._popular.unknown_categories(query.within, answer.model_version)
            answer.degradations.append(short_page(found, wanted, unknown))
        return answer


def sellers(products: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Products that sell at all: a score on the wire is above 0."""
    return [row for row in products if row[1] > 0]
