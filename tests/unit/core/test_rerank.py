from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.blend import SOURCES
from restock.core.rerank import (
    KEPT,
    KNOBS_OF,
    LEFT_OUT,
    RULES,
    Facts,
    Knobs,
    Page,
    breakdown,
    category_cap,
    factors_of,
    left_out,
    page_of,
    rerank,
)
from tests.unit.core.shop import TUNING, a_catalogue, a_rank_query, floats


def page(catalogue, scores, **more):
    ranking = rerank(a_rank_query(catalogue, scores, **more), catalogue)
    return [list(scores)[position] for position in ranking.positions]


def factor(ranking, rule):
    return ranking.factors[RULES.index(rule)]


def test_an_item_bought_less_than_half_a_cycle_ago_is_left_out():
    catalogue = a_catalogue("milk", "bread", cycle_days=10)
    scores = {"milk": 0.9, "bread": 0.1}
    assert page(catalogue, scores, bought={"milk": (1, 4)}, page_size=1) == ["bread"]
    assert page(catalogue, scores, bought={"milk": (1, 5)}, page_size=1) == ["milk"]


def test_an_item_whose_cycle_has_passed_gains_15_percent():
    catalogue = a_catalogue("milk", "bread", cycle_days=10)
    query = a_rank_query(catalogue, {"milk": 0.5, "bread": 0.5}, bought={"milk": (1, 10)})
    ranking = rerank(query, catalogue)
    assert ranking.due.tolist() == [True, False]
    assert ranking.scores == pytest.approx([0.575, 0.5])
    assert ranking.cycle_days.tolist() == [10, 0]
    assert ranking.days_since.tolist() == [10, 0]


def test_scores_that_know_the_time_are_left_alone_by_the_rules_on_the_cycle():
    catalogue = a_catalogue("milk", "bread", cycle_days=10)
    for days in (1, 10):
        query = a_rank_query(catalogue, {"milk": 0.9, "bread": 0.1}, bought={"milk": (1, days)})
        ranking = rerank(replace(query, cycle_rules=False), catalogue)
        assert ranking.scores == pytest.approx([0.9, 0.1])
        assert (ranking.backfilled.tolist(), ranking.due.tolist()) == (
            [False, False],
            [days == 10, False],
        )


def test_an_item_not_bought_for_four_cycles_is_given_up_not_due():
    catalogue = a_catalogue("milk", cycle_days=10)
    due_after = {
        days: bool(
            rerank(a_rank_query(catalogue, {"milk": 1.0}, {"milk": (1, days)}), catalogue).due[0]
        )
        for days in (9, 10, 39, 40)
    }
    assert due_after == {9: False, 10: True, 39: True, 40: False}


def test_a_price_above_one_and_a_half_times_the_average_is_penalised_softly():
    catalogue = a_catalogue("cheap", "dear", price=[1.5, 1.8])
    query = a_rank_query(
        catalogue, {"cheap": 1.0, "dear": 1.0}, average_price=1.0, upsell_factor=0.0
    )
    assert factor(rerank(query, catalogue), "price") == pytest.approx([1, 1.5 / 1.8])


def test_a_price_above_twice_the_average_is_left_out_but_fills_a_short_page_labelled():
    catalogue = a_catalogue("wine", "water", price=[2.1, 1.0])
    query = a_rank_query(catalogue, {"wine": 0.9, "water": 0.1}, average_price=1.0)
    ranking = rerank(query, catalogue)
    assert ranking.positions.tolist() == [1, 0]
    assert ranking.backfilled.tolist() == [False, True]


def test_an_unknown_average_price_switches_every_price_rule_off():
    catalogue = a_catalogue("wine", "water", price=[99.0, 1.0])
    ranking = rerank(a_rank_query(catalogue, {"wine": 0.9, "water": 0.1}), catalogue)
    assert ranking.positions.tolist() == [0, 1]
    assert factor(ranking, "price").tolist() == [1, 1]
    assert factor(ranking, "upsell").tolist() == [1, 1]


def test_an_item_without_a_price_breaks_no_budget():
    catalogue = a_catalogue("mystery", price=float("nan"))
    ranking = rerank(a_rank_query(catalogue, {"mystery": 1.0}, average_price=1.0), catalogue)
    assert ranking.scores.tolist() == [1.0]
    assert not ranking.backfilled[0]


