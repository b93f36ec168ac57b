"""Between the wire and the pipeline: checks what comes in once, encodes what goes out."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from google.rpc import code_pb2, status_pb2

from restock.core.product_filter import ProductFilter
from restock.errors import InvalidRequest, InvalidTuning, RestockError
from restock.limits import MAX_PAGE
from restock.serving.convert import (
    MAX_CONTEXT_IDS,
    MAX_LIST_IDS,
    changes_from,
    check_id,
    check_ids,
    filter_from,
    novelty_from,
)
from restock.serving.status import status_of
from restock.tuning_config import BLEND_WEIGHTS, TuningConfig
from restock.v1 import candidate_gen_pb2, gateway_pb2, types_pb2
from services.gateway.answer import Answer, CandidateSet, SimilarAnswer
from services.gateway.attribution import Attribution, new_id, token_of
from services.gateway.calendar import Calendar
from services.gateway.degradation import Degradation
from services.gateway.query import Explain, ListingQuery, Query
from services.gateway.reasons import Reason, fills_page

DEFAULT_PAGE = 5
MAX_BATCH = 100
LAST_SECOND = 7_258_118_400
"""2200-01-01T00:00Z."""
NANOS = 1_000_000_000
STRATEGIES = frozenset(types_pb2.Strategy.values())
EXPLAIN = {0: Explain.REASONS} | {int(level): level for level in Explain}
KINDS = frozenset(types_pb2.SimilarityKind.values())
OK = status_pb2.Status()
NO_KNOBS = types_pb2.TuningOverrides()
UNTUNED = TuningConfig()
AUTO = (types_pb2.STRATEGY_UNSPECIFIED, types_pb2.STRATEGY_AUTO)


def query_from(
    request: gateway_pb2.RecommendRequest,
    calendar: Calendar,
    tuning: types_pb2.TuningOverrides = NO_KNOBS,
) -> Query:
    """Decode one shopper's request.

    Args:
        request: as it came.
        calendar: says which day it is.
        tuning: the deployment's own changes; the request's come first.

    Raises:
        InvalidRequest: a field is outside what the proto allows; names it.
    """
    check_id(request.user_id, "user_id")
    if request.strategy not in STRATEGIES:
        raise InvalidRequest("strategy", f"a named Strategy, not {request.strategy}")
    if request.explain not in EXPLAIN:
        raise InvalidRequest("explain", f"a named ExplainLevel, not {request.explain}")
    context = ids_of(request.context_product_ids, "context_product_ids", MAX_CONTEXT_IDS)
    exclude = ids_of(request.exclude_product_ids, "exclude_product_ids", MAX_LIST_IDS)
    include = ids_of(request.include_product_ids, "include_product_ids", MAX_LIST_IDS)
    return Query(
        request=request,
        strategy=strategy_of(request),
        page_size=page_size_of(request.page_size),
        explain=EXPLAIN[request.explain],
        as_of_day=day_of(request, calendar),
        blocked=context | exclude,
        included=include,
        within=within_of(request),
        tuning=knobs_of(request, tuning),
        novelty=novelty_from(request),
        fingerprint=fingerprint_of(request),
    )


def strategy_of(request: gateway_pb2.RecommendRequest) -> types_pb2.Strategy.ValueType:
    """Say how to find candidates: a request that weighs the blend, and names no strategy, means the blend."""
    if request.strategy not in AUTO or not request.HasField("tuning"):
        return request.strategy
    weighs = any(name in BLEND_WEIGHTS for name in changes_from(request.tuning))
    return types_pb2.STRATEGY_HYBRID if weighs else request.strategy


def lacks_ranker(asked: int, used: int) -> bool:
    """Tell whether HYBRID stood in for LEARNED."""
    return asked == types_pb2.STRATEGY_LEARNED and used == types_pb2.STRATEGY_HYBRID


def ids_of(values: Sequence[str], field: str, most: int) -> frozenset[str]:
    """Decode a list of ids.

    Raises:
        InvalidRequest: there are more than `most`, or one is not an id.
    """
    return frozenset(check_ids(values, field, most)) if values else frozenset()


def page_size_of(size: int) -> int:
    """Decode how many results are wanted: 0 means 5, over 100 means 100.

    Raises:
        InvalidRequest: it is negative.
    """
    if size < 0:
        raise InvalidRequest("page_size", f"0 or more, not {size}")
    return min(size, MAX_PAGE) or DEFAULT_PAGE


def day_of(request: gateway_pb2.RecommendRequest, calendar: Calendar) -> int:
    """Decode the day for which to recommend; today when the request names no moment.

    Raises:
        InvalidRequest: the moment is before 1970 or not before 2200.
    """
    if not request.HasField("as_of_time"):
        return calendar.today()
    moment = request.as_of_time
    if not (0 <= moment.seconds < LAST_SECOND and 0 <= moment.nanos < NANOS):
        raise InvalidRequest("as_of_time", "a moment from 1970 until 2200")
    return calendar.day_at(moment.seconds)


def knobs_of(
    request: gateway_pb2.RecommendRequest, tuning: types_pb2.TuningOverrides
) -> types_pb2.TuningOverrides | None:
    """Put a request's changes of tuning over the deployment's; None when there are none.

    Raises:
        InvalidTuning: a knob is outside its range.
    """
    if not request.HasField("tuning"):
        return tuning if tuning is not NO_KNOBS else None
    UNTUNED.changed(changes_from(request.tuning))
    knobs = types_pb2.TuningOverrides()
    knobs.CopyFrom(tuning)
    knobs.MergeFrom(request.tuning)
    return knobs


def fingerprint_of(request: gateway_pb2.RecommendRequest) -> bytes:
    """Bytes that are equal for equal requests; the moment counts only by its day, kept apart."""
    if request.HasField("as_of_time"):
        timeless = gateway_pb2.RecommendRequest()
        timeless.CopyFrom(request)
        timeless.ClearField("as_of_time")
        request = timeless
    return request.SerializeToString(deterministic=True)


def overrides_of(changes: Mapping[str, Any]) -> types_pb2.TuningOverrides:
    """Turn a deployment's knobs into overrides that travel with each request.

    Raises:
        InvalidTuning: a knob cannot be changed per request, or is not allowed.
    """
    UNTUNED.changed(changes)
    known = types_pb2.TuningOverrides.DESCRIPTOR.fields_by_name
    for name in changes:
        if name not in known:
            raise InvalidTuning(
                f"tuning.{name}", f"a gateway can change only: {', '.join(sorted(known))}"
            )
    return types_pb2.TuningOverrides(**changes) if changes else NO_KNOBS


def similar_query_from(request: gateway_pb2.GetSimilarProductsRequest) -> ListingQuery:
    """Decode a request for a product's neighbours.

    Raises:
        InvalidRequest: a field is outside what the proto allows; names it.
    """
    check_id(request.product_id, "product_id")
    if request.kind not in KINDS:
        raise InvalidRequest("kind", f"a named SimilarityKind, not {request.kind}")
    return listing_query_from(request)


def listing_query_from(
    request: gateway_pb2.GetSimilarProductsRequest | gateway_pb2.ListTrendingRequest,
) -> ListingQuery:
    """Decode how many products of which kind are wanted.

    Raises:
        InvalidRequest: a field is outside what the proto allows; names it.
    """
    return ListingQuery(page_size_of(request.page_size), within_of(request))


def within_of(message: Any) -> ProductFilter | None:
    """Decode a request's filter; None when it has none, or one that lets all through.

    Raises:
        InvalidRequest: a bound is not finite, negative or crossed, or there are too many categories.
    """
    return (filter_from(message.filter) or None) if message.HasField("filter") else None


def check_batch(request: gateway_pb2.BatchRecommendRequest) -> None:
    """Check how many requests a batch has.

    Raises:
        InvalidRequest: none, or more than 100.
    """
    if not 0 < len(request.requests) <= MAX_BATCH:
        raise InvalidRequest("requests", f"1 to {MAX_BATCH} requests, not {len(request.requests)}")


def candidate_set_from(answer: candidate_gen_pb2.GenerateCandidatesResponse) -> CandidateSet:
    """Decode level 1's answer; the columns stay as they are."""
    missing = tuple(answer.missing_ids)
    return CandidateSet(answer.candidates, answer.model_version, answer.strategy_used, missing)


