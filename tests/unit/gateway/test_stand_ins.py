"""Candidates without candidate_gen: which, in which order, and with which scores."""

import asyncio
import math
from typing import Any

import pytest

from restock.v1 import candidate_gen_pb2, types_pb2
from restock.v1 import gateway_pb2 as pb
from services.gateway.calendar import Calendar
from services.gateway.convert import query_from
from services.gateway.fallback.convert import own_from, popular_from, stand_in_set
from services.gateway.fallback.popular import NOTHING_POPULAR, PopularList
from services.gateway.fallback.stand_ins import StandIns, stand_ins

SELLERS: dict[str, tuple[float, str, float]] = {
    "cake": (1.0, "bakery", 6.0),
    "milk": (0.75, "dairy", 0.99),
    "wine": (0.5, "drinks", 9.0),
    "bread": (0.25, "bakery", 2.0),
    "gift": (0.125, "", math.nan),
}
"""Popularity, category and price, the most popular first; the median price is 3.00."""


def a_list(total: int = len(SELLERS), **more: tuple[float, str, float]) -> PopularList:
    scores, categories, prices = zip(*{**SELLERS, **more}.values(), strict=True)
    message = candidate_gen_pb2.ListPopularResponse(
        product_ids=[*SELLERS, *more], scores=scores, categories=categories, prices=prices,
        median_price=3.0, total_count=total + len(more),
    )  # fmt: skip
    return asyncio.run(popular_from(message))


def bought(*product_ids: str) -> types_pb2.Profile:
    """A profile of products bought twice each, all on days 10 and 20."""
    count = len(product_ids)
    return types_pb2.Profile(
        product_ids=product_ids, purchase_counts=[2] * count,
        first_days=[10] * count, last_days=[20] * count,
    )  # fmt: skip


def chosen(
    profile: types_pb2.Profile, popular: PopularList | None = None, **request: Any
) -> StandIns:
    query = query_from(pb.RecommendRequest(user_id="ann", **request), Calendar(fixed_day=30))
    return stand_ins(own_from(profile), a_list() if popular is None else popular, query)


def test_a_newcomer_gets_what_sells_at_or_below_the_median_price_first() -> None:
    found = chosen(types_pb2.Profile())
    assert found.product_ids == ["milk", "bread", "cake", "wine", "gift"]
    assert found.popularity == [0.75, 0.25, 0, 0, 0]


def test_a_newcomer_who_filters_above_the_median_price_is_told_what_sells_there() -> None:
    found = chosen(types_pb2.Profile(), filter={"min_price": 3.01})
    assert found.product_ids == ["cake", "wine"]
    assert found.popularity == [1.0, 0.5]


def test_own_products_come_first_and_the_others_by_popularity_whatever_they_cost() -> None:
    found = chosen(bought("wine"))
    assert found.product_ids == ["wine", "cake", "milk", "bread", "gift"]
    assert found.popularity == [0, 1.0, 0.75, 0.25, 0.125]
    assert (found.history, found.purchase_counts) == ([2.0], [2])
    assert (found.first_days, found.last_days) == ([10], [20])


@pytest.mark.parametrize(
    ("request_fields", "found"),
    [
        ({"exclude_product_ids": ["cake"]}, ["wine", "milk", "bread", "gift"]),
        ({"context_product_ids": ["wine"]}, ["cake", "milk", "bread", "gift"]),
        ({"include_product_ids": ["gift", "wine"]}, ["wine", "gift"]),
        ({"include_product_ids": ["cake", "milk"], "filter": {"max_price": 0.99}}, ["milk"]),
        ({"filter": {"categories": ["bakery", "drinks"]}}, ["wine", "cake", "bread"]),
        ({"filter": {"categories": ["none"]}}, []),
    ],
)
def test_lists_and_filter_let_through_what_they_should(
    request_fields: dict[str, Any], found: list[str]
) -> None:
    assert chosen(bought("wine", "stranger"), **request_fields).product_ids == found


def test_a_list_that_is_cut_lets_named_and_own_products_through_that_it_does_not_hold() -> None:
    cut = a_list(total=9)
    found = chosen(bought("x"), cut, include_product_ids=["n", "x", "milk"])
    assert found.product_ids == ["x", "milk", "n"]
    assert found.popularity == [0, 0.75, 0]
    assert chosen(bought("x"), cut, filter={"min_price": 9.0}).product_ids == ["wine"]


def test_at_most_100_own_products_and_200_in_all_stand_in_and_no_own_one_as_if_it_were_new() -> (
    None
):
    more = {f"p{place}": (0.1, "x", 5.0) for place in range(500)}
    found = chosen(bought(*list(more)[:150]), a_list(**more))
    assert len(found.history) == 100
    assert len(set(found.product_ids)) == len(found.product_ids) == 200
    assert not set(found.product_ids[100:]) & set(list(more)[:150])


def test_before_any_list_was_seen_own_products_alone_stand_in() -> None:
    assert chosen(bought("a"), NOTHING_POPULAR).product_ids == ["a"]
    assert chosen(types_pb2.Profile(), NOTHING_POPULAR, filter={"max_price": 1}).product_ids == []


def test_columns_that_are_all_zero_are_left_empty() -> None:
    candidates = stand_in_set(chosen(types_pb2.Profile()), ()).candidates
    assert not (candidates.history or candidates.purchase_counts or candidates.last_days)
    candidates = stand_in_set(chosen(bought("wine")), ("x",)).candidates
    assert list(candidates.purchase_counts) == [2, 0, 0, 0, 0]
