"""Why a product is shown: own purchases first, then what scored most."""

from typing import Any

import pytest

from restock.v1 import reranker_pb2, types_pb2
from restock.v1.gateway_pb2 import ReasonKind
from services.gateway.reasons import (
    NO_ANCHOR,
    Anchor,
    Why,
    anchor_of,
    fills_page,
    reasons_of,
    signals_of,
)

MILK = Anchor("1082185", Why.BECAUSE_YOU_BOUGHT)


def a_product(
    due: bool = False, days_since: int = 0, backfilled: bool = False, **parts: float
) -> Any:
    return reranker_pb2.RankedProduct(
        product_id="p", score=sum(parts.values()), breakdown=types_pb2.ScoreBreakdown(**parts), due=due,
        cycle_days=14.2 if days_since else 0, days_since=days_since, backfilled=backfilled,
    )  # fmt: skip


def kinds(*arguments: Any) -> list[Why]:
    return [reason.why for reason in reasons_of(*arguments)]


def test_a_due_product_says_its_cycle() -> None:
    [first, *_] = reasons_of(a_product(due=True, days_since=15, als=1.0), True, NO_ANCHOR)
    assert first.why is Why.DUE
    assert first.text == "due: every 14 days, last 15 days ago"
    assert (first.cycle_days, first.days_since) == (14.2, 15)


@pytest.mark.parametrize(("days_since", "text"), [
    (1, "bought before, last 1 day ago"), (3, "bought before, last 3 days ago")])  # fmt: skip
def test_a_product_that_is_not_due_says_when_it_was_bought(days_since: int, text: str) -> None:
    product = a_product(days_since=days_since, history=0.5)
    assert reasons_of(product, True, NO_ANCHOR)[0].text == text


def test_sources_come_by_the_size_of_their_part_and_small_ones_are_left_out() -> None:
    product = a_product(als=0.3, item_cf=0.6, popularity=0.1)
    assert kinds(product, False, MILK) == [Why.BECAUSE_YOU_BOUGHT, Why.SHOPPERS_LIKE_YOU]


@pytest.mark.parametrize(("why", "text"), [
    (Why.BECAUSE_YOU_BOUGHT, "because you bought 1082185"),
    (Why.GOES_WITH_CONTEXT, "goes with 1082185"),
    (Why.BECAUSE_YOU_VIEWED, "because you looked at 1082185")])  # fmt: skip
def test_an_anchor_is_named_by_where_it_comes_from(why: Why, text: str) -> None:
    [reason] = reasons_of(a_product(item_cf=1.0), False, Anchor("1082185", why))
    assert (reason.why, reason.text, reason.anchor) == (why, text, "1082185")


def test_an_item_cf_part_without_an_anchor_is_no_reason() -> None:
    assert kinds(a_product(item_cf=1.0, popularity=0.5), False, NO_ANCHOR) == [Why.POPULAR]


def test_a_learned_chance_of_a_new_product_hangs_on_its_anchor_or_on_other_shoppers() -> None:
    chance = a_product(learned=0.2)
    assert kinds(chance, False, MILK) == [Why.BECAUSE_YOU_BOUGHT]
    assert kinds(chance, False, NO_ANCHOR) == [Why.SHOPPERS_LIKE_YOU]
    assert kinds(chance, True, MILK) == [Why.BOUGHT_BEFORE]


def test_a_backfilled_product_says_so_first() -> None:
    assert kinds(a_product(backfilled=True, als=1.0), False, NO_ANCHOR)[0] is Why.BACKFILL


def test_what_nothing_speaks_for_fills_the_page() -> None:
    assert fills_page(a_product())
    assert kinds(a_product(), False, NO_ANCHOR) == [Why.BACKFILL]
    assert kinds(a_product(days_since=3), True, NO_ANCHOR) == [Why.BACKFILL, Why.BOUGHT_BEFORE]


@pytest.mark.parametrize("parts", [{"item_cf": 1.0}, {"history": 1.0}, {"popularity": 1.0}, {}])
@pytest.mark.parametrize("backfilled", [False, True])
def test_there_is_always_a_reason_and_backfill_only_where_the_flag_is_set(
    parts: dict[str, float], backfilled: bool
) -> None:
    product = a_product(backfilled=backfilled, **parts)
    found = kinds(product, False, NO_ANCHOR)
    assert found
    assert (Why.BACKFILL in found) is fills_page(product) is (backfilled or not parts)


@pytest.mark.parametrize(("anchor", "named"), [
    (0, Anchor("a", Why.BECAUSE_YOU_BOUGHT)), (1, Anchor("b", Why.BECAUSE_YOU_BOUGHT)),
    (2, Anchor("c", Why.GOES_WITH_CONTEXT)), (3, Anchor("d", Why.GOES_WITH_CONTEXT)),
    (4, Anchor("e", Why.BECAUSE_YOU_VIEWED)), (5, Anchor("f", Why.BECAUSE_YOU_VIEWED)),
    (6, NO_ANCHOR), (-1, NO_ANCHOR)])  # fmt: skip
def test_an_anchor_points_into_purchases_then_context_then_cart_then_views(
    anchor: int, named: Anchor
) -> None:
    candidates = types_pb2.Candidates(product_ids=["p"], anchors=[anchor])
    profile = types_pb2.Profile(
        product_ids=["a", "b"], cart_product_ids=["d"], viewed_product_ids=["e", "f"]
    )
    assert anchor_of(candidates, 0, signals_of(profile, ["c"])) == named


def test_reasons_are_numbered_as_on_the_wire() -> None:
    on_the_wire = {name.removeprefix("REASON_KIND_"): number for name, number in ReasonKind.items()}
    assert {why.name: why.value for why in Why} | {"UNSPECIFIED": 0} == on_the_wire
