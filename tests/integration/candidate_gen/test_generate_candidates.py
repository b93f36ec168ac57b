import math

import pytest

from restock.v1 import types_pb2
from restock.v1.types_pb2 import ProductFilter, Profile, TuningOverrides
from tests.a_bundle import BY_POPULARITY, MEDIAN_PRICE, PRODUCTS
from tests.integration.candidate_gen.messages import (
    LARGEST_32,
    LARGEST_64,
    TODAY,
    a_profile,
    a_request,
    scores_of,
)
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOYAL = a_profile(bread=(3, 20), milk=(5, 2))
AFFORDABLE = [item for item in BY_POPULARITY if PRODUCTS[item][1] <= MEDIAN_PRICE]
DEAR = [item for item in BY_POPULARITY if item not in AFFORDABLE]
"""Above the median price or without one: they only fill a newcomer's answer."""
NAN = float("nan")


async def candidates(stub, **fields):
    return (await stub.GenerateCandidates(a_request(**fields))).candidates


async def ids(stub, **fields):
    return list((await candidates(stub, **fields)).product_ids)


# Who asks ------------------------------------------------------------------------------------


async def test_an_unknown_user_gets_what_sells_at_the_median_price_or_less(stub, version):
    answer = await stub.GenerateCandidates(a_request())
    assert answer.model_version == version
    assert answer.strategy_used == types_pb2.STRATEGY_POPULARITY
    assert list(answer.candidates.product_ids) == [*AFFORDABLE, *DEAR]
    assert answer.candidates.popularity[0] == 1
    assert not any(answer.candidates.popularity[len(AFFORDABLE) :])
    assert not answer.missing_ids


async def test_columns_that_are_all_zero_are_left_empty_and_the_others_are_parallel(stub):
    found = await candidates(stub)
    assert not (found.als or found.item_cf or found.history)
    assert not (found.purchase_counts or found.first_days or found.last_days)
    found = await candidates(stub, profile=LOYAL, tuning=TuningOverrides(history_weight=0.2))
    count = len(found.product_ids)
    columns = (
        found.als, found.item_cf, found.popularity, found.history, found.anchors,
        found.purchase_counts, found.first_days, found.last_days,
    )  # fmt: skip
    assert [len(column) for column in columns] == [count] * 8


async def test_a_shopper_with_purchases_gets_the_hybrid_blend_best_first(stub):
    answer = await stub.GenerateCandidates(a_request(profile=LOYAL))
    assert answer.strategy_used == types_pb2.STRATEGY_HYBRID
    scores = scores_of(answer.candidates)
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[0] <= 1 + 1e-6
    assert set(answer.candidates.product_ids) == set(PRODUCTS)


async def test_a_candidate_tells_what_the_profile_says_of_it(stub):
    found = await candidates(stub, profile=LOYAL)
    told = {
        item: (times, first, last)
        for item, times, first, last in zip(
            found.product_ids, found.purchase_counts, found.first_days, found.last_days, strict=True
        )
    }
    assert told["bread"] == (3, TODAY - 34, TODAY - 20)
    assert told["milk"] == (5, TODAY - 30, TODAY - 2)
    assert told["wine"] == (0, 0, 0)


async def test_an_anchor_points_to_the_signal_that_gave_most_in_profile_then_context(stub):
    found = await candidates(
        stub, profile=LOYAL, context_product_ids=["no such", "wine"],
        strategy=types_pb2.STRATEGY_ITEM_CF,
    )  # fmt: skip
    anchors = dict(zip(found.product_ids, found.anchors, strict=True))
    assert anchors["butter"] == 0  # bread
    assert anchors["eggs"] == 1  # milk
    assert anchors["brie"] == 3  # wine: two products, then one unknown in the context
    assert anchors["water"] == -1


async def test_a_purchase_of_a_product_that_is_no_longer_known_is_passed_over(stub):
    answer = await stub.GenerateCandidates(a_request(profile=a_profile(vanished=(9, 3))))
    assert answer.strategy_used == types_pb2.STRATEGY_POPULARITY
    assert not answer.missing_ids
    both = a_profile(vanished=(1, 3), bread=(3, 20))
    found = await candidates(stub, profile=both, strategy=types_pb2.STRATEGY_ITEM_CF)
    assert found.product_ids[0] == "butter"
    assert found.anchors[0] == 1


