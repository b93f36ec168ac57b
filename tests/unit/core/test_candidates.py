import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restock.core.blend import Strategy
from restock.core.candidates import generate
from restock.core.item_cf import SUM
from restock.core.neighbours import neighbours_of
from tests.unit.core.shop import a_catalogue, a_model, a_query, floats

SHOP = a_catalogue("milk", "bread", "eggs", "wine", "salt", popularity=[1.0, 0.8, 0.6, 0.4, 0.2])


def found(query, model):
    answer = generate(query, model)
    return [model.catalogue.item_ids[row] for row in answer.rows]


def test_a_shopper_without_any_signal_gets_popularity_whatever_was_asked():
    model = a_model(SHOP)
    for strategy in Strategy:
        answer = generate(a_query(SHOP, strategy=strategy), model)
        assert answer.strategy is Strategy.POPULARITY
        assert [SHOP.item_ids[row] for row in answer.rows][:2] == ["milk", "bread"]


def test_a_shopper_without_history_sees_what_costs_the_median_or_less():
    shop = a_catalogue("caviar", "milk", "bread", price=[50.0, 2.0, 1.0])
    answer = generate(a_query(shop), a_model(shop))
    assert [shop.item_ids[row] for row in answer.rows] == ["milk", "bread", "caviar"]
    # The dear one only fills the answer, behind all others.
    assert answer.parts["popularity"].tolist() == [1, pytest.approx(2 / 3), 0]


def test_a_newcomer_who_asks_only_for_what_costs_more_is_told_what_sells_there():
    shop = a_catalogue("caviar", "truffle", "milk", "bread", price=[50.0, 60.0, 2.0, 1.0])
    dear = np.array([True, True, False, False])
    answer = generate(a_query(shop, mask=dear), a_model(shop))
    assert [shop.item_ids[row] for row in answer.rows] == ["caviar", "truffle"]
    assert answer.parts["popularity"].tolist() == [1, 0.5]


def test_one_purchase_is_enough_for_item_cf():
    model = a_model(SHOP, neighbours={"bread": {"salt": 0.9, "wine": 0.3}})
    query = a_query(SHOP, {"bread": (1, 3)}, Strategy.ITEM_CF)
    answer = generate(query, model)
    assert answer.strategy is Strategy.ITEM_CF
    assert [SHOP.item_ids[row] for row in answer.rows[:2]] == ["salt", "wine"]
    assert answer.parts["item_cf"][:2] == pytest.approx([1.0, 1 / 3])


def test_auto_is_hybrid_with_a_signal():
    answer = generate(a_query(SHOP, {"bread": (1, 3)}, Strategy.AUTO), a_model(SHOP))
    assert answer.strategy is Strategy.HYBRID


def test_the_weight_of_a_silent_source_is_shared_out_in_proportion():
    model = a_model(SHOP, neighbours={"bread": {"salt": 1.0}})
    answer = generate(a_query(SHOP, {"bread": (1, 3)}), model)
    best = {SHOP.item_ids[row]: place for place, row in enumerate(answer.rows)}
    # ALS is all zero here: item-CF and popularity keep 0.4 to 0.2.
    assert answer.parts["item_cf"][best["salt"]] == pytest.approx(2 / 3)
    assert answer.parts["popularity"][best["milk"]] == pytest.approx(1 / 3)


def test_the_product_in_the_cart_is_a_signal_and_never_a_candidate():
    model = a_model(SHOP, neighbours={"wine": {"salt": 0.5}})
    query = a_query(SHOP, context=("wine",), strategy=Strategy.ITEM_CF)
    answer = generate(query, model)
    ids = [SHOP.item_ids[row] for row in answer.rows]
    assert ids[0] == "salt"
    assert "wine" not in ids
    # The anchor is the context's first product: the history's length is 0.
    assert answer.anchors[0] == 0


def test_a_shopper_who_only_looked_gets_a_personal_page():
    model = a_model(SHOP, neighbours={"wine": {"salt": 0.5}})
    answer = generate(a_query(SHOP, viewed={"wine": 2}, strategy=Strategy.AUTO), model)
    assert answer.strategy is Strategy.HYBRID
    # ALS is silent: item-CF and popularity keep 0.4 to 0.2, and salt beats milk, which sells best.
    assert [SHOP.item_ids[row] for row in answer.rows[:2]] == ["salt", "milk"]
    assert answer.parts["item_cf"][0] == pytest.approx(2 / 3)
    assert answer.anchors[0] == 0