def test_upsell_of_a_tenth_lifts_an_item_at_the_average_price_by_two_percent():
    catalogue = a_catalogue("milk", price=2.0)
    ranking = rerank(a_rank_query(catalogue, {"milk": 1.0}, average_price=2.0), catalogue)
    assert factor(ranking, "upsell") == pytest.approx([1 + 0.1 * 0.2 * 1.0])


def test_a_segment_that_buys_an_item_at_half_its_share_counts_it_at_the_floor():
    affinity = np.array([[0.5, 1.0, 1.0, 1.5]], np.float32)
    catalogue = a_catalogue("wine", segment_affinity=affinity)

    def of_spend(spend_per_day):
        query = a_rank_query(catalogue, {"wine": 1.0}, spend_per_day=spend_per_day)
        return factor(rerank(query, catalogue), "segment")[0]

    assert of_spend(5.0) == pytest.approx(TUNING.segment_floor)
    assert of_spend(50.0) == 1.0
    assert of_spend(0.0) == 1.0


def test_no_more_than_two_of_a_category_stand_on_a_page_of_five():
    names = [f"milk {kind}" for kind in range(5)] + ["bread", "eggs", "salt"]
    catalogue = a_catalogue(*names, category=[0] * 5 + [1, 2, 3])
    scores = {name: 1 - place / 10 for place, name in enumerate(names)}
    assert page(catalogue, scores) == ["milk 0", "milk 1", "bread", "eggs", "salt"]
    assert category_cap(100, TUNING) == 40


def test_variety_is_given_up_before_a_page_is_short():
    catalogue = a_catalogue("milk 0", "milk 1", "milk 2", category=[0, 0, 0])
    ranking = rerank(
        a_rank_query(catalogue, {"milk 0": 0.9, "milk 1": 0.8, "milk 2": 0.7}, page_size=3),
        catalogue,
    )
    assert ranking.positions.tolist() == [0, 1, 2]
    assert ranking.backfilled.tolist() == [False, False, True]


def test_items_without_a_category_are_never_too_many():
    catalogue = a_catalogue("a", "b", "c", "d")
    assert page(catalogue, {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}) == ["a", "b", "c", "d"]


def test_a_filter_is_not_violated_even_to_fill_a_page():
    catalogue = a_catalogue("a", "b", "c")
    mask = np.array([False, True, False])
    assert page(catalogue, {"a": 0.9, "b": 0.1, "c": 0.5}, mask=mask) == ["b"]


def test_a_product_that_the_catalogue_does_not_hold_is_ranked_with_neutral_factors():
    catalogue = a_catalogue("milk")
    query = a_rank_query(catalogue, {"milk": 0.1, "never seen": 0.2}, average_price=1.0)
    ranking = rerank(query, catalogue)
    assert ranking.positions.tolist() == [1, 0]
    assert factor(ranking, "upsell")[0] == 1.0


def test_a_purchase_after_the_asked_day_counts_as_made_on_that_day():
    catalogue = a_catalogue("milk", "bread")
    assert page(catalogue, {"milk": 0.9, "bread": 0.1}, bought={"milk": (1, -30)}, page_size=1) == [
        "bread"
    ]


def test_equal_scores_keep_the_order_of_level_1():
    catalogue = a_catalogue("b", "a", "c")
    assert page(catalogue, {"b": 0.5, "a": 0.5, "c": 0.5}) == ["b", "a", "c"]


@given(
    parts=st.lists(st.floats(0, 1, width=32), min_size=5, max_size=5),
    factors=st.lists(st.floats(0.015625, 2, width=32), min_size=4, max_size=4),
)
def test_the_parts_of_a_breakdown_add_up_to_the_score(parts, factors):
    told = breakdown(dict(zip(SOURCES, parts, strict=True)), dict(zip(RULES, factors, strict=True)))
    assert sum(told.values()) == pytest.approx(sum(parts) * np.prod(factors), abs=1e-9)


@given(
    scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40),
    page_size=st.integers(1, 20),
    data=st.data(),
)
def test_a_page_is_as_long_as_asked_if_there_are_enough_candidates(scores, page_size, data):
    items = [f"i{place}" for place in range(len(scores))]
    draw = data.draw
    some = st.lists(st.integers(0, 3), min_size=len(items), max_size=len(items))
    catalogue = a_catalogue(*items, category=draw(some), price=[1.0 + p for p in draw(some)])
    bought = {item: (count, 3 * count) for item, count in zip(items, draw(some), strict=True)}
    query = a_rank_query(
        catalogue, dict(zip(items, scores, strict=True)), bought, 1.0, 15.0, page_size
    )
    ranking = rerank(query, catalogue)
    assert len(ranking.positions) == min(page_size, len(items))
    assert len(set(ranking.positions.tolist())) == len(ranking.positions)
    kept = ranking.scores[~ranking.backfilled]
    assert (np.diff(kept) <= 0).all()


