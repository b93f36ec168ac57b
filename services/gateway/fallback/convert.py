"""Between the wire and what stands in for a peer."""

import asyncio

import numpy as np

from restock.core.arrays import Longs
from restock.v1 import candidate_gen_pb2, reranker_pb2, types_pb2
from services.gateway.answer import CandidateSet
from services.gateway.fallback.popular import PopularList
from services.gateway.fallback.stand_ins import OwnProducts, StandIns
from services.gateway.query import Query
from services.gateway.reasons import bought, entry

PORTION = 2_000
"""Products of a list that are decoded at a time: about a millisecond, in which no call gets on."""
NEUTRAL = reranker_pb2.RankedProduct(
    factors=types_pb2.RerankFactors(price=1, repurchase=1, segment=1, upsell=1)
)
"""What a product is multiplied by when no rule was applied."""


def stand_in_set(chosen: StandIns, missing_ids: tuple[str, ...]) -> CandidateSet:
    """Encode stand-ins as candidates; a column that is all zero is left empty."""
    own = len(chosen.history)
    # Those that are not the shopper's own come behind, and were never bought.
    zeros = [0] * (len(chosen.product_ids) - own) if own else []
    candidates = types_pb2.Candidates(
        product_ids=chosen.product_ids,
        popularity=chosen.popularity,
        history=[*chosen.history, *zeros],
        purchase_counts=chosen.purchase_counts + zeros,
        first_days=chosen.first_days + zeros,
        last_days=chosen.last_days + zeros,
    )
    return CandidateSet(candidates, "", types_pb2.STRATEGY_POPULARITY, missing_ids)


def own_from(profile: types_pb2.Profile) -> OwnProducts:
    """Decode what a shopper bought."""
    products = len(profile.product_ids)
    return OwnProducts(
        profile.product_ids[:],
        column_of(profile.purchase_counts[:], products),
        profile.first_days[:] or [0] * products,
        column_of(profile.last_days[:], products),
    )


def column_of(values: list[int], products: int) -> Longs:
    """Decode a column, (products,) int64; an empty one is all zero."""
    return np.array(values, np.int64) if values else np.zeros(products, np.int64)


def named_in(query: Query) -> list[str]:
    """Ids of products that a caller names: context, then exclude, then include."""
    asked = query.request
    lists = (asked.context_product_ids, asked.exclude_product_ids, asked.include_product_ids)
    return [product_id for some in lists for product_id in some]


def level_one_page(found: CandidateSet, query: Query) -> list[reranker_pb2.RankedProduct]:
    """Make a page of the first candidates, as a reranker without rules would."""
    count = min(query.page_size, len(found.candidates.product_ids))
    return [unranked(found.candidates, place, query.as_of_day) for place in range(count)]


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


async def popular_from(message: candidate_gen_pb2.ListPopularResponse) -> PopularList:
    """Decode popular products, in portions: a whole catalogue takes long, and calls are under way.

    Args:
        message: its columns are of one length.
    """
    ids: list[str] = []
    places: dict[str, int] = {}
    codes: dict[str, int] = {}
    count = len(message.product_ids)
    category, scores, prices = (np.empty(count, kind) for kind in ("i4", "f4", "f4"))
    for start in range(0, count, PORTION):
        part = slice(start, start + PORTION)
        ids += message.product_ids[part]
        places.update(zip(ids[part], range(start, len(ids)), strict=True))
        category[part] = [codes.setdefault(name, len(codes)) for name in message.categories[part]]
        scores[part], prices[part] = message.scores[part], message.prices[part]
        await asyncio.sleep(0)
    median = message.median_price if message.HasField("median_price") else float("nan")
    whole = 0 < count == message.total_count
    return PopularList(ids, places, scores, list(codes), category, prices, median, whole)


def popular_in(packed: bytes) -> candidate_gen_pb2.ListPopularResponse:
    """Read popular products from a file's bytes.

    Raises:
        google.protobuf.message.DecodeError: they are no such message.
    """
    return candidate_gen_pb2.ListPopularResponse.FromString(packed)
