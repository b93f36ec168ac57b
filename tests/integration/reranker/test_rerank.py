import pytest

from restock.core.blend import SOURCES
from restock.core.rerank import RULES
from restock.v1 import reranker_pb2 as pb
from restock.v1.types_pb2 import Candidates, ProductFilter, TuningOverrides
from tests.a_bundle import CYCLE_DAYS, DAY, PRODUCTS
from tests.integration.refusals import field_refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

TODAY = DAY + 1
LARGEST_32 = 2**32 - 1
NAN, INFINITE = float("nan"), float("inf")
PURCHASES = ("purchase_counts", "first_days", "last_days")


def some_candidates(*item_ids, **columns):
    """Candidates with ALS scores that fall from 0.9, unless columns are given."""
    falling = [0.9 - 0.05 * place for place in range(len(item_ids))]
    return Candidates(product_ids=item_ids, **(columns or {"als": falling}))


def bought_once(*item_ids, ago):
    """Candidates of one score, each bought once so many days ago."""
    last = [TODAY - days for days in ago]
    ones = [1] * len(item_ids)
    return Candidates(
        product_ids=item_ids, als=ones, purchase_counts=ones, first_days=last, last_days=last
    )


def a_request(*item_ids, **fields):
    """Ask for a page of five, today."""
    defaults = {"candidates": some_candidates(*item_ids), "page_size": 5, "as_of_day": TODAY}
    return pb.RerankRequest(**defaults | fields)


async def ids(stub, *item_ids, **fields):
    answer = await stub.Rerank(a_request(*item_ids, **fields))
    return [result.product_id for result in answer.results]


# The page ------------------------------------------------------------------------------------


async def test_a_page_comes_best_first_with_positions_among_the_candidates(stub, version):
    candidates = some_candidates("milk", "wine", "salt", popularity=[0.25, 1, 0.5])
    answer = await stub.Rerank(a_request(candidates=candidates, page_size=2))
    assert answer.model_version == version
    assert [(result.position, result.product_id) for result in answer.results] == [
        (1, "wine"),
        (2, "salt"),
    ]
    assert [result.score for result in answer.results] == [1, 0.5]


@pytest.mark.parametrize("page_size", [0, 101, LARGEST_32])
async def test_a_page_of_none_or_more_than_a_hundred_is_refused(stub, page_size):
    call = stub.Rerank(a_request("milk", page_size=page_size))
    assert await field_refused(call) == "page_size"


async def test_a_page_longer_than_the_candidates_is_all_of_them(stub):
    assert sorted(await ids(stub, *PRODUCTS, page_size=100)) == sorted(PRODUCTS)


async def test_candidates_without_any_score_keep_level_1s_order(stub):
    candidates = Candidates(product_ids=["wine", "milk", "ham"])
    answer = await stub.Rerank(a_request(candidates=candidates))
    assert [result.product_id for result in answer.results] == ["wine", "milk", "ham"]
    assert [result.score for result in answer.results] == [0, 0, 0]


async def test_a_product_that_the_catalogue_does_not_hold_is_ranked_as_it_came(stub):
    shopper = pb.Shopper(average_price=1.0, spend_per_day=50.0)
    answer = await stub.Rerank(a_request("no such", "milk", shopper=shopper))
    result = answer.results[0]
    assert result.product_id == "no such"
    assert result.score == pytest.approx(0.9)
    factors = result.factors
    assert (factors.price, factors.repurchase, factors.segment, factors.upsell) == (1, 1, 1, 1)


async def test_an_unknown_product_passes_no_filter(stub):
    wanted = ProductFilter(max_price=100.0)
    assert await ids(stub, "no such", "milk", filter=wanted) == ["milk"]
    assert await ids(stub, "no such", "milk", filter=ProductFilter()) == ["no such", "milk"]


@pytest.mark.parametrize(
    ("bounds", "allowed"),
    [
        ({"categories": ["dairy"]}, {"brie", "butter", "eggs", "milk"}),
        ({"categories": ["no such"]}, set()),
        ({"min_price": 5.0}, {"cake", "salami", "wine"}),
        ({"min_price": 0.0}, set(PRODUCTS) - {"gift"}),
        ({"categories": ["drinks"], "max_price": 1.0}, {"water"}),
        ({"min_price": 1e300}, set()),
    ],
)
async def test_a_filter_is_not_violated_even_to_fill_a_page(stub, bounds, allowed):
    found = await ids(stub, *PRODUCTS, page_size=12, filter=ProductFilter(**bounds))
    assert set(found) == allowed
    assert len(found) == len(allowed)


# The rules -----------------------------------------------------------------------------------