def response_to(answer: Answer, tuning_revision: str) -> gateway_pb2.RecommendResponse:
    """Encode an answer under an id of its own."""
    identity = Attribution(new_id(), answer.model_version, answer.strategy, tuning_revision)
    response = gateway_pb2.RecommendResponse(
        strategy_used=types_pb2.Strategy.ValueType(answer.strategy),
        model_version=answer.model_version,
        degradations=degradations_to(answer.degradations),
        missing_ids=answer.missing_ids,
        recommendation_id=identity.recommendation_id,
        attribution_token=token_of(identity),
        profile_revision=answer.profile_revision,
        tuning_revision=tuning_revision,
    )
    full = answer.explain is Explain.FULL
    for product, reasons in answer.results:
        response.results.add(
            product_id=product.product_id,
            score=product.score,
            reasons=[reason_to(reason) for reason in reasons],
            breakdown=product.breakdown if full else None,
            factors=product.factors if full else None,
            backfilled=fills_page(product),
        )
    return response


def batch_to(
    answers: Sequence[Answer | Exception], tuning_revision: str
) -> gateway_pb2.BatchRecommendResponse:
    """Encode what became of each request of a batch."""
    response = gateway_pb2.BatchRecommendResponse()
    for answer in answers:
        if isinstance(answer, Answer):
            response.results.add(status=OK, response=response_to(answer, tuning_revision))
        else:
            response.results.add(status=status_for(answer))
    return response


