"""Between the wire and what stands in for a peer."""

from collections.abc import Sequence

from restock.v1 import candidate_gen_pb2, reranker_pb2, types_pb2
from services.gateway.answer import Drawn
from services.gateway.fallback.popular import PopularList
from services.gateway.fallback.stand_ins import OwnProducts, StandIn
from services.gateway.query import Query
from services.gateway.reasons import bought, entry

NEUTRAL = reranker_pb2.RankedProduct(
    factors=types_pb2.RerankFactors(price=1, repurchase=1, segment=1, upsell=1)
)
"""What a product is multiplied by when no rule was applied."""


def drawn_to(rows: Sequence[StandIn]) -> Drawn:
    """Encode stand-ins as candidates."""
    ids, popularity, history, counts, first, last = list(zip(*rows, strict=True)) or [()] * 6
    candidates = types_pb2.Candidates(
        product_ids=ids, popularity=popularity, history=history,
        purchase_counts=counts, first_days=first, last_days=last,
    )  # fmt: skip
    return Drawn(candidates, "", types_pb2.STRATEGY_POPULARITY)


def own_from(profile: types_pb2.Profile) -> OwnProducts:
    """Decode what a shopper bought; an empty column is all zero."""
    zeros = [0] * len(profile.product_ids)
    return OwnProducts(
        list(profile.product_ids),
        list(profile.purchase_counts) or zeros,
        list(profile.first_days) or zeros,
        list(profile.last_days) or zeros,
    )


def level_one_page(drawn: Drawn, query: Query) -> list[reranker_pb2.RankedProduct]:
    """Make a page of the first candidates, as a reranker without rules would."""
    count = min(query.page_size, len(drawn.candidates.product_ids))
    return [unranked(drawn.candidates, place, query.as_of_day) for place in range(count)]


def unranked(
    candidates: types_pb2.Candidates, position: int, as_of_day: int
) -> reranker_pb2.RankedProduct:
    """Make one result that no rule has touched: its score is the sum of its parts."""
    parts = [
        entry(column, position)
        for column in (
            candidates.als, candidates.item_cf, candidates.popularity, candidates.history,
            candidates.learned,
        )
    ]  # fmt: skip
    als, item_cf, popularity, history, learned = parts
    since = as_of_day - entry(candidates.last_days, position)
    return reranker_pb2.RankedProduct(
        position=position,
        product_id=candidates.product_ids[position],
        score=sum(parts),
        breakdown=types_pb2.ScoreBreakdown(
            als=als, item_cf=item_cf, popularity=popularity, history=history, learned=learned
        ),
        factors=NEUTRAL.factors,
        days_since=max(0, since) if bought(candidates, position) else 0,
    )


def popular_from(message: candidate_gen_pb2.ListPopularResponse) -> PopularList:
    """Decode popular products."""
    return PopularList(
        list(message.product_ids), list(message.scores),
        list(message.categories), list(message.prices),
    )  # fmt: skip


def popular_in(packed: bytes) -> candidate_gen_pb2.ListPopularResponse:
    """Read popular products from a file's bytes.

    Raises:
        google.protobuf.message.DecodeError: they are no such message.
    """
    return candidate_gen_pb2.ListPopularResponse.FromString(packed)
