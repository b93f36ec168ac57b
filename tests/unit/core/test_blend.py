import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.blend import BLENDED, Strategy, blend, resolve, source_weights
from tests.unit.core.shop import TUNING, floats


def parts_of(weights, **scores):
    """Blend rows by name, and tell the parts by name."""
    parts = blend(
        np.stack([scores[name] for name in weights]), np.array([*weights.values()], float)
    )
    return dict(zip(weights, parts.tolist(), strict=True))


def alone(*scores):
    """One source with all the weight."""
    return parts_of({"als": 1.0}, als=floats(*scores))["als"]


def weights_of(strategy):
    return dict(zip(BLENDED, source_weights(strategy, TUNING).tolist(), strict=True))


@pytest.mark.parametrize("strategy", Strategy)
def test_without_a_signal_popularity_answers(strategy):
    assert resolve(strategy, False, has_ranker=True, ranker_leads=True) is Strategy.POPULARITY


@pytest.mark.parametrize(("leads", "auto"), [(True, Strategy.LEARNED), (False, Strategy.HYBRID)])
def test_auto_is_learned_where_the_ranker_leads_and_the_others_are_themselves(leads, auto):
    answered = {strategy: resolve(strategy, True, True, leads) for strategy in Strategy}
    assert answered.pop(Strategy.AUTO) is auto
    assert all(asked is answer for asked, answer in answered.items())


def test_without_a_ranker_learned_and_auto_are_hybrid():
    for strategy in (Strategy.LEARNED, Strategy.AUTO):
        assert resolve(strategy, True, has_ranker=False, ranker_leads=False) is Strategy.HYBRID


def test_hybrid_is_40_percent_als_40_percent_item_cf_20_percent_popularity():
    assert weights_of(Strategy.HYBRID) == {
        "als": 0.4,
        "item_cf": 0.4,
        "popularity": 0.2,
        "history": 0.0,
    }


def test_a_single_source_has_all_the_weight():
    assert weights_of(Strategy.ITEM_CF) == {
        "als": 0.0,
        "item_cf": 1.0,
        "popularity": 0.0,
        "history": 0.0,
    }


def test_scores_are_brought_to_one_scale_by_the_highest():
    assert alone(4, 1, 0) == [1, 0.25, 0]


def test_a_score_below_zero_counts_as_zero():
    assert alone(2, -3) == [1, 0]
    assert alone(-2, -3) == [0, 0]


def test_no_scores_have_no_scale():
    assert alone() == []
    assert alone(0, 0) == [0, 0]


def test_two_sources_on_different_scales_are_added_by_weight():
    told = parts_of({"als": 0.75, "item_cf": 0.25}, als=floats(10, 5), item_cf=floats(0, 0.1))
    assert told == {"als": [0.75, 0.375], "item_cf": [0, 0.25]}


def test_the_weight_of_a_silent_source_is_shared_out_in_proportion():
    told = parts_of(
        {"als": 0.5, "item_cf": 0.375, "popularity": 0.125},
        als=floats(0), item_cf=floats(3), popularity=floats(1),
    )  # fmt: skip
    assert told == {"als": [0], "item_cf": [0.75], "popularity": [0.25]}


def test_a_source_without_weight_says_nothing():
    assert parts_of({"als": 1, "item_cf": 0}, als=floats(2), item_cf=floats(9)) == {
        "als": [1],
        "item_cf": [0],
    }


def test_weights_that_add_up_to_two_are_brought_to_one():
    told = parts_of({"als": 1, "item_cf": 1}, als=floats(1), item_cf=floats(1))
    assert told == {"als": [0.5], "item_cf": [0.5]}


def test_all_weights_at_zero_give_parts_of_zero():
    assert parts_of({"als": 0, "item_cf": 0}, als=floats(1), item_cf=floats(1)) == {
        "als": [0],
        "item_cf": [0],
    }


def test_a_silent_source_beside_one_of_next_to_no_weight_stays_silent():
    told = parts_of({"als": 1e-300, "item_cf": 1}, als=floats(1), item_cf=floats(0))
    assert told == {"als": [1], "item_cf": [0]}


@given(data=st.data(), candidates=st.integers(0, 12))
def test_parts_are_never_negative_and_together_at_most_one(data, candidates):
    column = st.lists(st.floats(-100, 100, width=32), min_size=candidates, max_size=candidates)
    scores = np.stack([floats(*data.draw(column)) for _ in BLENDED])
    weights = np.array([data.draw(st.floats(0, 1)) for _ in BLENDED])
    parts = blend(scores, weights)
    total = parts.sum(axis=0)
    assert (parts >= 0).all()
    assert (total <= 1 + 1e-5).all()
    assert np.isfinite(total).all()
    assert not parts[weights == 0].any()