async def test_what_a_rule_left_out_comes_back_last_and_labelled(stub):
    shopper = pb.Shopper(average_price=1.0)
    answer = await stub.Rerank(a_request("wine", "milk", "water", shopper=shopper))
    told = {result.product_id: result.backfilled for result in answer.results}
    assert list(told.items()) == [("milk", False), ("water", False), ("wine", True)]
    # The factor that the rule gives short of leaving it out: 1.5 over a ratio of 9.
    assert answer.results[-1].factors.price == pytest.approx(1.5 / 9)


async def test_a_page_that_is_full_without_them_has_none_of_what_was_left_out(stub):
    shopper = pb.Shopper(average_price=1.0)
    assert await ids(stub, "wine", "milk", "water", shopper=shopper, page_size=2) == [
        "milk",
        "water",
    ]


async def test_what_is_due_gains_and_what_was_just_bought_is_left_out(stub):
    candidates = bought_once("milk", "water", "ham", ago=[2, 12, 7])
    answer = await stub.Rerank(a_request(candidates=candidates))
    due, kept, recent = answer.results
    assert [due.product_id, kept.product_id, recent.product_id] == ["water", "ham", "milk"]
    assert due.due
    assert due.score == pytest.approx(1.15)
    assert (due.cycle_days, due.days_since) == (CYCLE_DAYS, 12)
    assert not kept.due
    assert not kept.backfilled
    assert not recent.due
    assert recent.backfilled


async def test_what_was_never_bought_has_no_cycle(stub):
    (result,) = (await stub.Rerank(a_request("milk"))).results
    assert (result.due, result.cycle_days, result.days_since) == (False, 0, 0)


async def test_an_unknown_shopper_switches_price_and_segment_rules_off(stub):
    for shopper in (None, pb.Shopper()):
        answer = await stub.Rerank(a_request(*PRODUCTS, page_size=12, shopper=shopper))
        for result in answer.results:
            factors = result.factors
            assert (factors.price, factors.segment, factors.upsell) == (1, 1, 1)


async def test_wine_is_for_high_spenders(stub):
    def asked(spend_per_day):
        return a_request("wine", shopper=pb.Shopper(spend_per_day=spend_per_day))

    factors = {
        spend: (await stub.Rerank(asked(spend))).results[0].factors.segment
        for spend in (5.0, 15.0, 25.0, 50.0)
    }
    assert factors == pytest.approx({5.0: 0.7, 15.0: 0.8, 25.0: 1, 50.0: 1})


async def test_a_request_may_change_the_rules(stub):
    tuning = TuningOverrides(max_price_ratio=10, soft_price_ratio=10, upsell_factor=1)
    answer = await stub.Rerank(
        a_request("wine", shopper=pb.Shopper(average_price=1.0), tuning=tuning)
    )
    (result,) = answer.results
    assert not result.backfilled
    assert result.factors.upsell == pytest.approx(1 + 1 * 0.2 * 9)


async def test_four_of_a_category_give_way_to_others_unless_the_page_would_be_short(stub):
    asked = ("milk", "eggs", "butter", "brie", "ham", "water")
    answer = await stub.Rerank(a_request(*asked))
    assert [(result.product_id, result.backfilled) for result in answer.results] == [
        ("milk", False),
        ("eggs", False),
        ("ham", False),
        ("water", False),
        ("butter", True),
    ]


# The score and its parts ---------------------------------------------------------------------


def told_parts(result):
    names = (*SOURCES, *RULES)
    return {name: getattr(result.breakdown, name) for name in names}


async def test_a_breakdown_tells_each_source_and_what_each_rule_added_or_took(stub):
    candidates = Candidates(
        product_ids=["wine"], als=[0.25], item_cf=[0.5], popularity=[0.125], history=[0.0625],
        learned=[0.03125],
        purchase_counts=[1], first_days=[TODAY - 12], last_days=[TODAY - 12],
    )  # fmt: skip
    shopper = pb.Shopper(average_price=5.0, spend_per_day=15.0)
    (result,) = (await stub.Rerank(a_request(candidates=candidates, shopper=shopper))).results
    base, price, due, segment, upsell = 0.96875, 1.5 / 1.8, 1.15, 0.8, 1 + 0.1 * 0.2 * 1.8
    assert told_parts(result) == pytest.approx(
        {
            "als": 0.25,
            "item_cf": 0.5,
            "popularity": 0.125,
            "history": 0.0625,
            "learned": 0.03125,
            "price": base * (price - 1),
            "repurchase": base * price * (due - 1),
            "segment": base * price * due * (segment - 1),
            "upsell": base * price * due * segment * (upsell - 1),
        }
    )
    assert result.score == pytest.approx(base * price * due * segment * upsell)


# What is refused -----------------------------------------------------------------------------


async def test_no_candidates_and_more_than_a_thousand_are_refused(stub):
    assert await field_refused(stub.Rerank(a_request())) == "candidates.product_ids"
    most = Candidates(product_ids=[f"p{number}" for number in range(1000)])
    assert len(await ids(stub, candidates=most)) == 5
    many = Candidates(product_ids=[f"p{number}" for number in range(1001)])
    assert await field_refused(stub.Rerank(a_request(candidates=many))) == "candidates.product_ids"