async def test_the_same_request_gives_the_same_bytes(stub):
    asked = a_request(profile=LOYAL, context_product_ids=["wine"])
    first = await stub.GenerateCandidates(asked)
    await stub.GenerateCandidates(a_request(profile=a_profile(cake=(2, 2))))
    again = await stub.GenerateCandidates(asked)
    assert first.SerializeToString() == again.SerializeToString()


# Strategies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("UNSPECIFIED", "HYBRID"),
        ("AUTO", "HYBRID"),
        ("HYBRID", "HYBRID"),
        ("ALS", "ALS"),
        ("ITEM_CF", "ITEM_CF"),
        ("POPULARITY", "POPULARITY"),
    ],
)
async def test_the_strategy_used_is_never_unspecified_or_auto(stub, asked, used):
    strategy = types_pb2.Strategy.Value(f"STRATEGY_{asked}")
    answer = await stub.GenerateCandidates(a_request(profile=LOYAL, strategy=strategy))
    assert types_pb2.Strategy.Name(answer.strategy_used) == f"STRATEGY_{used}"
    stranger = await stub.GenerateCandidates(a_request(strategy=strategy))
    assert stranger.strategy_used == types_pb2.STRATEGY_POPULARITY


@pytest.mark.parametrize("number", [99, -1])
async def test_a_strategy_without_a_name_is_refused(stub, number):
    call = stub.GenerateCandidates(a_request(strategy=number))
    assert await field_refused(call) == "strategy"


async def test_als_follows_taste_and_item_cf_what_goes_together(stub):
    baker = a_profile(cake=(4, 30))
    assert (await ids(stub, profile=baker, strategy=types_pb2.STRATEGY_ALS))[:2] == [
        "bread",
        "cake",
    ]
    drinker = a_profile(wine=(1, 30))
    found = await ids(stub, profile=drinker, strategy=types_pb2.STRATEGY_ITEM_CF)
    assert found[:2] == ["brie", "salami"]


# Lists ---------------------------------------------------------------------------------------


async def test_context_is_a_signal_and_never_a_candidate(stub):
    answer = await stub.GenerateCandidates(
        a_request(context_product_ids=["wine"], strategy=types_pb2.STRATEGY_ITEM_CF)
    )
    assert answer.strategy_used == types_pb2.STRATEGY_ITEM_CF
    found = list(answer.candidates.product_ids)
    assert found[:2] == ["brie", "salami"]
    assert "wine" not in found


async def test_a_context_that_names_a_product_twice_is_no_error(stub):
    found = await ids(stub, profile=LOYAL, context_product_ids=["wine", "bread", "wine"])
    assert sorted(found) == sorted(set(PRODUCTS) - {"wine", "bread"})


async def test_a_context_of_unknown_products_is_no_signal(stub):
    answer = await stub.GenerateCandidates(a_request(context_product_ids=["no such"]))
    assert answer.strategy_used == types_pb2.STRATEGY_POPULARITY
    assert list(answer.missing_ids) == ["no such"]


async def test_excluded_products_are_never_candidates(stub):
    found = await ids(stub, profile=LOYAL, exclude_product_ids=["milk", "bread", "milk"])
    assert sorted(found) == sorted(set(PRODUCTS) - {"milk", "bread"})


async def test_when_products_are_included_only_they_are_candidates(stub):
    wanted = ["wine", "cake", "cake", "salt"]
    assert sorted(await ids(stub, include_product_ids=wanted)) == ["cake", "salt", "wine"]
    found = await ids(stub, profile=LOYAL, include_product_ids=wanted, exclude_product_ids=["salt"])
    assert sorted(found) == ["cake", "wine"]


