"""Degradations as an operator sees them: a counter, and a field of the call's log line."""

from collections.abc import Sequence
from typing import NamedTuple

import grpc
from prometheus_client import CollectorRegistry, Counter

from restock.serving.interceptor import add_to_line
from services.gateway.degradation import (
    CANDIDATE_GEN,
    GIVEN_UP,
    PROFILE_STORE,
    RERANKER,
    Degradation,
    Loss,
)

CODE_NAMES = frozenset(code.name for code in grpc.StatusCode)
WRONG_ANSWER = "wrong_answer"
"""A peer answered, but what it answered could not be used."""
NO_FAULT = "no_fault"
"""Nobody failed: the page is short, or the model version has no ranker."""
OF_PEER = (
    (Loss.NO_PROFILE, PROFILE_STORE),
    (Loss.NO_CANDIDATES, CANDIDATE_GEN),
    (Loss.NO_RERANKING, RERANKER),
)
"""What each peer costs when it is away."""


class Labels(NamedTuple):
    """The counter's labels. Few: a reason in words may hold numbers and names."""

    kind: str
    service: str
    reason: str


class DegradationTally:
    """Counts degradations of the pages that were answered, and names them in the log."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._degradations = Counter(
            "restock_gateway_degradations_total",
            "Degradations of pages answered, by kind, service at fault and reason.",
            Labels._fields, registry=registry,
        )  # fmt: skip
        self._children: dict[Labels, Counter] = {}
        for loss, service in OF_PEER:
            for reason in (*GIVEN_UP, WRONG_ANSWER):
                # There from the start: a rate sees nothing of a series that begins at 1.
                self._child(Labels(loss.name, service, reason))

    def count(self, pages: Sequence[Sequence[Degradation]]) -> None:
        """Count each page of a call, and add to the call's line what they had to do without.

        The line has an entry for each set of labels, with the first one's reason in its own words.
        """
        if not any(pages):
            return
        found: dict[Labels, Degradation] = {}
        times: dict[Labels, int] = {}
        for degradation in (one for page in pages for one in page):
            labels = labels_of(degradation)
            found.setdefault(labels, degradation)
            times[labels] = times.get(labels, 0) + 1
        for labels, count in times.items():
            self._child(labels).inc(count)
        add_to_line(
            degradations=[
                {**labels._asdict(), "reason": one.reason, "pages": times[labels]}
                for labels, one in found.items()
            ]
        )

    def _child(self, labels: Labels) -> Counter:
        """One series of the counter; looking it up in the library costs more than counting."""
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._degradations.labels(*labels)
        return child


def labels_of(degradation: Degradation) -> Labels:
    """Find the series that a degradation counts in."""
    loss, service, reason = degradation
    if not service:
        reason = NO_FAULT
    elif reason not in CODE_NAMES:
        reason = WRONG_ANSWER
    return Labels(loss.name, service, reason)