async def test_a_candidate_twice_is_refused(stub):
    call = stub.Rerank(a_request("milk", "wine", "milk"))
    assert await field_refused(call) == "candidates.product_ids"


@pytest.mark.parametrize("name", [*SOURCES, *PURCHASES])
@pytest.mark.parametrize("length", [1, 3])
async def test_a_column_of_another_length_is_refused(stub, name, length):
    candidates = Candidates(product_ids=["milk", "wine"], **{name: [1] * length})
    call = stub.Rerank(a_request(candidates=candidates))
    assert await field_refused(call) == f"candidates.{name}"


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("score", [NAN, INFINITE, -INFINITE, -0.001, 1_000_001, 3e38])
async def test_a_score_that_is_none_is_refused(stub, name, score):
    candidates = Candidates(product_ids=["milk", "wine"], **{name: [0.5, score]})
    call = stub.Rerank(a_request(candidates=candidates))
    assert await field_refused(call) == f"candidates.{name}"


@pytest.mark.parametrize(
    ("count", "first", "last", "field"),
    [
        (84_007, 0, 1, "purchase_counts"),
        (LARGEST_32, 0, 1, "purchase_counts"),
        (2, TODAY, TODAY - 1, "last_days"),
        (2, 0, 84_007, "last_days"),
        (2, 0, LARGEST_32, "last_days"),
    ],
)
async def test_purchases_that_cannot_be_are_refused(stub, count, first, last, field):
    candidates = Candidates(
        product_ids=["milk"], purchase_counts=[count], first_days=[first], last_days=[last]
    )
    call = stub.Rerank(a_request(candidates=candidates))
    assert await field_refused(call) == f"candidates.{field}"


@pytest.mark.parametrize("name", ["average_price", "spend_per_day"])
@pytest.mark.parametrize("amount", [NAN, INFINITE, -0.01])
async def test_an_amount_that_is_none_is_refused(stub, name, amount):
    call = stub.Rerank(a_request("milk", shopper=pb.Shopper(**{name: amount})))
    assert await field_refused(call) == f"shopper.{name}"


@pytest.mark.parametrize("name", ["min_price", "max_price"])
@pytest.mark.parametrize("price", [NAN, INFINITE, -0.01])
async def test_a_price_bound_that_is_no_price_is_refused(stub, name, price):
    call = stub.Rerank(a_request("milk", filter=ProductFilter(**{name: price})))
    assert await field_refused(call) == f"filter.{name}"


async def test_crossed_price_bounds_are_refused(stub):
    call = stub.Rerank(a_request("milk", filter=ProductFilter(min_price=2, max_price=1)))
    assert await field_refused(call) == "filter.max_price"


@pytest.mark.parametrize("value", [1.01, -0.01, NAN])
async def test_a_knob_outside_its_range_is_refused(stub, value):
    call = stub.Rerank(a_request("milk", tuning=TuningOverrides(upsell_factor=value)))
    assert await field_refused(call) == "tuning.upsell_factor"


@pytest.mark.parametrize("day", [0, 84_007, LARGEST_32])
async def test_the_day_is_required_and_before_2200(stub, day):
    assert await field_refused(stub.Rerank(a_request("milk", as_of_day=day))) == "as_of_day"


async def test_rows_of_the_catalogue_stand_in_for_looking_ids_up(stub, version):
    names = sorted(PRODUCTS)
    rows = {name: row for row, name in enumerate(names)}
    asked = ["wine", "milk", "salt"]
    columns = {"als": [0.9, 0.8, 0.7], "catalogue_rows": [rows[name] for name in asked]}
    by_rows = a_request(candidates=some_candidates(*asked, **columns), model_version=version)
    by_ids = a_request(*asked, model_version=version)
    by_ids.candidates.als[:] = columns["als"]
    assert await stub.Rerank(by_rows) == await stub.Rerank(by_ids)


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([0], "candidates.catalogue_rows"),
        ([0, 0], "candidates.catalogue_rows"),
        ([0, 12], "candidates.catalogue_rows"),
        # Row 0 is bread and row 7 milk, not the other way round.
        ([7, 0], "candidates.catalogue_rows[0]"),
    ],
)
async def test_rows_that_are_not_the_products_own_are_refused(stub, version, rows, field):
    candidates = some_candidates("bread", "milk", als=[0.9, 0.8], catalogue_rows=rows)
    request = a_request(candidates=candidates, model_version=version)
    assert await field_refused(stub.Rerank(request)) == field


async def test_rows_without_the_version_that_they_belong_to_are_refused(stub):
    candidates = some_candidates("bread", als=[0.9], catalogue_rows=[0])
    call = stub.Rerank(a_request(candidates=candidates))
    assert await field_refused(call) == "model_version"
