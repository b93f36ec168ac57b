"""Replenishment from and to the wire."""

from dataclasses import dataclass

import numpy as np

from restock.core.arrays import Longs
from restock.core.replenishment import Replenishment, ReplenishmentState
from restock.errors import InvalidRequest
from restock.serving.convert import check_id
from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from services.profile_store.events.calendar import Calendar
from services.profile_store.fields import check_size
from services.profile_store.profile import Profile

DEFAULT_HORIZON_DAYS = 7
MAX_HORIZON_DAYS = 90
DEFAULT_PAGE = 100
MAX_PAGE = 1_000
STATES = frozenset(map(int, ReplenishmentState))


@dataclass(frozen=True)
class Outlook:
    """What is asked for."""

    user_id: str
    """Whose products."""
    as_of_day: int
    """Day looked from, counted from 1970-01-01."""
    horizon_days: int
    """Days to look ahead."""
    page_size: int
    """Most products answered."""
    states: tuple[int, ...]
    """States answered, all when empty."""


def outlook_from(
    request: pb.GetReplenishmentRequest, calendar: Calendar, now_seconds: float
) -> Outlook:
    """Check a request.

    Raises:
        InvalidRequest: a field is outside what is allowed.
    """
    check_size(len(request.states), len(STATES), "states", least=0)
    for position, state in enumerate(request.states):
        if state not in STATES:
            raise InvalidRequest(f"states[{position}]", f"a named ReplenishmentState, not {state}")
    day = calendar.day(now_seconds)
    if request.HasField("as_of_time"):
        time = request.as_of_time
        day = calendar.moment(time.seconds, time.nanos, now_seconds, "as_of_time").day
    return Outlook(
        check_id(request.user_id, "user_id"),
        day,
        bounded(request.horizon_days, DEFAULT_HORIZON_DAYS, MAX_HORIZON_DAYS, "horizon_days"),
        bounded(request.page_size, DEFAULT_PAGE, MAX_PAGE, "page_size"),
        tuple(request.states),
    )


def bounded(value: int, default: int, most: int, field: str) -> int:
    """Check a number; 0 means the default.

    Raises:
        InvalidRequest: it is too high.
    """
    if value > most:
        raise InvalidRequest(field, f"1 to {most:,}, or 0 for {default}; not {value:,}")
    return value or default


def response_to(
    asked: Outlook, profile: Profile, found: Replenishment, version: str
) -> pb.GetReplenishmentResponse:
    """Answer with the most probable products in the states asked for."""
    products = [product_to(profile, found, row) for row in chosen(asked, found).tolist()]
    return pb.GetReplenishmentResponse(
        products=products, as_of_day=asked.as_of_day, model_version=version
    )


def chosen(asked: Outlook, found: Replenishment) -> Longs:
    """Rows answered, most probable first; of several those of the first product ids."""
    rows = np.argsort(-found.probabilities, kind="stable")
    if asked.states:
        rows = rows[np.isin(found.states[rows], asked.states)]
    return rows[: asked.page_size]


def product_to(profile: Profile, found: Replenishment, row: int) -> pb.Replenishment:
    """Encode one product."""
    return pb.Replenishment(
        product_id=profile.product_ids[row],
        state=int(found.states[row]),  # type: ignore[arg-type]
        probability=found.probabilities[row],
        cycle_days=found.cycle_days[row],
        cycle_days_low=found.cycle_days_low[row],
        cycle_days_high=found.cycle_days_high[row],
        gaps=found.gaps[row],
        last_day=profile.last_days[row],
        due_day=found.due_days[row],
        suggested_units=found.suggested_units[row],
    )


def add_cycles(message: types_pb2.Profile, found: Replenishment) -> None:
    """Fill in the columns that a profile has on request."""
    message.cycle_days.extend(found.cycle_days.tolist())
    message.cycle_gaps.extend(found.gaps.tolist())
