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


TERMS = Terms(Calendar(), NO_KNOBS, "", 1.0, 0.03, 0.3, 0.02, 0.001, 0.00002)


@pytest.mark.parametrize(
    ("given", "for_peers"), [(1.0, 0.97), (None, 0.97), (0.2, 0.17), (0.04, 0.03), (0.0, 0.0)]
)
def test_30_ms_are_kept_for_answering_but_a_quarter_at_most(
    given: float | None, for_peers: float
) -> None:
    context: Any = Context(given)
    assert TERMS.budget(context).for_hop(9.0) == pytest.approx(for_peers, abs=0.001)


@pytest.mark.parametrize(
    ("given", "pages", "page_size", "for_peers"),
    [
        (1.0, 1, 0, 0.969), (1.0, 100, 0, 0.87), (1.0, 100, 5, 0.86), (1.0, 100, 100, 0.67),
        (0.2, 100, 5, 0.1), (None, 1, 0, 0.969), (None, 100, 5, 2.84),
    ],
)  # fmt: skip
def test_a_batch_keeps_1_ms_a_page_and_without_a_deadline_has_20_ms_more_for_each_further_request(
    given: float | None, pages: int, page_size: int, for_peers: float
) -> None:
    context: Any = Context(given)
    budget = TERMS.batch_budget(context, [page_size] * pages)
    assert budget.for_hop(9.0) == pytest.approx(for_peers, abs=0.001)
