"""What a caller may ask, and which field is named when it may not."""

from typing import Any

import pytest

from restock.errors import InvalidRequest, InvalidTuning
from restock.tuning_config import BLEND_WEIGHTS
from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from services.gateway import convert
from services.gateway.calendar import Calendar
from services.gateway.query import Explain

CALENDAR = Calendar(fixed_day=17_531)
IDS = [f"p{place}" for place in range(1001)]
NAN, INF = float("nan"), float("inf")


def query(**fields: Any) -> Any:
    return convert.query_from(pb.RecommendRequest(**{"user_id": "ann", **fields}), CALENDAR)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"user_id": ""}, "user_id"),
        ({"user_id": "a" * 129}, "user_id"),
        ({"user_id": "é" * 65}, "user_id"),
        ({"user_id": "a\nb"}, "user_id"),
        ({"user_id": "a\x00"}, "user_id"),
        ({"page_size": -1}, "page_size"),
        ({"strategy": 99}, "strategy"),
        ({"novelty": -0.01}, "novelty"),
        ({"novelty": 1.01}, "novelty"),
        ({"novelty": NAN}, "novelty"),
        ({"explain": 99}, "explain"),
        ({"context_product_ids": IDS[:101]}, "context_product_ids"),
        ({"exclude_product_ids": IDS}, "exclude_product_ids"),
        ({"include_product_ids": IDS}, "include_product_ids"),
        ({"context_product_ids": ["p1", ""]}, "context_product_ids[1]"),
        ({"exclude_product_ids": ["p1", "p2", "a\tb"]}, "exclude_product_ids[2]"),
        ({"include_product_ids": ["a" * 129]}, "include_product_ids[0]"),
        ({"filter": {"categories": ["c"] * 101}}, "filter.categories"),
        ({"filter": {"min_price": NAN}}, "filter.min_price"),
        ({"filter": {"min_price": -0.01}}, "filter.min_price"),
        ({"filter": {"max_price": INF}}, "filter.max_price"),
        ({"filter": {"min_price": 2.0, "max_price": 1.0}}, "filter.max_price"),
        ({"tuning": {"due_boost": 1.01}}, "tuning.due_boost"),
        ({"tuning": {"als_weight": NAN}}, "tuning.als_weight"),
        ({"tuning": {"max_price_ratio": 0.5}}, "tuning.max_price_ratio"),
        ({"tuning": {"max_per_category": 0}}, "tuning.max_per_category"),
        ({"as_of_time": {"seconds": -1}}, "as_of_time"),
        ({"as_of_time": {"seconds": 7_258_118_400}}, "as_of_time"),
        ({"as_of_time": {"nanos": -1}}, "as_of_time"),
        ({"as_of_time": {"nanos": 1_000_000_000}}, "as_of_time"),
    ],
)
def test_a_field_outside_what_is_allowed_is_named(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        query(**fields)
    assert refused.value.field == path


@pytest.mark.parametrize(("size", "products"), [(0, 5), (1, 1), (100, 100), (101, 100)])
def test_a_page_has_5_products_by_default_and_100_at_most(size: int, products: int) -> None:
    assert query(page_size=size).page_size == products


def test_limits_themselves_are_allowed() -> None:
    asked = query(
        user_id="a" * 128, context_product_ids=IDS[:100], exclude_product_ids=IDS[:1000],
        include_product_ids=IDS[:1000], filter={"min_price": 1.0, "max_price": 1.0},
        as_of_time={"seconds": 7_258_118_399, "nanos": 999_999_999},
    )  # fmt: skip
    assert asked.as_of_day == 84_005
    assert asked.blocked == frozenset(IDS[:1000])


def test_reasons_are_given_unless_asked_otherwise() -> None:
    assert query().explain is Explain.REASONS
    assert query(explain=pb.EXPLAIN_LEVEL_NONE).explain is Explain.NONE


def test_today_is_the_calendars_unless_the_request_names_a_moment() -> None:
    assert query().as_of_day == 17_531
    assert query(as_of_time={"seconds": 86_400 * 17_000 + 86_399}).as_of_day == 17_000


def test_a_filter_that_lets_all_through_is_none() -> None:
    assert query(filter={}).within is None
    assert query(filter={"max_price": 0.0}).within is not None


def test_a_requests_tuning_comes_before_the_deployments() -> None:
    deployed = convert.overrides_of({"due_boost": 0.3, "upsell_factor": 0.0})
    request = pb.RecommendRequest(user_id="ann", tuning={"due_boost": 0.5})
    knobs = convert.query_from(request, CALENDAR, deployed).tuning
    assert knobs == types_pb2.TuningOverrides(due_boost=0.5, upsell_factor=0.0)
    assert (
        convert.query_from(pb.RecommendRequest(user_id="ann"), CALENDAR, deployed).tuning
        == deployed
    )
    assert query().tuning is None


@pytest.mark.parametrize("knob", BLEND_WEIGHTS)
def test_who_weighs_the_blend_in_the_request_and_names_no_strategy_means_the_blend(
    knob: str,
) -> None:
    for asked in (types_pb2.STRATEGY_UNSPECIFIED, types_pb2.STRATEGY_AUTO):
        assert query(strategy=asked, tuning={knob: 0.9}).strategy == types_pb2.STRATEGY_HYBRID
        assert query(strategy=asked, tuning={"due_boost": 0.5}).strategy == asked
    learned = query(strategy=types_pb2.STRATEGY_LEARNED, tuning={knob: 0.9})
    assert learned.strategy == types_pb2.STRATEGY_LEARNED


def test_a_deployment_cannot_change_what_a_model_was_trained_with() -> None:
    with pytest.raises(InvalidTuning, match="als_factors"):
        convert.overrides_of({"als_factors": 32})


def test_equal_requests_have_equal_fingerprints_whatever_the_second() -> None:
    morning = query(as_of_time={"seconds": 86_400}).fingerprint
    assert morning == query(as_of_time={"seconds": 86_401}).fingerprint == query().fingerprint
    assert morning != query(page_size=4).fingerprint


@pytest.mark.parametrize(
    ("request_", "path"),
    [
        (pb.GetSimilarProductsRequest(), "product_id"),
        (pb.GetSimilarProductsRequest(product_id="p1", kind=7), "kind"),  # type: ignore[arg-type]
        (pb.GetSimilarProductsRequest(product_id="p1", page_size=-1), "page_size"),
        (pb.GetSimilarProductsRequest(product_id="p1", filter={"min_price": NAN}), "filter.min_price"),
    ],
)  # fmt: skip
def test_a_bad_question_for_neighbours_is_named(request_: Any, path: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        convert.similar_query_from(request_)
    assert refused.value.field == path


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_has_1_to_100_requests(count: int) -> None:
    batch = pb.BatchRecommendRequest(requests=[pb.RecommendRequest(user_id="ann")] * count)
    with pytest.raises(InvalidRequest, match="1 to 100"):
        convert.check_batch(batch)
