"""A product's neighbours and what sells now, popular products standing in for either."""

from services.gateway import trust
from services.gateway.answer import SimilarAnswer
from services.gateway.degradation import Degradation, Loss, PeerFailed
from services.gateway.fallback.keeper import PopularKeeper
from services.gateway.peers import CandidateGenPeer, SimilarRequest, TrendingRequest
from services.gateway.query import Shelf


class Similar:
    """Asks candidate_gen; the popular list answers when that fails."""

    def __init__(self, candidate_gen: CandidateGenPeer, popular: PopularKeeper) -> None:
        self._candidate_gen = candidate_gen
        self._popular = popular

    async def neighbours(
        self, request: SimilarRequest, shelf: Shelf, seconds: float
    ) -> SimilarAnswer:
        """Products that stand beside a product, within `seconds`."""
        try:
            found = await self._candidate_gen.neighbours(request, shelf.page_size, seconds)
            trust.check_neighbours(found, request.product_id, shelf.page_size)
        except PeerFailed as failure:
            return self._stood_in(shelf, failure, (request.product_id,))
        missing = () if found.known else (request.product_id,)
        products = list(zip(found.product_ids, found.scores, strict=True))
        return filled(SimilarAnswer(products, found.model_version, missing, []), shelf)

    async def trending(
        self, request: TrendingRequest, shelf: Shelf, seconds: float
    ) -> SimilarAnswer:
        """What sells now, within `seconds`."""
        within = request.filter if shelf.within else None
        try:
            found = await self._candidate_gen.popular(within, shelf.page_size, seconds)
            trust.check_popular(found, shelf.page_size)
        except PeerFailed as failure:
            return self._stood_in(shelf, failure)
        products = list(zip(found.product_ids, found.scores, strict=True))
        return filled(SimilarAnswer(sellers(products), found.model_version, (), []), shelf)

    def _stood_in(
        self, shelf: Shelf, failure: PeerFailed, without: tuple[str, ...] = ()
    ) -> SimilarAnswer:
        """Popular products inside the filter, `without` some."""
        popular = self._popular.list
        most = shelf.page_size + len(without)
        places = popular.best(popular.mask(shelf.within), most).tolist()
        rows = [(popular.product_ids[place], float(popular.scores[place])) for place in places]
        products = sellers([row for row in rows if row[0] not in without])[: shelf.page_size]
        degradation = Degradation(Loss.NO_CANDIDATES, failure.service, failure.reason)
        return filled(SimilarAnswer(products, "", popular.unknown(without), [degradation]), shelf)


def sellers(products: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Products that sell at all: a score on the wire is above 0."""
    return [row for row in products if row[1] > 0]


def filled(answer: SimilarAnswer, shelf: Shelf) -> SimilarAnswer:
    """Say so when there are fewer products than asked for."""
    found, wanted = len(answer.products), shelf.page_size
    if found < wanted:
        reason = f"{found} of {wanted} products"
        answer.degradations.append(Degradation(Loss.SHORT_PAGE, "", reason))
    return answer
