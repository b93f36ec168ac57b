"""What a caller asks, checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from restock.core.product_filter import ProductFilter

if TYPE_CHECKING:
    from services.gateway.peers import RecommendRequest, Strategy, TuningOverrides


class Explain(IntEnum):
    """How much of the "why" to answer; numbered as ExplainLevel in the proto."""

    NONE = 1
    REASONS = 2
    FULL = 3


@dataclass(slots=True)
class Query:
    """One shopper's request, checked. Never changed once it is made."""

    request: RecommendRequest
    """As it came, for what is passed on whole."""
    strategy: Strategy
    """How candidates are to be found."""
    page_size: int
    """Results wanted, 1 to 100."""
    explain: Explain
    """How much of the "why" to answer."""
    as_of_day: int
    """The day for which to recommend."""
    blocked: frozenset[str]
    """Never answered: the exclude list and the context."""
    included: frozenset[str]
    """When there are any, only these are answered."""
    within: ProductFilter | None
    """Never violated; None lets all through."""
    tuning: TuningOverrides | None
    """Changes to the model version's tuning: the deployment's, then the request's own."""
    novelty: float | None
    """Share of new products on the page, 0 to 1; None lets the scores decide."""
    fingerprint: bytes
    """Equal for requests that ask the same."""

    @property
    def user_id(self) -> str:
        """The shopper."""
        return self.request.user_id

    @property
    def restricted(self) -> bool:
        """Whether anything narrows the catalogue down: then few products, or none, may be left."""
        return bool(self.blocked or self.included or self.within)

    def without(self, product_ids: Iterable[str]) -> Query:
        """The same query, never answered with these either."""
        return replace(self, blocked=self.blocked.union(product_ids))

    def allows(self, product_id: str) -> bool:
        """Tell whether the lists let a product through."""
        if product_id in self.blocked:
            return False
        return not self.included or product_id in self.included


@dataclass(frozen=True, slots=True)
class ListingQuery:
    """How many products of which kind a caller without a shopper wants."""

    page_size: int
    """Products wanted, 1 to 100."""
    within: ProductFilter | None
    """Never violated; None lets all through."""
