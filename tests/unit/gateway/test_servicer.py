"""How much time a caller's call gets."""

from typing import Any

import pytest

from services.gateway.calendar import Calendar
from services.gateway.convert import NO_KNOBS
from services.gateway.servicer import Terms


class Context:
    """A call with so many seconds left."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def time_remaining(self) -> float | None:
        return self.seconds


@pytest.mark.parametrize(
    ("given", "for_peers"), [(1.0, 0.97), (None, 0.97), (0.2, 0.17), (0.04, 0.03), (0.0, 0.0)]
)
def test_30_ms_are_kept_for_answering_but_a_quarter_at_most(
    given: float | None, for_peers: float
) -> None:
    terms = Terms(Calendar(), NO_KNOBS, "", 1.0, 0.03, 0.3)
    context: Any = Context(given)
    assert terms.budget(context).for_hop(9.0) == pytest.approx(for_peers, abs=0.001)