def status_for(error: Exception) -> status_pb2.Status:
    """Encode what was wrong; strangers learn nothing of the inside."""
    if isinstance(error, RestockError):
        return status_of(error)
    return status_pb2.Status(
        code=code_pb2.INTERNAL, message="internal error, see the service's log"
    )


@lru_cache(maxsize=4096)
def reason_to(reason: Reason) -> gateway_pb2.Reason:
    """Encode a reason. The same ones come again and again: whoever takes one copies it."""
    why, text, anchor, cycle_days, days_since = reason
    return gateway_pb2.Reason(
        kind=gateway_pb2.ReasonKind.ValueType(why), text=text, anchor_product_id=anchor,
        cycle_days=cycle_days, days_since=days_since,
    )  # fmt: skip


def degradations_to(degradations: Sequence[Degradation]) -> list[gateway_pb2.Degradation]:
    """Encode what an answer had to do without."""
    return [
        gateway_pb2.Degradation(
            kind=gateway_pb2.DegradationKind.ValueType(loss), service=service, reason=reason
        )
        for loss, service, reason in degradations
    ]


def similar_to(answer: SimilarAnswer) -> gateway_pb2.GetSimilarProductsResponse:
    """Encode a product's neighbours."""
    return gateway_pb2.GetSimilarProductsResponse(
        results=scored_to(answer),
        missing_ids=answer.missing_ids,
        model_version=answer.model_version,
        degradations=degradations_to(answer.degradations),
    )


def trending_to(answer: SimilarAnswer) -> gateway_pb2.ListTrendingResponse:
    """Encode what sells now."""
    return gateway_pb2.ListTrendingResponse(
        results=scored_to(answer),
        model_version=answer.model_version,
        degradations=degradations_to(answer.degradations),
    )


def scored_to(answer: SimilarAnswer) -> list[gateway_pb2.ScoredProduct]:
    """Encode products with scores."""
    return [
        gateway_pb2.ScoredProduct(product_id=product_id, score=score)
        for product_id, score in answer.products
    ]
