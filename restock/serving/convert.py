"""Checks and conversions of messages that several services speak."""

import math
from collections.abc import Sequence
from typing import Any

from restock.core.arrays import Floats
from restock.core.product_filter import ProductFilter
from restock.errors import InvalidRequest
from restock.ids import LONGEST_ID_BYTES, is_id
from restock.limits import LAST_DAY
from restock.tuning_config import TuningConfig
from restock.v1 import types_pb2

MAX_FILTER_CATEGORIES = 100
MAX_LIST_IDS = 1000
MAX_CONTEXT_IDS = 100


def check_id(value: str, field: str) -> str:
    """Return an id that has 1 to 128 bytes and no control characters.

    Raises:
        InvalidRequest: it has not; names `field`.
    """
    if is_id(value):
        return value
    raise InvalidRequest(
        field, f"1 to {LONGEST_ID_BYTES} bytes of UTF-8 without control characters"
    )


def check_ids(values: Sequence[str], field: str, most: int) -> list[str]:
    """Return at most `most` ids, each checked.

    Raises:
        InvalidRequest: there are more, or one is not an id; names the field and the position.
    """
    if len(values) > most:
        raise InvalidRequest(field, f"at most {most} ids, not {len(values)}")
    return [check_id(value, f"{field}[{place}]") for place, value in enumerate(values)]


def filter_from(message: types_pb2.ProductFilter, field: str = "filter") -> ProductFilter:
    """Decode a filter.

    Raises:
        InvalidRequest: too many categories or an empty one; a price bound not finite, negative or crossed.
    """
    if len(message.categories) > MAX_FILTER_CATEGORIES:
        allowed = f"at most {MAX_FILTER_CATEGORIES}, not {len(message.categories)}"
        raise InvalidRequest(f"{field}.categories", allowed)
    low = check_price(message, "min_price", field)
    high = check_price(message, "max_price", field)
    if low is not None and high is not None and low > high:
        raise InvalidRequest(f"{field}.max_price", f"at least min_price ({low}), not {high}")
    # As the trainer spells them.
    categories = tuple([" ".join(category.split()) for category in message.categories])
    if not all(categories):
        allowed = "a category's name, not an empty one"
        raise InvalidRequest(f"{field}.categories[{categories.index('')}]", allowed)
    return ProductFilter(categories, low, high)


def check_price(message: types_pb2.ProductFilter, name: Any, field: str) -> float | None:
    """Return a price bound, None when it is not set.

    Raises:
        InvalidRequest: it is negative or not finite.
    """
    if not message.HasField(name):
        return None
    value = float(getattr(message, name))
    if not (math.isfinite(value) and value >= 0):
        raise InvalidRequest(f"{field}.{name}", f"a finite number of at least 0, not {value}")
    return value


def novelty_from(message: Any) -> float | None:
    """Decode a request's share of new products, None when it is not set.

    Args:
        message: a request with a field `novelty`.

    Raises:
        InvalidRequest: it is not from 0 to 1.
    """
    if not message.HasField("novelty"):
        return None
    novelty = float(message.novelty)
    if not 0 <= novelty <= 1:
        raise InvalidRequest("novelty", f"0 to 1, not {novelty}")
    return novelty


def changes_from(message: types_pb2.TuningOverrides) -> dict[str, float]:
    """Decode the knobs that a request sets; `TuningConfig.changed` checks their ranges."""
    return {field.name: value for field, value in message.ListFields()}


def tuned(tuning: TuningConfig, message: Any) -> TuningConfig:
    """Apply a request's overrides to a model version's tuning.

    Args:
        tuning: the model version's.
        message: a request with a field `tuning`.

    Raises:
        InvalidTuning: a knob is outside its range.
    """
    if not message.HasField("tuning"):
        return tuning
    return tuning.changed(changes_from(message.tuning))


def check_day(day: int, field: str) -> int:
    """Return a day between 1970 and 2200.

    Raises:
        InvalidRequest: it is 0 (unset) or later.
    """
    if not 0 < day <= LAST_DAY:
        raise InvalidRequest(
            field, f"a day from 1 to {LAST_DAY} counted from 1970-01-01, not {day}"
        )
    return day


def check_purchases(
    counts: Floats, first_days: Floats, last_days: Floats, field: str, least: int
) -> None:
    """Refuse columns of purchases that nobody can have made.

    Args:
        counts: (products,) days on which each was bought.
        first_days: (products,) first of them.
        last_days: (products,) last of them.
        field: message that has the columns.
        least: smallest count.

    Raises:
        InvalidRequest: a count is outside `least` to the number of days that there are, or a last day
            is before the first one or after 2200.
    """
    if not (counts.min(initial=least) >= least and counts.max(initial=least) <= LAST_DAY):
        raise InvalidRequest(f"{field}.purchase_counts", f"{least} to {LAST_DAY} days each")
    if last_days.max(initial=0) > LAST_DAY or (first_days > last_days).any():
        raise InvalidRequest(f"{field}.last_days", f"from first_days to {LAST_DAY} each")
