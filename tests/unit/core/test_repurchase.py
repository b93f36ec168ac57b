import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.repurchase import (
    cycle_days,
    cycle_share,
    due,
    due_factor,
    recent,
    shrunk,
    shrunk_columns,
)
from tests.unit.core.shop import DAY, TUNING, floats

NAN = float("nan")


def cycle(times, first_day, last_day, item_cycle=10.0, **knobs):
    """Estimated cycle of one pair whose item is bought every ten days by others."""
    tuning = TUNING.changed(knobs)
    return cycle_days(*floats(times, first_day, last_day, item_cycle), tuning.cycle_prior_gaps)


@pytest.mark.parametrize(
    ("times", "last_day", "expected"),
    [
        (0, 0, 10),  # never bought: the item's
        (1, 0, 10),  # one purchase has no gap: the item's
        (2, 4, (1 * 4 + 2 * 10) / 3),  # one gap of 4 beside two gaps' worth of 10
        (5, 16, (4 * 4 + 2 * 10) / 6),  # four gaps of 4
        (3, 60, (2 * 30 + 2 * 10) / 4),
    ],
)
def test_a_shoppers_mean_gap_is_shrunk_towards_the_items_cycle(times, last_day, expected):
    assert cycle(times, 0, last_day) == pytest.approx(expected)


def test_without_a_prior_the_shoppers_own_gap_is_the_cycle():
    assert cycle(5, 0, 16, cycle_prior_gaps=0.0) == 4
    assert cycle(1, 0, 0, cycle_prior_gaps=0.0) == 10


def test_a_hundred_prior_gaps_leave_little_of_a_single_gap():
    assert cycle(2, 0, 1, cycle_prior_gaps=100.0) == pytest.approx((1 + 1000) / 101)


def test_shrinkage_goes_from_the_prior_to_ones_own_as_evidence_grows():
    own, prior = np.full(4, 4, np.float32), np.full(4, 10, np.float32)
    found = shrunk_columns(own, floats(0, 2, 6, 1e6), prior, 2.0)
    assert found == pytest.approx([10, 7, 5.5, 4], abs=1e-4)


def test_what_is_unknown_without_evidence_does_not_spoil_the_prior():
    assert shrunk(*floats(NAN, 0, 10), 2.0) == 10
    assert shrunk(*floats(NAN, 0, 10), 0.0) == 10


@given(
    own=st.floats(0, 1000, width=32),
    prior=st.floats(1, 1000, width=32),
    evidence=st.integers(0, 1000),
    prior_evidence=st.just(0.0) | st.floats(0.001, 100),
)
def test_a_shrunk_mean_lies_between_ones_own_and_the_prior(own, prior, evidence, prior_evidence):
    found = shrunk(*floats(own, evidence, prior), prior_evidence)
    assert min(own, prior) * (1 - 1e-5) <= found <= max(own, prior) * (1 + 1e-5)


def test_the_share_of_a_cycle_is_days_since_over_its_length():
    last_days = floats(DAY, DAY - 5, DAY - 20)
    shares = [cycle_share(*floats(1), last, *floats(10), DAY) for last in last_days]
    assert shares == [0, 0.5, 2]
    assert np.isnan(cycle_share(*floats(0, 0, 10), DAY))


def test_a_purchase_after_the_day_counts_as_made_on_it_and_a_cycle_is_a_day_at_least():
    assert cycle_share(*floats(1, DAY + 9, 10), DAY) == 0
    assert cycle_share(*floats(1, DAY - 3, 0), DAY) == 3


@pytest.mark.parametrize(
    ("share", "is_recent", "is_due", "factor"),
    [
        (0.0, True, False, 1),
        (0.49, True, False, 1),
        (0.5, False, False, 1),
        (0.99, False, False, 1),
        (1.0, False, True, 1.15),
        (3.99, False, True, 1.15),
        (4.0, False, False, 1),
        (NAN, False, False, 1),
    ],
)
def test_half_a_cycle_is_too_soon_and_one_to_four_are_due(share, is_recent, is_due, factor):
    share = np.float32(share)
    assert recent(share, TUNING.recent_cycle_share) == is_recent
    assert due(share, TUNING.lapsed_cycles) == is_due
    assert due_factor(share, TUNING.due_boost, TUNING.lapsed_cycles) == pytest.approx(factor)


def test_a_recent_share_of_zero_leaves_nothing_out():
    assert not any(recent(share, 0.0) for share in floats(0, 0.1, NAN))
