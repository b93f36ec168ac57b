"""What an answer had to do without, and the failure of a peer that leads to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import NamedTuple

PROFILE_STORE = "profile_store"
CANDIDATE_GEN = "candidate_gen"
RERANKER = "reranker"
GIVEN_UP = frozenset(("DEADLINE_EXCEEDED", "UNAVAILABLE"))
"""Failures that the next question to the same peer is going to meet too."""


MAX_CATEGORIES_TOLD = 3
MAX_CATEGORY_LENGTH = 40
"""Characters of a category's name that are told: a caller may have sent any number."""


class Loss(IntEnum):
    """What is missing; numbered as DegradationKind in the proto."""

    NO_PROFILE = 1
    NO_CANDIDATES = 2
    NO_RERANKING = 3
    SHORT_PAGE = 4
    NO_RANKER = 5


class Degradation(NamedTuple):
    """One line of a response's degradations."""

    loss: Loss
    service: str
    """At fault; empty when none is."""
    reason: str
    """Why, in a word or a sentence."""


def short_page(found: int, wanted: int, no_such_categories: Sequence[str]) -> Degradation:
    """Say that a page is short, and why where a filter names categories that no product has."""
    reason = f"{found} of {wanted} products"
    if no_such_categories:
        told = [repr(name[:MAX_CATEGORY_LENGTH]) for name in no_such_categories]
        more = len(told) - MAX_CATEGORIES_TOLD
        names = ", ".join(told[:MAX_CATEGORIES_TOLD]) + (f" and {more} more" if more > 0 else "")
        reason += f"; no such category: {names}"
    return Degradation(Loss.SHORT_PAGE, "", reason)


class PeerFailed(Exception):
    """A peer is down, too slow or wrong. Never leaves the gateway: it becomes a degradation.

    Attributes:
        service: the peer.
        reason: a status code's name, or what is wrong with the answer.
        versions: model versions that the peer holds, when it refused one that it does not.
    """

    def __init__(self, service: str, reason: str, versions: tuple[str, ...] = ()) -> None:
        super().__init__(f"{service}: {reason}")
        self.service = service
        self.reason = reason
        self.versions = versions


class CircuitBreaker:
    """Peers that are not asked again, by one call or by all of a batch: they were away or too slow once."""

    __slots__ = ("_reasons",)

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @contextmanager
    def asking(self, service: str) -> Iterator[None]:
        """Ask a peer in the body, and remember when that fails for more than this question.

        Raises:
            PeerFailed: the peer failed before; the body is not entered. Or in the body.
        """
        if service in self._reasons:
            raise PeerFailed(service, self._reasons[service])
        try:
            yield
        except PeerFailed as failure:
            if failure.reason in GIVEN_UP:
                self._reasons[failure.service] = failure.reason
            raise
