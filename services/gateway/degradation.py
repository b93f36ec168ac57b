"""What an answer had to do without, and the failure of a peer that leads to it."""

from enum import IntEnum
from typing import NamedTuple

PROFILE_STORE = "profile_store"
CANDIDATE_GEN = "candidate_gen"
RERANKER = "reranker"


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