@pytest.mark.parametrize("profile", [LOYAL, None], ids=["loyal", "unknown"])
@pytest.mark.parametrize("strategy", range(7))
async def test_an_include_list_of_unknown_products_leaves_no_candidate(stub, profile, strategy):
    answer = await stub.GenerateCandidates(
        a_request(profile=profile, include_product_ids=["no such"], strategy=strategy)
    )
    assert not answer.candidates.product_ids
    assert list(answer.missing_ids) == ["no such"]


async def test_everything_excluded_leaves_no_candidate(stub):
    assert await ids(stub, profile=LOYAL, exclude_product_ids=list(PRODUCTS)) == []


async def test_unknown_products_of_all_lists_are_told_once_each(stub):
    answer = await stub.GenerateCandidates(
        a_request(
            context_product_ids=["x", "wine"], exclude_product_ids=["y", "x", "milk"],
            include_product_ids=["z", "bread", "y"],
        )
    )  # fmt: skip
    assert list(answer.missing_ids) == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("name", "most"),
    [("context_product_ids", 100), ("exclude_product_ids", 1000), ("include_product_ids", 1000)],
)
async def test_a_list_may_be_so_long_and_no_longer(stub, name, most):
    longest = [f"p{number}" for number in range(most)]
    answer = await stub.GenerateCandidates(a_request(**{name: longest}))
    assert list(answer.missing_ids) == longest
    assert (
        await field_refused(stub.GenerateCandidates(a_request(**{name: [*longest, "p"]}))) == name
    )
    many = [f"p{number}" for number in range(10_000)]
    assert await field_refused(stub.GenerateCandidates(a_request(**{name: many}))) == name


@pytest.mark.parametrize("bad", ["", "x" * 129, "a\nb", "\u00e9" * 65])
@pytest.mark.parametrize(
    "name", ["context_product_ids", "exclude_product_ids", "include_product_ids"]
)
async def test_an_entry_that_is_no_id_is_refused_by_its_position(stub, name, bad):
    call = stub.GenerateCandidates(a_request(**{name: ["milk", bad]}))
    assert await field_refused(call) == f"{name}[1]"


# How many ------------------------------------------------------------------------------------


async def test_the_count_is_kept_and_the_best_stay(stub):
    everything = await ids(stub, profile=LOYAL)
    assert await ids(stub, profile=LOYAL, candidate_count=3) == everything[:3]
    assert await ids(stub, profile=LOYAL, candidate_count=1000) == everything


@pytest.mark.parametrize("count", [1001, LARGEST_32])
async def test_more_than_a_thousand_candidates_are_refused(stub, count):
    call = stub.GenerateCandidates(a_request(candidate_count=count))
    assert await field_refused(call) == "candidate_count"


# Profiles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["purchase_counts", "first_days", "last_days", "units_milli", "spend_milli"]
)
@pytest.mark.parametrize("change", [-1, 1])
async def test_a_column_of_another_length_is_refused(stub, name, change):
    profile = Profile()
    profile.CopyFrom(LOYAL)
    column = getattr(profile, name)
    column.pop() if change < 0 else column.append(1)
    call = stub.GenerateCandidates(a_request(profile=profile))
    assert await field_refused(call) == f"profile.{name}"


def a_profile_of(products):
    ones = [1] * products
    days = [TODAY - 9] * products
    return Profile(
        product_ids=[f"p{number}" for number in range(products - 1)] + ["bread"],
        purchase_counts=ones, first_days=days, last_days=days, units_milli=ones, spend_milli=ones,
    )  # fmt: skip


async def test_a_profile_holds_20_000_products_and_no_more(stub):
    found = await candidates(stub, profile=a_profile_of(20_000))
    assert dict(zip(found.product_ids, found.anchors, strict=True))["butter"] == 19_999
    for products in (20_001, 50_000):
        call = stub.GenerateCandidates(a_request(profile=a_profile_of(products)))
        assert await field_refused(call) == "profile.product_ids"


@pytest.mark.parametrize("count", [0, 84_007, LARGEST_32])
async def test_a_count_of_purchases_that_cannot_be_is_refused(stub, count):
    profile = Profile(product_ids=["bread", "milk"], purchase_counts=[1, count])
    call = stub.GenerateCandidates(a_request(profile=profile))
    assert await field_refused(call) == "profile.purchase_counts"


