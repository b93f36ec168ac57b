"""What a profile says beside purchases: the cart is never answered, views explain, and both are current."""

from typing import Any

from restock.v1 import gateway_pb2 as pb
from restock.v1 import types_pb2
from tests.unit.gateway.shop import TODAY, Shop, a_shop, ids, losses

NOW = TODAY * 86_400


def hang_on(shop: Shop, anchor: int) -> None:
    """Let candidate_gen owe every candidate to item-CF and to one signal."""

    def spoil(response: Any) -> None:
        found = response.candidates
        found.anchors[:] = [anchor] * len(found.product_ids)
        del found.als[:], found.popularity[:]

    shop.mood("candidate_gen").wrong = spoil


async def test_cart_and_views_travel_to_candidate_gen_with_the_profile() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("ann", ["p3", "p4"])
    shop.profile_store.looked_at("ann", NOW, ["p5"])
    await shop.recommend(context_product_ids=["p6"])
    asked = shop.mood("candidate_gen").calls[-1]
    assert list(asked.profile.cart_product_ids) == ["p3", "p4"]
    assert (list(asked.profile.viewed_product_ids), list(asked.profile.viewed_seconds)) == (
        ["p5"], [NOW],
    )  # fmt: skip
    # Nothing is told twice.
    assert list(asked.context_product_ids) == ["p6"]


async def test_what_lies_in_the_cart_is_never_answered_and_what_was_looked_at_may_be() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("ann", ["p7", "p0"])
    shop.profile_store.looked_at("ann", NOW, ["p1"])
    response = await shop.recommend(page_size=4)
    # p7 and p9 were bought 15 days ago and are due, p0 sells best.
    assert ids(response) == ["p9", "p1", "p2", "p3"]
    assert losses(response) == []


async def test_what_lies_in_the_cart_does_not_stand_in_either() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("ann", ["p7", "p0"])
    shop.mood("candidate_gen").down = shop.mood("reranker").down = True
    response = await shop.recommend(include_product_ids=["p0", "p7", "p9", "p1"])
    assert ids(response) == ["p9", "p1"]


async def test_a_candidate_that_lies_in_the_cart_is_not_believed() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("ann", ["p0"])

    def smuggle(response: Any) -> None:
        response.candidates.product_ids[0] = "p0"

    shop.mood("candidate_gen").wrong = smuggle
    response = await shop.recommend()
    assert "p0" not in ids(response)
    assert losses(response) == ["NO_CANDIDATES"]
    assert response.degradations[0].reason == "candidates outside the request's lists"


async def test_a_cart_with_the_whole_catalogue_leaves_a_short_page_and_no_fault() -> None:
    shop = await a_shop(products=20)
    shop.profile_store.put_in_cart("ann", shop.catalogue.ids)
    response = await shop.recommend()
    assert (ids(response), losses(response)) == ([], ["SHORT_PAGE"])


async def test_without_a_profile_its_cart_is_not_known_and_no_fault_of_candidate_gen() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("ann", ["p0"])
    shop.profile_store.profiles["ann"].purchase_counts[0] = 0
    response = await shop.recommend()
    assert ids(response)[0] == "p0"
    assert losses(response) == ["NO_PROFILE"]


async def test_a_result_says_which_product_it_hangs_on() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("ann", ["p3", "p4"])
    shop.profile_store.looked_at("ann", NOW, ["p5", "p6"])
    # Three purchases, one product of the request, two in the cart, two views.
    for anchor, kind, text in (
        (2, pb.REASON_KIND_BECAUSE_YOU_BOUGHT, "because you bought x1"),
        (3, pb.REASON_KIND_GOES_WITH_CONTEXT, "goes with p8"),
        (5, pb.REASON_KIND_GOES_WITH_CONTEXT, "goes with p4"),
        (6, pb.REASON_KIND_BECAUSE_YOU_VIEWED, "because you looked at p5"),
        (7, pb.REASON_KIND_BECAUSE_YOU_VIEWED, "because you looked at p6"),
    ):
        hang_on(shop, anchor)
        response = await shop.recommend(
            context_product_ids=["p8"], exclude_product_ids=["p7", "p9"]
        )
        [reason] = response.results[0].reasons
        assert (reason.kind, reason.text) == (kind, text)
        assert text.endswith(reason.anchor_product_id)


async def test_an_anchor_beyond_the_last_view_names_no_product_and_is_no_error() -> None:
    shop = await a_shop()
    shop.profile_store.looked_at("ann", NOW, ["p5"])
    hang_on(shop, 4)
    response = await shop.recommend(exclude_product_ids=["p7", "p9"])
    assert {reason.kind for one in response.results for reason in one.reasons} == {
        pb.REASON_KIND_SHOPPERS_LIKE_YOU
    }


async def test_anchors_in_cart_and_views_are_no_fault_of_candidates_that_were_not_ranked() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("ann", ["p3"])
    shop.profile_store.looked_at("ann", NOW, ["p5"])
    shop.mood("reranker").down = True
    for anchor, lost in ((4, ["NO_RERANKING"]), (5, ["NO_CANDIDATES", "NO_RERANKING"])):
        hang_on(shop, anchor)
        assert losses(await shop.recommend()) == lost


async def test_a_view_and_a_change_of_the_cart_are_never_hidden_by_the_cache() -> None:
    shop = await a_shop(cache_entries=10)
    await shop.recommend()
    shop.profile_store.looked_at("ann", NOW, ["p5"])
    looked = await shop.recommend()
    shop.profile_store.put_in_cart("ann", ["p0"])
    put = await shop.recommend()
    again = await shop.recommend()
    assert (looked.profile_revision, put.profile_revision) == (2, 3)
    assert (shop.hits.value, shop.misses.value) == (1, 3)
    assert "p0" in ids(looked)
    assert "p0" not in ids(put)
    assert put.results == again.results


async def test_a_shopper_without_purchases_has_a_cart_and_views_too() -> None:
    shop = await a_shop()
    shop.profile_store.put_in_cart("new", ["p0"])
    shop.profile_store.looked_at("new", NOW, ["p1", "p2", "p3"])
    response = await shop.recommend(user_id="new")
    assert ids(response) == ["p1", "p2", "p3", "p4", "p5"]
    assert shop.mood("candidate_gen").calls[-1].profile == types_pb2.Profile(
        user_id="new", revision=2, cart_product_ids=["p0"], cart_units_milli=[1000],
        viewed_product_ids=["p1", "p2", "p3"], viewed_seconds=[NOW] * 3,
    )  # fmt: skip
