"""What the pipeline answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from services.gateway.degradation import Degradation
from services.gateway.query import Explain
from services.gateway.reasons import Reason

if TYPE_CHECKING:
    from services.gateway.peers import Candidates, Ranked


@dataclass(slots=True)
class CandidateSet:
    """Candidates, and where they come from."""

    candidates: Candidates
    """Best first; every column even."""
    version: str
    """The model version that found them; empty for stand-ins."""
    strategy: int
    """As in the proto's Strategy, never UNSPECIFIED or AUTO."""
    missing_ids: tuple[str, ...] = ()
    """Ids of the request that the model version does not know."""


class Result(NamedTuple):
    """One product of the page."""

    product: Ranked
    reasons: list[Reason]


@dataclass(slots=True)
class Answer:
    """One page. Never changed once it is made; several calls may get the same from the cache."""

    results: list[Result]
    """Best first."""
    explain: Explain
    """How much of the "why" to answer."""
    strategy: int
    """As in the proto's Strategy, never UNSPECIFIED or AUTO."""
    model_version: str
    """The one version that took part; empty when none did."""
    missing_ids: tuple[str, ...]
    """Ids of the request that the model version does not know."""
    profile_revision: int
    """Revision of the profile that was used; 0 for an unknown user."""
    degradations: list[Degradation]
    """What it had to do without; empty when all went well."""


class SimilarAnswer(NamedTuple):
    """Products with scores, best first."""

    products: list[tuple[str, float]]
    """Ids and scores above 0, at most 1."""
    model_version: str
    missing_ids: tuple[str, ...]
    degradations: list[Degradation]