async def test_more_than_20000_purchases_are_refused(stub):
    profile = Profile(
        product_ids=["bread", "milk"],
        purchase_counts=[1, 20_000],
        first_days=[0, 0],
        last_days=[0, 30_000],
    )
    call = stub.GenerateCandidates(a_request(profile=profile))
    assert await field_refused(call) == "profile.purchase_counts"


@pytest.mark.parametrize("steps", [[1], [1, 1, 1], [3, 0], [3, 7], [LARGEST_32, 1]])
async def test_steps_that_do_not_lead_from_the_first_day_to_the_last_are_refused(stub, steps):
    profile = Profile(
        product_ids=["bread"], purchase_counts=[4], first_days=[TODAY - 10], last_days=[TODAY],
        inner_day_steps=steps,
    )  # fmt: skip
    call = stub.GenerateCandidates(a_request(profile=profile))
    assert await field_refused(call) == "profile.inner_day_steps"


async def test_counts_left_out_are_zero_and_refused(stub):
    call = stub.GenerateCandidates(a_request(profile=Profile(product_ids=["bread"])))
    assert await field_refused(call) == "profile.purchase_counts"


@pytest.mark.parametrize(
    ("first", "last"), [(1, 0), (TODAY, TODAY - 1), (0, 84_007), (0, 4_000_000_000)]
)
async def test_days_that_cannot_be_are_refused(stub, first, last):
    profile = Profile(
        product_ids=["bread"], purchase_counts=[2], first_days=[first], last_days=[last]
    )
    call = stub.GenerateCandidates(a_request(profile=profile))
    assert await field_refused(call) == "profile.last_days"


@pytest.mark.parametrize("strategy", range(7))
@pytest.mark.parametrize(
    ("units", "spend"),
    [(0, 0), (0, LARGEST_64), (LARGEST_64, 0), (1, LARGEST_64), (LARGEST_64, LARGEST_64)],
)
@pytest.mark.parametrize(("times", "first", "last"), [(19_992, 0, 84_006), (1, 0, 0)])
async def test_extreme_columns_give_numbers_all_the_same(
    stub, strategy, units, spend, times, first, last
):
    profile = a_profile(bread=(3, 20), milk=(5, 2))
    profile.MergeFrom(
        Profile(
            product_ids=["wine"], purchase_counts=[times], first_days=[first], last_days=[last],
            units_milli=[units], spend_milli=[spend],
        )
    )  # fmt: skip
    found = await candidates(
        stub, profile=profile, strategy=strategy, tuning=TuningOverrides(history_weight=1)
    )
    scores = scores_of(found)
    assert all(math.isfinite(score) and -1e-6 <= score <= 1 + 1e-5 for score in scores)
    if found.purchase_counts:
        place = list(found.product_ids).index("wine")
        assert found.purchase_counts[place] == times
        assert found.last_days[place] == last


async def test_a_product_that_a_profile_names_twice_is_a_candidate_once(stub):
    profile = a_profile(bread=(3, 20))
    profile.MergeFrom(a_profile(bread=(1, 2)))
    found = await ids(stub, profile=profile)
    assert sorted(found) == sorted(PRODUCTS)


# Filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", range(7))
@pytest.mark.parametrize("profile", [LOYAL, None], ids=["loyal", "unknown"])
@pytest.mark.parametrize(
    ("bounds", "allowed"),
    [
        ({"categories": ["dairy"]}, {"brie", "butter", "eggs", "milk"}),
        ({"categories": ["meat", "no such"]}, {"ham", "salami"}),
        ({"categories": ["no such"]}, set()),
        ({"categories": ["Dairy"]}, set()),
        ({"min_price": 5.0}, {"cake", "salami", "wine"}),
        ({"max_price": 0.75}, {"salt", "water"}),
        ({"max_price": 0.0}, set()),
        ({"min_price": 0.0}, set(PRODUCTS) - {"gift"}),
        ({"min_price": 1e300}, set()),
        ({"min_price": 3.0, "max_price": 3.0}, {"butter"}),
        ({"categories": ["drinks"], "min_price": 1.0}, {"wine"}),
    ],
)
async def test_a_filter_is_never_violated_and_filled_up(stub, strategy, profile, bounds, allowed):
    wanted = ProductFilter(**bounds)
    found = await ids(stub, profile=profile, strategy=strategy, filter=wanted)
    assert set(found) == allowed
    assert len(found) == len(allowed)


