"""What an operator is told of degraded pages: few series, and the reason's own words in the log."""

from contextvars import copy_context

import pytest
from prometheus_client import CollectorRegistry

from restock.serving.interceptor import LINE_FIELDS
from services.gateway.degradation import Degradation, Loss, short_page
from services.gateway.tally import DegradationTally

AWAY = Degradation(Loss.NO_PROFILE, "profile_store", "UNAVAILABLE")


def counted(registry: CollectorRegistry, kind: str, service: str, reason: str) -> float | None:
    labels = {"kind": kind, "service": service, "reason": reason}
    return registry.get_sample_value("restock_gateway_degradations_total", labels)


@pytest.mark.parametrize(
    ("degradation", "reason"),
    [
        (AWAY, "UNAVAILABLE"),
        (Degradation(Loss.NO_PROFILE, "profile_store", "DEADLINE_EXCEEDED"), "DEADLINE_EXCEEDED"),
        (Degradation(Loss.NO_CANDIDATES, "candidate_gen", "1001 candidates"), "wrong_answer"),
        (Degradation(Loss.NO_RERANKING, "reranker", "a result twice"), "wrong_answer"),
        (Degradation(Loss.NO_RANKER, "", "the model version has no ranker"), "no_fault"),
        (short_page(0, 5, ["any name that a caller likes"]), "no_fault"),
        (Degradation(Loss.SHORT_PAGE, "", "UNAVAILABLE"), "no_fault"),
    ],
)
def test_a_reason_in_words_counts_under_one_of_two_fixed_words(
    degradation: Degradation, reason: str
) -> None:
    registry = CollectorRegistry()
    copy_context().run(DegradationTally(registry).count, [[degradation]])
    assert counted(registry, degradation.loss.name, degradation.service, reason) == 1


def test_a_peer_that_never_failed_is_counted_with_0_so_that_a_rate_sees_its_first_failure() -> None:
    registry = CollectorRegistry()
    DegradationTally(registry)
    assert counted(registry, "NO_CANDIDATES", "candidate_gen", "DEADLINE_EXCEEDED") == 0
    assert counted(registry, "NO_RERANKING", "reranker", "UNAVAILABLE") == 0
    assert counted(registry, "NO_PROFILE", "profile_store", "wrong_answer") == 0


def test_100_pages_with_100_reasons_are_100_in_one_series_and_one_entry_of_the_line() -> None:
    registry, context = CollectorRegistry(), copy_context()
    pages = [
        [AWAY, Degradation(Loss.NO_RERANKING, "reranker", f"{place} results where 5 belong")]
        for place in range(100)
    ]
    context.run(DegradationTally(registry).count, pages)
    assert counted(registry, "NO_RERANKING", "reranker", "wrong_answer") == 100
    assert context[LINE_FIELDS] == {
        "degradations": [
            {"kind": "NO_PROFILE", "service": "profile_store", "reason": "UNAVAILABLE", "pages": 100},
            {
                "kind": "NO_RERANKING", "service": "reranker",
                "reason": "0 results where 5 belong", "pages": 100,
            },
        ]
    }  # fmt: skip


def test_pages_that_lack_nothing_add_nothing_to_the_line() -> None:
    context = copy_context()
    context.run(DegradationTally(CollectorRegistry()).count, [[], []])
    assert LINE_FIELDS not in context