def test_the_product_looked_at_may_be_a_candidate():
    assert "wine" in found(a_query(SHOP, viewed={"wine": 2}), a_model(SHOP))


def test_a_view_says_less_than_a_purchase_and_a_purchase_less_than_the_cart():
    model = a_model(
        SHOP, neighbours={"milk": {"salt": 0.5}, "bread": {"wine": 0.5}, "eggs": {"wine": 0.5}}
    )
    bought = {"milk": (1, 3)}
    looked = generate(a_query(SHOP, bought, Strategy.ITEM_CF, viewed={"bread": 0}), model)
    put = generate(a_query(SHOP, bought, Strategy.ITEM_CF, context=("eggs",)), model)
    assert [SHOP.item_ids[answer.rows[0]] for answer in (looked, put)] == ["salt", "wine"]


def test_a_view_older_than_seven_days_leaves_everything_as_it_was():
    model = a_model(SHOP, neighbours={"bread": {"salt": 0.9}, "wine": {"eggs": 0.9}})
    without = generate(a_query(SHOP, {"bread": (1, 3)}), model)
    old = generate(a_query(SHOP, {"bread": (1, 3)}, viewed={"wine": 8}), model)
    assert old.rows.tolist() == without.rows.tolist()
    assert old.parts["item_cf"].tolist() == without.parts["item_cf"].tolist()
    stranger = generate(a_query(SHOP, viewed={"wine": 8}), model)
    assert stranger.strategy is Strategy.POPULARITY


def test_anchors_count_through_history_then_context_then_views():
    near = {"milk": {"salt": 0.9}, "bread": {"eggs": 0.9}, "wine": {"milk": 0.9}}
    query = a_query(
        SHOP, {"gone": (1, 3), "milk": (1, 3)}, Strategy.ITEM_CF, ("gone", "bread"),
        viewed={"gone": 0, "wine": 0},
    )  # fmt: skip
    answer = generate(query, a_model(SHOP, neighbours=near))
    ids = [SHOP.item_ids[row] for row in answer.rows]
    # Two purchases, two of the context, two views: each anchor is the second of its list.
    assert dict(zip(ids, answer.anchors.tolist(), strict=True)) == {
        "salt": 1, "eggs": 3, "milk": 5, "wine": -1,
    }  # fmt: skip


def test_where_item_cf_hears_too_few_the_first_of_the_context_count():
    names = [f"i{place}" for place in range(60)]
    shop = a_catalogue(*names, *(f"to {name}" for name in names))
    model = a_model(shop, neighbours={name: {f"to {name}": 0.5} for name in names})
    query = a_query(shop, context=tuple(reversed(names)), strategy=Strategy.ITEM_CF)
    answer = generate(query, model)
    heard = {shop.item_ids[row] for row in answer.rows[answer.anchors >= 0]}
    assert heard == {f"to i{place}" for place in range(10, 60)}


def test_the_anchor_is_the_purchase_that_gave_most():
    model = a_model(SHOP, neighbours={"milk": {"salt": 0.2}, "bread": {"salt": 0.9}})
    query = a_query(SHOP, {"milk": (1, 3), "bread": (1, 3)}, Strategy.ITEM_CF)
    answer = generate(query, model)
    place = [SHOP.item_ids[row] for row in answer.rows].index("salt")
    assert answer.anchors[place] == 1


def test_an_excluded_product_is_never_a_candidate():
    query = a_query(SHOP, {"bread": (2, 3)}, blocked=("milk", "bread"))
    assert set(found(query, a_model(SHOP))) == {"eggs", "wine", "salt"}


def test_a_mask_is_filled_up_with_everything_that_it_allows():
    mask = np.array([False, False, False, True, True])
    assert set(found(a_query(SHOP, {"bread": (2, 3)}, mask=mask), a_model(SHOP))) == {
        "wine",
        "salt",
    }