def test_a_category_is_capped_in_rank_order_and_what_is_too_many_comes_back_first():
    category = np.array([7, 7, -1, 3, 7, -1, 3, 3, 9])
    falling = np.arange(9, 0, -1).astype(np.float32)
    standing = np.array([KEPT] * 8 + [LEFT_OUT], np.int8)
    positions, kept = page_of(falling, standing, category, category < 0, Page(9, 2, 9, 9))
    assert positions.tolist() == [0, 1, 2, 3, 5, 6, 4, 7, 8]
    assert kept == 6


def novel_page(novelty, size=5, **more):
    """A page of four known products, of the highest scores, and four new ones."""
    known, new = ["k1", "k2", "k3", "k4"], ["n1", "n2", "n3", "n4"]
    catalogue = a_catalogue(*known, *new, cycle_days=2)
    scores = {item: 1 - place / 10 for place, item in enumerate([*known, *new])}
    query = a_rank_query(catalogue, scores, dict.fromkeys(known, (3, 5)), page_size=size)
    ranking = rerank(replace(query, novelty=novelty, **more), catalogue)
    return [list(scores)[place] for place in ranking.positions], ranking.backfilled.tolist()


@pytest.mark.parametrize(
    ("novelty", "size", "expected"),
    [
        (0.0, 4, ["k1", "k2", "k3", "k4"]),
        (0.25, 4, ["k1", "k2", "k3", "n1"]),
        (0.4, 5, ["k1", "k2", "k3", "n1", "n2"]),
        (0.5, 5, ["k1", "k2", "n1", "n2", "n3"]),
        (1.0, 4, ["n1", "n2", "n3", "n4"]),
        (None, 5, ["k1", "k2", "k3", "k4", "n1"]),
    ],
)
def test_a_page_holds_the_share_of_new_products_that_is_asked_for(novelty, size, expected):
    assert novel_page(novelty, size) == (expected, [False] * size)


def test_where_one_kind_runs_out_the_other_fills_the_page_labelled():
    assert novel_page(0.0) == (["k1", "k2", "k3", "k4", "n1"], [False] * 4 + [True])
    assert novel_page(1.0) == (["n1", "n2", "n3", "n4", "k1"], [False] * 4 + [True])


def test_a_variant_of_what_was_bought_is_not_new():
    variants = np.array([False] * 4 + [True] + [False] * 3)
    assert novel_page(1.0, 3, variants=variants)[0] == ["n2", "n3", "n4"]


@given(st.floats(0, 1), st.integers(1, 8))
def test_a_share_is_missed_by_half_a_product_at_most_where_there_are_enough(novelty, size):
    found, _ = novel_page(novelty, min(size, 4))
    new = sum(item.startswith("n") for item in found)
    assert abs(new - novelty * min(size, 4)) <= 0.5


def test_an_unknown_product_has_the_median_cycle_of_all():
    catalogue = a_catalogue("milk", "bread", cycle_days=8)
    query = a_rank_query(catalogue, {"never seen": 1.0}, {"never seen": (1, 9)})
    ranking = rerank(query, catalogue)
    assert ranking.cycle_days.tolist() == [8]
    assert ranking.due.tolist() == [True]


def test_what_is_compiled_is_what_the_rules_say():
    facts = Facts(*floats(1.8, 10, 1.2, 0.8))
    knobs = Knobs._make(map(float, KNOBS_OF(TUNING)))
    stale = "a rule has changed beside its compiled caller: remove restock/core/__pycache__"
    assert factors_of(facts, knobs) == factors_of.py_func(facts, knobs), stale
    assert left_out(facts, knobs) == left_out.py_func(facts, knobs), stale
    assert len(factors_of(facts, knobs)) == len(RULES)


def test_the_score_is_the_level_1_score_times_every_factor():
    catalogue = a_catalogue("milk", price=1.6, cycle_days=10)
    query = a_rank_query(
        catalogue, {"milk": 0.5}, {"milk": (1, 12)}, average_price=1.0, spend_per_day=5.0
    )
    ranking = rerank(query, catalogue)
    expected = 0.5 * (1.5 / 1.6) * 1.15 * 1.0 * (1 + 0.1 * 0.2 * 1.6)
    assert ranking.scores == pytest.approx(floats(expected))
