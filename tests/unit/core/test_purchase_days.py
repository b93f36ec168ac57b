"""Days of purchases, told as steps between the first and the last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.purchase_days import days_of, told_steps


def columns(*products):
    """Counts, first days, last days and steps of products, given as lists of days."""
    steps = [step for days in products for step in told_steps(days)]
    plain = ([len(days) for days in products], [d[0] for d in products], [d[-1] for d in products])
    return [np.array(column, np.int32) for column in (*plain, steps)]


def test_only_days_between_the_first_and_the_last_are_told():
    assert told_steps([7]) == told_steps([7, 9]) == []
    assert told_steps([7, 9, 10, 20]) == [2, 1]


def test_three_products_keep_their_days():
    found = days_of(*columns([100], [100, 130], [101, 105, 109, 140]))
    assert found.starts.tolist() == [0, 1, 3, 7]
    assert found.days.tolist() == [100, 100, 130, 101, 105, 109, 140]


def test_days_that_are_not_told_are_spread_evenly():
    counts, first, last, _ = columns([100, 101, 102, 130])
    assert days_of(counts, first, last, np.empty(0, np.int32)).days.tolist() == [100, 110, 120, 130]


def test_nothing_bought_has_no_days():
    found = days_of(*(np.empty(0, np.int32) for _ in range(4)))
    assert (found.starts.tolist(), found.days.tolist()) == ([0], [])


@pytest.mark.parametrize("steps", [[5], [5, 4, 1], [5, 0], [35, 5], [38, 1]])
def test_steps_that_are_too_few_too_many_none_or_too_long_are_refused(steps):
    counts, first, last, _ = columns([100, 110, 120, 139])
    assert days_of(counts, first, last, np.array(steps, np.int32)) is None


@given(
    st.lists(
        st.sets(st.integers(1, 80_000), min_size=1, max_size=9).map(sorted), min_size=1, max_size=9
    )
)
def test_any_days_come_back_as_they_were(products):
    if not any(len(days) > 2 for days in products):
        products.append([1, 2, 3])
    found = days_of(*columns(*products))
    assert found.days.tolist() == [day for days in products for day in days]