async def test_an_empty_filter_lets_all_through(stub):
    assert await ids(stub, filter=ProductFilter()) == [*AFFORDABLE, *DEAR]


@pytest.mark.parametrize("price", [NAN, float("inf"), -0.01])
@pytest.mark.parametrize("name", ["min_price", "max_price"])
async def test_a_price_bound_that_is_no_price_is_refused(stub, name, price):
    call = stub.GenerateCandidates(a_request(filter=ProductFilter(**{name: price})))
    assert await field_refused(call) == f"filter.{name}"


async def test_crossed_price_bounds_are_refused(stub):
    crossed = ProductFilter(min_price=2.0, max_price=1.0)
    assert await field_refused(stub.GenerateCandidates(a_request(filter=crossed))) == (
        "filter.max_price"
    )


async def test_a_filter_of_more_than_a_hundred_categories_is_refused(stub):
    many = ProductFilter(categories=[f"c{number}" for number in range(101)])
    call = stub.GenerateCandidates(a_request(filter=many))
    assert await field_refused(call) == "filter.categories"


async def test_a_category_is_found_whatever_its_white_space(stub):
    spaced = a_request(profile=LOYAL, filter=ProductFilter(categories=[" meat\t"]))
    plain = a_request(profile=LOYAL, filter=ProductFilter(categories=["meat"]))
    found = (await stub.GenerateCandidates(spaced)).candidates.product_ids
    assert found == (await stub.GenerateCandidates(plain)).candidates.product_ids
    assert len(found) > 0


@pytest.mark.parametrize("category", ["", "  "])
async def test_a_category_without_a_name_is_refused(stub, category):
    nameless = ProductFilter(categories=["meat", category])
    call = stub.GenerateCandidates(a_request(profile=LOYAL, filter=nameless))
    assert await field_refused(call) == "filter.categories[1]"


# Tuning and time -----------------------------------------------------------------------------


async def test_a_request_may_change_the_blend(stub):
    only = TuningOverrides(als_weight=0, item_cf_weight=0, popularity_weight=1)
    found = await candidates(stub, profile=LOYAL, tuning=only)
    assert list(found.product_ids) == BY_POPULARITY
    assert not (found.als or found.item_cf)


async def test_without_any_weight_there_are_candidates_without_a_score(stub):
    none = TuningOverrides(als_weight=0, item_cf_weight=0, popularity_weight=0)
    found = await candidates(stub, profile=LOYAL, tuning=none)
    assert set(found.product_ids) == set(PRODUCTS)
    assert set(scores_of(found)) == {0}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("upsell_factor", 1.01),
        ("upsell_factor", -0.01),
        ("upsell_factor", NAN),
        ("als_weight", float("inf")),
        ("max_per_category", 0),
        ("max_per_category", 101),
        ("soft_price_ratio", 0.99),
    ],
)
async def test_a_knob_outside_its_range_is_refused_by_its_name(stub, name, value):
    call = stub.GenerateCandidates(a_request(tuning=TuningOverrides(**{name: value})))
    assert await field_refused(call) == f"tuning.{name}"


@pytest.mark.parametrize("day", [0, 84_007, LARGEST_32])
async def test_the_day_is_required_and_before_2200(stub, day):
    call = stub.GenerateCandidates(a_request(as_of_day=day))
    assert await field_refused(call) == "as_of_day"


async def test_a_day_before_the_purchases_is_answered(stub):
    scores = scores_of(await candidates(stub, profile=LOYAL, as_of_day=1))
    assert all(map(math.isfinite, scores))
