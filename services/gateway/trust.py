"""Whether a peer's answer can be used. Cheap: what every request pays for is lengths and the page.

Whole columns are looked through only once the next peer has failed on them: then the question is
whose fault that was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from restock.limits import (
    LAST_DAY,
    MAX_CANDIDATES,
    MAX_CART_PRODUCTS,
    MAX_PURCHASES,
    MAX_SCORE_PART,
    MAX_VIEWS,
    SECONDS_A_DAY,
)
from services.gateway.degradation import CANDIDATE_GEN, PROFILE_STORE, RERANKER, PeerFailed

if TYPE_CHECKING:
    from services.gateway.fallback.popular import PopularList
    from services.gateway.peers import Candidates, Generated, Neighbours, Page, Popular, Profile
    from services.gateway.query import Query

MAX_VERSION_LENGTH = 128
STRATEGIES_USED = frozenset((1, 2, 3, 4, 6))
"""Strategies that can have been used: neither UNSPECIFIED nor AUTO."""
BREAKDOWN_TOLERANCE = 1e-4
"""Relative difference of a score and the sum of its parts that float32 arithmetic explains."""


def check_profile(profile: Profile, user_id: str) -> None:
    """Refuse somebody else's profile, and one whose columns or amounts make no sense.

    Raises:
        PeerFailed: of the profile store.
    """
    if profile.user_id not in ("", user_id):
        raise PeerFailed(PROFILE_STORE, "profile of another user")
    columns = (
        profile.purchase_counts, profile.first_days, profile.last_days,
        profile.units_milli, profile.spend_milli,
    )  # fmt: skip
    views, cart = profile.viewed_product_ids, profile.cart_product_ids
    if not (
        even(len(profile.product_ids), columns)
        and len(profile.viewed_seconds) in (0, len(views))
        and len(profile.cart_units_milli) in (0, len(cart))
    ):
        raise PeerFailed(PROFILE_STORE, "columns differ in length")
    if len(views) > MAX_VIEWS or len(cart) > MAX_CART_PRODUCTS:
        raise PeerFailed(PROFILE_STORE, f"{len(views)} views and {len(cart)} products in the cart")
    if not (is_amount(profile.average_price) and is_amount(profile.spend_per_day)):
        raise PeerFailed(PROFILE_STORE, "amounts that are none")


def check_count(profiles: Sequence[Profile], users: int) -> None:
    """Refuse another number of profiles than users were asked for.

    Raises:
        PeerFailed: of the profile store.
    """
    if len(profiles) != users:
        raise PeerFailed(PROFILE_STORE, f"{len(profiles)} profiles for {users} users")


def check_generated(answer: Generated, query: Query, wanted_version: str) -> None:
    """Refuse candidates that are uneven, too many, nameless, or not what was asked for.

    Raises:
        PeerFailed: of candidate_gen.
    """
    if wrong := fault_of_answer(answer, query, wanted_version):
        raise PeerFailed(CANDIDATE_GEN, wrong)


def fault_of_answer(answer: Generated, query: Query, wanted_version: str) -> str:
    """Say what is wrong with candidates at first sight; empty when nothing is."""
    version, candidates = answer.model_version, answer.candidates
    count = len(candidates.product_ids)
    if not is_version(version) or wanted_version not in ("", version):
        return "wrong model version"
    if answer.strategy_used not in STRATEGIES_USED:
        return "no strategy"
    # A narrow request may leave none; the whole catalogue does not.
    if count > MAX_CANDIDATES or not (count or query.restricted):
        return f"{count} candidates"
    if not even(count, columns_of(candidates)):
        return "columns differ in length"
    return "" if inside_lists(candidates, query) else "candidates outside the request's lists"


def inside_lists(candidates: Candidates, query: Query) -> bool:
    """Tell whether the request's lists let every candidate through."""
    ids = candidates.product_ids
    if query.included and not query.included.issuperset(ids):
        return False
    return not query.blocked or query.blocked.isdisjoint(ids)


