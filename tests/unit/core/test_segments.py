import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.segments import (
    SEGMENTS,
    UNKNOWN,
    affinity,
    cuts_of,
    segment_factor,
    segment_of,
    segments_of,
)
from tests.unit.core.shop import TUNING, floats

CUTS = (10.0, 20.0, 40.0)


def test_cuts_are_the_quartiles_of_the_spend_of_a_day():
    assert cuts_of(floats(0, 10, 20, 30, 40)) == (10, 20, 30)


def test_without_users_there_are_no_cuts():
    assert cuts_of(floats()) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("spend_per_day", "segment"),
    [(0.01, 0), (9.99, 0), (10, 1), (19.99, 1), (20, 2), (39.99, 2), (40, 3), (1e9, 3)],
)
def test_a_spend_at_a_cut_is_in_the_upper_segment(spend_per_day, segment):
    assert segment_of(spend_per_day, CUTS) == segment


@pytest.mark.parametrize("spend_per_day", [0.0, -1.0, float("nan")])
def test_a_spend_of_nothing_has_no_segment(spend_per_day):
    assert segment_of(spend_per_day, CUTS) == UNKNOWN


def test_there_are_four_segments_with_names():
    assert SEGMENTS == ("small", "low average", "average", "high")


@given(st.lists(st.floats(0, 100, width=32), max_size=20))
def test_many_users_get_the_segments_that_each_gets_alone(spends):
    alone = [segment_of(spend, CUTS) for spend in spends]
    assert segments_of(floats(*spends), CUTS).tolist() == alone


def test_affinity_is_the_share_of_an_items_buyers_over_the_share_of_all_buyers():
    # 40 buyers in all, 10 a segment; wine has 10, of which 4 are of the highest.
    buyers = np.array([[2, 2, 2, 4], [8, 8, 8, 6]], np.float32)
    wine = affinity(buyers, TUNING.changed({"segment_prior_buyers": 0.0}))[0]
    assert wine == pytest.approx([0.8, 0.8, 0.8, 1.6])


def test_few_buyers_are_shrunk_towards_all_alike():
    # 20 prior buyers, 5 a segment, beside the same 10: the highest has (4 + 5) / 30 over 1/4.
    buyers = np.array([[2, 2, 2, 4], [8, 8, 8, 6]], np.float32)
    assert affinity(buyers, TUNING)[0] == pytest.approx([14 / 15, 14 / 15, 14 / 15, 1.2])


def test_an_item_without_buyers_is_for_all_alike():
    buyers = np.array([[0, 0, 0, 0], [1, 2, 3, 4]], np.float32)
    assert affinity(buyers, TUNING)[0] == pytest.approx([1, 1, 1, 1])


def test_a_segment_without_buyers_and_a_shop_without_buyers_are_neutral():
    buyers = np.array([[5, 0, 5, 0]], np.float32)
    assert affinity(buyers, TUNING)[0] == pytest.approx([1, 1, 1, 1])
    assert affinity(np.zeros((2, 4), np.float32), TUNING).tolist() == [[1] * 4, [1] * 4]


def test_no_prior_and_no_buyers_is_no_division_by_zero():
    buyers = np.array([[0, 0, 0, 0], [1, 2, 3, 4]], np.float32)
    found = affinity(buyers, TUNING.changed({"segment_prior_buyers": 0.0}))
    assert np.isfinite(found).all()


def test_the_factor_is_the_affinity_between_the_floor_and_one():
    factors = [segment_factor(affinity, 0.7) for affinity in floats(0.5, 0.7, 0.9, 1.4)]
    assert factors == pytest.approx([0.7, 0.7, 0.9, 1])


def test_an_item_for_all_alike_changes_nothing():
    assert segment_factor(np.float32(1), TUNING.segment_floor) == 1
