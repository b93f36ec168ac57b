import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.medians import group_medians


def test_an_even_group_has_the_mean_of_its_middle_two_and_an_empty_one_has_none():
    medians, sizes = group_medians(
        np.array([0, 0, 2], np.int32), np.array([1.0, 2.0, 7.0]), count=3
    )
    assert medians[[0, 2]].tolist() == [1.5, 7]
    assert np.isnan(medians[1])
    assert sizes.tolist() == [2, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100)), max_size=40))
def test_each_median_is_numpys(pairs):
    groups = np.array([group for group, _ in pairs], np.int32)
    values = np.array([value for _, value in pairs], np.float64)
    medians, _ = group_medians(groups, values, count=4)
    for group in range(4):
        own = values[groups == group]
        assert np.isnan(medians[group]) if not own.size else medians[group] == np.median(own)