def fault_of_profile(profile: Profile) -> str:
    """Look a profile through and say what is wrong with it; empty when nothing is."""
    ids = set(profile.product_ids)
    if "" in ids or len(ids) < len(profile.product_ids):
        return "a product twice or without an id"
    if max(profile.viewed_seconds, default=0) // SECONDS_A_DAY > LAST_DAY:
        return "views after 2200"
    return fault_of_purchases(profile, least=1) or fault_of_days(profile)


def fault_of_days(profile: Profile) -> str:
    """Say what is wrong with the days between first and last ones; empty when nothing is."""
    counts, steps = np.array(profile.purchase_counts, np.int64), profile.inner_day_steps
    if counts.sum() > MAX_PURCHASES:
        return f"{counts.sum()} purchases"
    if not steps:
        return ""
    inner = np.maximum(counts - 2, 0)
    if inner.sum() != len(steps):
        return "days that are not as many as the purchases"
    spans = np.array(profile.last_days, np.int64) - np.array(profile.first_days, np.int64)
    owners = np.repeat(np.arange(len(inner)), inner)
    inside = np.bincount(owners, np.array(steps), len(inner)) < np.where(inner > 0, spans, 1)
    return "" if bool(inside.all()) and min(steps) > 0 else "days outside the first and the last"


def fault_of_candidates(candidates: Candidates, signals: int) -> str:
    """Look candidates through and say what is wrong with them; empty when nothing is.

    Args:
        candidates: even columns.
        signals: number of products that anchors point into.
    """
    parts = (
        candidates.als, candidates.item_cf, candidates.popularity, candidates.history,
        candidates.learned,
    )  # fmt: skip
    # NaN is not inside either.
    if not all(((part >= 0) & (part <= MAX_SCORE_PART)).all() for part in map(np.array, parts)):
        return "scores that are none"
    ids = set(candidates.product_ids)
    if "" in ids or len(ids) < len(candidates.product_ids):
        return "a candidate twice or without an id"
    anchors = np.array(candidates.anchors, np.int64)
    if not ((anchors >= -1) & (anchors < max(signals, 1))).all():
        return "anchors that point nowhere"
    return fault_of_purchases(candidates, least=0)


def fault_of_purchases(columns: Profile | Candidates, least: int) -> str:
    """Say what is wrong with counts and days of purchases; empty when nothing is.

    Args:
        columns: even ones, an empty one is all zero.
        least: smallest count.
    """
    zeros = np.zeros(len(columns.product_ids), np.int64)
    first, last = (
        np.array(days) if days else zeros for days in (columns.first_days, columns.last_days)
    )
    counts = np.array(columns.purchase_counts) if columns.purchase_counts else zeros
    possible = (least <= counts) & (counts <= LAST_DAY) & (first <= last) & (last <= LAST_DAY)
    return "" if possible.all() else "purchases that nobody can have made"


def check_page(
    page: Page, candidates: Candidates, query: Query, wanted_version: str, full: bool
) -> None:
    """Refuse a page that does not come from the candidates and versions that were sent.

    Args:
        page: the reranker's answer.
        candidates: what it was to rank.
        query: asks for a page size.
        wanted_version: that it was to rank with; empty leaves the choice to it.
        full: whether as many results must come as there can be.

    Raises:
        PeerFailed: of the reranker.
    """
    version = page.model_version
    if not is_version(version) or wanted_version not in ("", version):
        raise PeerFailed(RERANKER, "wrong model version")
    found, possible = len(page.results), min(query.page_size, len(candidates.product_ids))
    if found > possible or (full and found < possible):
        raise PeerFailed(RERANKER, f"{found} results where {possible} belong")
    if wrong := fault_of_results(page.results, candidates):
        raise PeerFailed(RERANKER, wrong)


def fault_of_results(results: Sequence[Any], candidates: Candidates) -> str:
    """Say what is wrong with a page's results; empty when nothing is."""
    ids, seen = candidates.product_ids, set()
    count = len(ids)
    for result in results:
        position, product_id = result.position, result.product_id
        if position >= count or not product_id or ids[position] != product_id:
            return "results that are not among the candidates"
        if not is_amount(result.score) or not is_amount(result.cycle_days):
            return "scores that are none"
        if not adds_up(result):
            return "a breakdown that does not add up"
        seen.add(product_id)
    return "" if len(seen) == len(results) else "a result twice"


