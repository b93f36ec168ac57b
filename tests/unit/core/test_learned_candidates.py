"""LEARNED among the strategies of level 1."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restock.core.blend import Strategy
from restock.core.candidates import generate
from restock.core.purchase_days import days_of
from tests.a_ranker import HIGH, LOW, a_ranker, a_table
from tests.unit.core.shop import a_catalogue, a_model, a_query

ITEMS = ("milk", "oat milk", "bread", "eggs", "wine", "salt")
SHOP = a_catalogue(*ITEMS)
FACTORS = np.array([[1, 0], [0.9, 0], [0.2, 0], [0.1, 0], [0, 1], [0, 0.1]], np.float32)
LIKELY, UNLIKELY = 1 / (1 + np.exp(-HIGH)), 1 / (1 + np.exp(-LOW))


def the_model(leads=True, ranker=True):
    table = a_table(SHOP, **{"milk": (0, 0), "oat milk": (0, 0), "bread": (1, 0)})
    return replace(a_model(SHOP, FACTORS), table=table, ranker=a_ranker(leads) if ranker else None)


def the_query(bought, strategy=Strategy.LEARNED, **more):
    query = a_query(SHOP, bought, strategy, **more)
    history = query.history
    counts, first, last = history.purchase_counts, history.first_days, history.last_days
    days = days_of(*(c.astype(np.int64) for c in (counts, first, last)), np.empty(0, np.int64))
    return replace(query, history=replace(history, days=days))


def scores(answer):
    chances = answer.parts["learned"].tolist()
    return dict(zip([SHOP.item_ids[row] for row in answer.rows], chances, strict=True))


def test_the_ranker_alone_scores_what_it_answers():
    answer = generate(the_query({"milk": (3, 5), "wine": (1, 9)}), the_model())
    assert answer.strategy is Strategy.LEARNED
    assert not any(answer.parts[name].any() for name in ("als", "item_cf", "popularity", "history"))
    found = scores(answer)
    # Milk was bought three times, wine once; of the new ones ALS likes oat milk best.
    assert (found["milk"], found["wine"]) == (pytest.approx(LIKELY), pytest.approx(UNLIKELY))
    assert (found["oat milk"], found["eggs"]) == (pytest.approx(LIKELY), pytest.approx(UNLIKELY))
    assert set(found) == set(ITEMS)


@pytest.mark.parametrize(
    ("asked", "leads", "ranker", "answers"),
    [
        (Strategy.AUTO, True, True, Strategy.LEARNED),
        (Strategy.AUTO, False, True, Strategy.HYBRID),
        (Strategy.LEARNED, False, True, Strategy.LEARNED),
        (Strategy.LEARNED, True, False, Strategy.HYBRID),
        (Strategy.AUTO, True, False, Strategy.HYBRID),
    ],
)
def test_auto_takes_the_ranker_where_it_leads_and_nobody_does_where_there_is_none(
    asked, leads, ranker, answers
):
    answer = generate(the_query({"milk": (3, 5)}, asked), the_model(leads, ranker))
    assert answer.strategy is answers


def test_a_shopper_with_nothing_but_a_cart_is_answered_too():
    answer = generate(the_query(None, context=("milk",)), the_model())
    assert answer.strategy is Strategy.LEARNED
    assert "milk" not in scores(answer)
    assert np.isfinite(answer.parts["learned"]).all()


def test_what_the_mask_bars_is_no_candidate():
    mask = np.isin(ITEMS, ["wine", "salt"])
    answer = generate(the_query({"milk": (3, 5)}, mask=mask), the_model())
    assert set(scores(answer)) == {"wine", "salt"}


def test_from_half_on_a_variant_of_what_was_bought_is_marked_as_known():
    query = the_query({"milk": (3, 5)})
    known = {}
    for novelty in (0.4, 0.5):
        answer = generate(replace(query, novelty=novelty), the_model())
        known[novelty] = answer.variants
    named = dict(zip([SHOP.item_ids[row] for row in answer.rows], known[0.5], strict=True))
    assert known[0.4] is None
    assert [item for item, variant in named.items() if variant] == ["oat milk"]


def test_few_candidates_hold_both_kinds_when_novelty_is_asked_for():
    query = the_query({"milk": (3, 5), "wine": (2, 9), "eggs": (2, 9)}, candidate_count=2)
    owned = {
        novelty: [
            place >= 0
            for place in generate(replace(query, novelty=novelty), the_model()).history_positions
        ]
        for novelty in (0.0, 0.5, 1.0)
    }
    assert owned[0.0] == [True, True]
    assert sorted(owned[0.5]) == [False, True]
    assert owned[1.0] == [False, False]


@pytest.mark.parametrize("strategy", [Strategy.LEARNED, Strategy.HYBRID, Strategy.POPULARITY])
def test_a_page_of_new_products_is_filled_with_new_ones_while_the_catalogue_has_any(strategy):
    # 40 products, 25 of them bought, and the sources propose 5 each: popularity brings the other 15.
    shop = a_catalogue(*(f"p{item}" for item in range(40)))
    factors = np.random.default_rng(1).normal(size=(40, 2)).astype(np.float32)
    table = a_table(shop, **{f"p{item}": (item % 3, item) for item in range(40)})
    model = replace(a_model(shop, factors), table=table, ranker=a_ranker())
    bought = {f"p{item}": (2, 3) for item in range(25)}
    query = a_query(shop, bought, strategy, source_candidates=5, candidate_count=15)
    history = query.history
    counts, first, last = history.purchase_counts, history.first_days, history.last_days
    days = days_of(*(c.astype(np.int64) for c in (counts, first, last)), np.empty(0, np.int64))
    query = replace(query, history=replace(history, days=days), novelty=1.0)
    answer = generate(query, model)
    assert sorted(answer.rows.tolist()) == list(range(25, 40))
    assert (answer.history_positions < 0).all()


bought_days = st.tuples(st.integers(1, 9), st.integers(0, 90))


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(ITEMS), bought_days, min_size=1),
    st.sets(st.sampled_from(ITEMS)),
)
def test_whatever_was_bought_chances_are_chances_and_nothing_blocked_is_answered(bought, blocked):
    answer = generate(the_query(bought, blocked=tuple(blocked)), the_model())
    chances = answer.parts["learned"]
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances) <= 0).all()
    assert set(scores(answer)) == set(ITEMS) - blocked
