"""What a profile says beside purchases: its cart counts as context, its recent views as a hint."""

import pytest

from restock.v1 import types_pb2
from restock.v1.types_pb2 import Profile
from tests.a_bundle import PRODUCTS
from tests.integration.candidate_gen.messages import LARGEST_64, TODAY, a_profile, a_request
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY_SECONDS = 86_400
NOW = TODAY * DAY_SECONDS + 43_200
LAST_SECOND = 84_007 * DAY_SECONDS - 1
"""Of 2200-01-01."""


def with_cart(*products, profile=None):
    """A profile with a unit of each in the cart."""
    made = Profile(cart_product_ids=products, cart_units_milli=[1000] * len(products))
    made.MergeFrom(profile or Profile())
    return made


def with_views(*products, seconds=NOW, profile=None):
    """A profile that looked at products, at one moment."""
    made = Profile(viewed_product_ids=products, viewed_seconds=[seconds] * len(products))
    made.MergeFrom(profile or Profile())
    return made


async def answer(stub, **fields):
    return await stub.GenerateCandidates(a_request(**fields))


async def anchors(stub, **fields):
    """Anchor of each candidate of item-CF."""
    response = await answer(stub, strategy=types_pb2.STRATEGY_ITEM_CF, **fields)
    found = response.candidates
    return dict(zip(found.product_ids, found.anchors, strict=True))


# The cart ------------------------------------------------------------------------------------


async def test_a_cart_is_to_level_one_what_the_requests_context_is(stub):
    for more in ({}, {"profile": a_profile(bread=(3, 20))}):
        asked = await answer(stub, context_product_ids=["wine", "no such"], **more)
        kept = await answer(stub, profile=with_cart("wine", "no such", **more))
        assert kept.candidates == asked.candidates
        assert kept.strategy_used == types_pb2.STRATEGY_HYBRID
        assert "wine" not in kept.candidates.product_ids


async def test_unknown_products_of_a_cart_are_not_the_requests_and_not_told(stub):
    kept = await answer(stub, profile=with_cart("no such"))
    assert not kept.missing_ids
    assert kept.strategy_used == types_pb2.STRATEGY_POPULARITY


async def test_what_lies_in_the_cart_and_is_named_too_counts_once_as_named(stub):
    once = await answer(stub, context_product_ids=["wine"])
    twice = await answer(stub, context_product_ids=["wine"], profile=with_cart("wine", "wine"))
    assert twice.candidates == once.candidates


async def test_a_hundred_in_the_cart_stand_beside_a_hundred_named_and_all_are_left_out(stub):
    named = [f"n{place}" for place in range(99)] + ["milk"]
    cart = [f"c{place}" for place in range(99)] + ["wine"]
    found = await anchors(stub, context_product_ids=named, profile=with_cart(*cart))
    assert set(found) == set(PRODUCTS) - {"milk", "wine"}
    assert (found["eggs"], found["brie"]) == (99, 199)


async def test_a_cart_without_units_is_taken_as_one(stub):
    assert "wine" not in await anchors(stub, profile=Profile(cart_product_ids=["wine"]))


async def test_everything_in_the_cart_leaves_no_candidate(stub):
    assert await anchors(stub, profile=with_cart(*PRODUCTS)) == {}


# Views ---------------------------------------------------------------------------------------


async def test_a_shopper_who_only_looked_at_three_products_gets_something_personal(stub):
    looked = await answer(stub, profile=with_views("wine", "salt", "no such"))
    stranger = await answer(stub)
    assert looked.strategy_used == types_pb2.STRATEGY_HYBRID
    # Water is a drink like wine, and brie goes with wine; milk and bread are what everybody gets.
    assert sorted(looked.candidates.product_ids[:3]) == ["brie", "water", "wine"]
    assert list(stranger.candidates.product_ids[:2]) == ["milk", "bread"]


async def test_a_product_looked_at_may_be_a_candidate(stub):
    assert "wine" in await anchors(stub, profile=with_views("wine"))


@pytest.mark.parametrize(
    ("seconds", "used"),
    [
        ((TODAY - 7) * DAY_SECONDS, "HYBRID"),
        ((TODAY - 7) * DAY_SECONDS - 1, "POPULARITY"),
        (0, "POPULARITY"),
        (NOW + DAY_SECONDS, "HYBRID"),
        (LAST_SECOND, "HYBRID"),
    ],
)
async def test_a_view_counts_for_seven_days_by_days_of_utc(stub, seconds, used):
    looked = await answer(stub, profile=with_views("wine", seconds=seconds))
    assert types_pb2.Strategy.Name(looked.strategy_used) == f"STRATEGY_{used}"


async def test_views_without_a_moment_are_of_1970_and_say_nothing(stub):
    looked = await answer(stub, profile=Profile(viewed_product_ids=["wine"]))
    assert looked.strategy_used == types_pb2.STRATEGY_POPULARITY


async def test_anchors_count_through_purchases_context_cart_and_views(stub):
    profile = a_profile(bread=(3, 20), vanished=(1, 3))
    profile.MergeFrom(with_cart("no such", "milk"))
    profile.MergeFrom(with_views("no such", "wine"))
    found = await anchors(stub, profile=profile, context_product_ids=["no such", "salt"])
    assert found["butter"] == 0  # bread, the first of two purchases
    assert found["eggs"] == 5  # milk: behind two named products, the second in the cart
    assert found["brie"] == 7  # wine, the second of the views
    assert found["water"] == -1


async def test_a_view_says_less_than_a_purchase(stub):
    found = await answer(
        stub, profile=with_views("wine", profile=a_profile(bread=(1, 20))),
        strategy=types_pb2.STRATEGY_ITEM_CF,
    )  # fmt: skip
    # Bread to butter 0.75 and wine to brie 0.8: a purchase weighs 0.69, a view 0.3.
    parts = dict(zip(found.candidates.product_ids, found.candidates.item_cf, strict=True))
    assert parts["butter"] == 1
    assert parts["brie"] == pytest.approx(0.8 * 0.3 / (0.75 * 0.6931), rel=1e-3)


# Columns that cannot be ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "field"),
    [
        (with_cart(*[f"p{place}" for place in range(101)]), "cart_product_ids"),
        (with_views(*[f"p{place}" for place in range(21)]), "viewed_product_ids"),
        (Profile(cart_product_ids=["wine"], cart_units_milli=[1, 2]), "cart_units_milli"),
        (Profile(cart_product_ids=["a", "b"], cart_units_milli=[1]), "cart_units_milli"),
        (Profile(cart_units_milli=[1]), "cart_units_milli"),
        (Profile(viewed_product_ids=["wine"], viewed_seconds=[1, 2]), "viewed_seconds"),
        (Profile(viewed_product_ids=["a", "b"], viewed_seconds=[1]), "viewed_seconds"),
        (Profile(viewed_seconds=[1]), "viewed_seconds"),
        (with_views("wine", seconds=LAST_SECOND + 1), "viewed_seconds"),
        (with_views("wine", seconds=LARGEST_64), "viewed_seconds"),
    ],
)
async def test_a_column_that_cannot_be_is_refused_by_its_name(stub, profile, field):
    assert await field_refused(answer(stub, profile=profile)) == f"profile.{field}"


async def test_the_longest_columns_are_answered(stub):
    profile = with_cart(*[f"p{place}" for place in range(100)])
    profile.MergeFrom(with_views(*[f"v{place}" for place in range(20)]))
    assert (await answer(stub, profile=profile)).candidates.product_ids