def adds_up(result: Any) -> bool:
    """Tell whether a result's parts sum up to its score."""
    parts = result.breakdown
    total = (
        parts.als + parts.item_cf + parts.popularity + parts.history + parts.learned
        + parts.price + parts.repurchase + parts.segment + parts.upsell
    )  # fmt: skip
    return bool(abs(total - result.score) <= BREAKDOWN_TOLERANCE * (result.score + 1e-6))


def check_popular(popular: Popular, most: int) -> None:
    """Refuse a page of popular products that is uneven, too long, or scores nothing sensible.

    Raises:
        PeerFailed: of candidate_gen.
    """
    check_popular_shape(popular, most)
    ids = popular.product_ids
    if len(set(ids)) < len(ids) or "" in ids:
        raise PeerFailed(CANDIDATE_GEN, "popular products that are none")
    if not all(0 <= score <= 1 for score in popular.scores):
        raise PeerFailed(CANDIDATE_GEN, "scores that are none")


def check_popular_shape(popular: Popular, most: int) -> None:
    """Refuse popular products that are uneven, too many, or none because the caller should know them.

    Raises:
        PeerFailed: of candidate_gen.
    """
    count = len(popular.product_ids)
    if not is_version(popular.model_version):
        raise PeerFailed(CANDIDATE_GEN, "wrong model version")
    if count > most or popular.unchanged:
        raise PeerFailed(CANDIDATE_GEN, "popular products that are none")
    if any(len(column) != count for column in (popular.scores, popular.categories, popular.prices)):
        raise PeerFailed(CANDIDATE_GEN, "columns differ in length")


def check_popular_list(popular: PopularList) -> None:
    """Refuse a decoded list with a product twice or without an id, or with scores that are none.

    Raises:
        PeerFailed: of candidate_gen.
    """
    if len(popular.place_of) < len(popular.product_ids) or "" in popular.place_of:
        raise PeerFailed(CANDIDATE_GEN, "popular products that are none")
    # NaN is not inside either.
    if not ((popular.scores >= 0) & (popular.scores <= 1)).all():
        raise PeerFailed(CANDIDATE_GEN, "scores that are none")


def check_neighbours(neighbours: Neighbours, product_id: str, most: int) -> None:
    """Refuse neighbours that are uneven, too many, the product itself, or score nothing sensible.

    Raises:
        PeerFailed: of candidate_gen.
    """
    ids = neighbours.product_ids
    if not is_version(neighbours.model_version):
        raise PeerFailed(CANDIDATE_GEN, "wrong model version")
    if len(ids) > most or len(set(ids)) < len(ids) or "" in ids or product_id in ids:
        raise PeerFailed(CANDIDATE_GEN, "neighbours that are none")
    if len(neighbours.scores) != len(ids):
        raise PeerFailed(CANDIDATE_GEN, "columns differ in length")
    if not all(0 < score <= 1 for score in neighbours.scores):
        raise PeerFailed(CANDIDATE_GEN, "scores that are none")


def columns_of(candidates: Candidates) -> tuple[Sequence[float], ...]:
    """All columns beside the ids."""
    return (
        candidates.als, candidates.item_cf, candidates.popularity, candidates.history,
        candidates.learned, candidates.known_variants, candidates.anchors,
        candidates.purchase_counts, candidates.first_days, candidates.last_days,
        candidates.catalogue_rows,
    )  # fmt: skip


def even(count: int, columns: Sequence[Sequence[float]]) -> bool:
    """Tell whether every column has `count` entries, or none: all zero."""
    return all(len(column) in (0, count) for column in columns)


def is_amount(value: float) -> bool:
    """Tell whether a number is finite and at least 0."""
    return 0 <= value < math.inf


def is_version(name: str) -> bool:
    """Tell whether a model version has a name."""
    return 0 < len(name.encode()) <= MAX_VERSION_LENGTH
