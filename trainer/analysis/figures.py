"""Numbers as the report tells them."""

import math
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np

from restock.days import date_of

DIGITS = 6
"""Digits behind the point that JSON holds."""


def day_name(day: int) -> str:
    """Name a day counted from 1970-01-01, as in 2017-03-05."""
    return date_of(day).isoformat()


def plain(value: Any) -> Any:
    """Turn results into what JSON holds: rounded, without NaN, without array types."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value


def share(part: float, whole: float) -> float | None:
    """Part of a whole, None of nothing."""
    return part / whole if whole else None
