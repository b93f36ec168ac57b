"""One budget, shared out to the hops."""

import math

import pytest

from restock.serving.deadline import Budget, given_seconds


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_hop_gets_its_ceiling_while_there_is_time() -> None:
    assert Budget(1.0, 0.02, Clock()).for_hop(0.3) == pytest.approx(0.3)


def test_a_hop_gets_what_remains_less_the_reserve() -> None:
    clock = Clock()
    budget = Budget(1.0, 0.02, clock)
    clock.now += 0.9
    assert budget.for_hop(0.3) == pytest.approx(0.08)


def test_a_hop_gets_nothing_once_only_the_reserve_is_left() -> None:
    clock = Clock()
    budget = Budget(1.0, 0.02, clock)
    clock.now += 0.99
    assert budget.for_hop(0.3) == 0.0
    clock.now += 5
    assert budget.for_hop(0.3) == 0.0


@pytest.mark.parametrize(
    ("time_remaining", "seconds"),
    [(None, 1.0), (math.inf, 1.0), (9e9, 1.0), (0.25, 0.25), (5.0, 5.0), (-3.0, 0.0)],
)
def test_a_caller_without_a_deadline_gets_the_default(
    time_remaining: float | None, seconds: float
) -> None:
    assert given_seconds(time_remaining, default_seconds=1.0) == seconds