def test_own_products_are_candidates_with_their_history():
    query = a_query(SHOP, {"salt": (4, 9), "no longer sold": (2, 3)})
    answer = generate(query, a_model(SHOP))
    place = [SHOP.item_ids[row] for row in answer.rows].index("salt")
    assert answer.history_positions[place] == 0
    assert (np.delete(answer.history_positions, place) == -1).all()


def test_own_frequency_scores_only_when_it_has_a_weight():
    model = a_model(SHOP)
    plain = generate(a_query(SHOP, {"salt": (4, 9)}), model)
    weighed = generate(a_query(SHOP, {"salt": (4, 9)}, history_weight=1.0), model)
    assert not plain.parts["history"].any()
    assert SHOP.item_ids[weighed.rows[0]] == "salt"


def test_more_candidates_than_the_catalogue_holds_are_not_made_up():
    answer = generate(a_query(SHOP, {"bread": (1, 3)}, candidate_count=1000), a_model(SHOP))
    assert sorted(answer.rows.tolist()) == [0, 1, 2, 3, 4]


def test_the_workspace_is_clean_after_every_request():
    model = a_model(SHOP, neighbours={"bread": {"salt": 0.9}})
    first = generate(a_query(SHOP, {"bread": (1, 3)}), model)
    for _ in range(3):
        generate(a_query(SHOP, {"milk": (9, 1)}, context=("eggs",)), model)
    again = generate(a_query(SHOP, {"bread": (1, 3)}), model)
    assert first.rows.tolist() == again.rows.tolist()
    assert not model.workspace.gains[:, SUM].any()
    assert (model.workspace.positions == -1).all()


def test_als_ranks_by_the_folded_in_factors():
    factors = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9], [0, 0.1]], np.float32)
    query = a_query(SHOP, {"milk": (5, 3)}, Strategy.ALS)
    assert found(query, a_model(SHOP, factors))[:2] == ["milk", "bread"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_candidates_are_distinct_allowed_and_sorted_whatever_is_asked(data):
    items = data.draw(st.integers(1, 30))
    names = [f"i{row}" for row in range(items)]
    shop = a_catalogue(
        *names, price=data.draw(st.lists(st.floats(0, 9, width=32), min_size=items, max_size=items))
    )
    seed = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    model = a_model(
        shop,
        seed.normal(size=(items, 3)).astype(np.float32),
        {n: {o: float(seed.random()) for o in seed.choice(names, 2)} for n in names},
    )
    some = st.lists(st.sampled_from([*names, "unknown"]), max_size=5, unique=True)
    bought = {
        item: (data.draw(st.integers(1, 9)), data.draw(st.integers(0, 99)))
        for item in data.draw(some)
    }
    context, blocked = tuple(data.draw(some)), tuple(data.draw(some))
    viewed = {item: data.draw(st.integers(-1, 9)) for item in data.draw(some)}
    mask = seed.random(items) < 0.7 if data.draw(st.booleans()) else None
    strategy = data.draw(st.sampled_from(Strategy))
    query = a_query(shop, bought, strategy, context, blocked, mask, viewed)
    answer = generate(query, model)
    ids = [shop.item_ids[row] for row in answer.rows]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {*context, *blocked}
    if mask is not None:
        assert mask[answer.rows].all()
    total = sum(answer.parts.values())
    assert (np.diff(total) <= 1e-6).all()
    assert total.max(initial=0) <= 1 + 1e-5
    assert all((part >= 0).all() for part in answer.parts.values())


def test_neighbours_leave_the_product_itself_and_what_is_not_allowed_out():
    model = a_model(
        SHOP, np.eye(5, 2, dtype=np.float32) + 0.5, {"milk": {"bread": 0.9, "eggs": 0.5}}
    )
    rows, scores = neighbours_of(model, 0, 5, None, alike=False)
    assert (rows.tolist(), scores.tolist()) == ([1, 2], floats(0.9, 0.5).tolist())
    mask = np.array([True, False, True, True, True])
    assert neighbours_of(model, 0, 5, mask, alike=False)[0].tolist() == [2]
    alike, _ = neighbours_of(model, 0, 2, None, alike=True)
    assert 0 not in alike
    assert len(alike) == 2
