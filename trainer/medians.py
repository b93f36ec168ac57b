"""Medians of many groups at once."""

import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Floats, Ints


def group_medians(groups: Ints, values: NDArray[np.float64], count: int) -> tuple[Floats, Floats]:
    """Median of the values in each group, and how many there are.

    Args:
        groups: (values,) int32, 0 to `count` - 1.
        values: (values,) float64.
        count: number of groups.

    Returns:
        (count,) float32 medians, NaN for an empty group; (count,) float32 sizes.
    """
    order = np.lexsort((values, groups))
    in_order = np.append(values[order], np.nan)
    sizes = np.bincount(groups, minlength=count)
    starts = np.cumsum(sizes) - sizes
    lower = np.where(sizes > 0, starts + (sizes - 1) // 2, len(values))
    upper = np.where(sizes > 0, starts + sizes // 2, len(values))
    medians = (in_order[lower] + in_order[upper]) / 2
    return medians.astype(np.float32), sizes.astype(np.float32)
