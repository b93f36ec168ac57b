"""Between the wire and level 1. The only place that sees its messages."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from restock.core.arrays import Floats, Longs, Mask
from restock.core.attention import NO_VIEWS, Views
from restock.core.blend import Strategy
from restock.core.catalogue import Catalogue
from restock.core.purchase_days import PurchaseDays, days_of
from restock.core.request import CandidateList, History, Query
from restock.core.signals import MILLI
from restock.errors import InvalidRequest
from restock.limits import (
    LAST_DAY,
    MAX_CANDIDATES,
    MAX_CART_PRODUCTS,
    MAX_POPULAR,
    MAX_PURCHASES,
    MAX_VIEWS,
    SECONDS_A_DAY,
)
from restock.serving.convert import (
    MAX_CONTEXT_IDS,
    MAX_LIST_IDS,
    check_day,
    check_id,
    check_ids,
    check_purchases,
    filter_from,
    novelty_from,
    tuned,
)
from restock.v1 import candidate_gen_pb2 as pb
from restock.v1 import types_pb2
from services.candidate_gen.model import CandidateModel

MAX_NEIGHBOURS = 100
CART = ("profile.cart_product_ids", "profile.cart_units_milli")
VIEWS = ("profile.viewed_product_ids", "profile.viewed_seconds")

STRATEGIES = {
    types_pb2.STRATEGY_UNSPECIFIED: Strategy.AUTO,
    types_pb2.STRATEGY_ALS: Strategy.ALS,
    types_pb2.STRATEGY_ITEM_CF: Strategy.ITEM_CF,
    types_pb2.STRATEGY_POPULARITY: Strategy.POPULARITY,
    types_pb2.STRATEGY_HYBRID: Strategy.HYBRID,
    types_pb2.STRATEGY_LEARNED: Strategy.LEARNED,
    types_pb2.STRATEGY_AUTO: Strategy.AUTO,
}
STRATEGY_NUMBERS = {strategy: number for number, strategy in STRATEGIES.items() if number}


def query_from(request: pb.GenerateCandidatesRequest, model: CandidateModel) -> Query:
    """Decode a request against a model version.

    Raises:
        InvalidRequest: a field is outside what the proto allows.
    """
    if request.strategy not in STRATEGIES:
        raise InvalidRequest("strategy", f"a named Strategy, not {request.strategy}")
    if request.candidate_count > MAX_CANDIDATES:
        raise InvalidRequest(
            "candidate_count", f"0 to {MAX_CANDIDATES}, not {request.candidate_count}"
        )
    tuning = tuned(model.tuning, request)
    if request.candidate_count:
        tuning = replace(tuning, candidate_count=request.candidate_count)
    return Query(
        history=history_from(request.profile, model.catalogue),
        context_rows=context_from(request, model.catalogue),
        blocked_rows=rows_from(request, "exclude_product_ids", MAX_LIST_IDS, model.catalogue),
        mask=mask_from(request, model),
        strategy=STRATEGIES[request.strategy],
        as_of_day=check_day(request.as_of_day, "as_of_day"),
        tuning=tuning,
        views=views_from(request.profile, model.catalogue),
        novelty=novelty_from(request),
    )


def history_from(profile: types_pb2.Profile, catalogue: Catalogue) -> History:
    """Decode a profile's columns.

    Raises:
        InvalidRequest: the columns differ in length, are longer than 20,000, or hold counts or days
            that cannot be.
    """
    products = len(profile.product_ids)
    if products > MAX_PURCHASES:
        raise InvalidRequest(
            "profile.product_ids", f"at most {MAX_PURCHASES} products, not {products}"
        )
    history = History(
        rows=catalogue.rows(profile.product_ids),
        purchase_counts=column(profile, "purchase_counts", products),
        first_days=column(profile, "first_days", products),
        last_days=column(profile, "last_days", products),
        units=column(profile, "units_milli", products) / np.float32(MILLI),
        spend=column(profile, "spend_milli", products) / np.float32(MILLI),
    )
    check_purchases(
        history.purchase_counts, history.first_days, history.last_days, "profile", least=1
    )
    return replace(history, days=days_from(profile, history))


def days_from(profile: types_pb2.Profile, history: History) -> PurchaseDays:
    """Decode on which days each product was bought, beside columns that were checked.

    Raises:
        InvalidRequest: there are more than 20,000 in all, or the steps do not lead from first to last
            days.
    """
    counts = history.purchase_counts.astype(np.int64)
    if counts.sum() > MAX_PURCHASES:
        allowed = f"at most {MAX_PURCHASES:,} in all, not {counts.sum():,}"
        raise InvalidRequest("profile.purchase_counts", allowed)
    found = days_of(
        counts,
        history.first_days.astype(np.int64),
        history.last_days.astype(np.int64),
        np.array(profile.inner_day_steps, np.int64),
    )
    if found is None:
        allowed = (
            "purchase_counts - 2 steps of at least 1 for each product, up to before its last day"
        )
        raise InvalidRequest("profile.inner_day_steps", allowed)
    return found


def column(profile: types_pb2.Profile, name: str, products: int) -> Floats:
    """Decode one numeric column of a profile, float32; an empty one is all zero.

    Raises:
        InvalidRequest: it has another length than product_ids.
    """
    values = getattr(profile, name)
    if not values:
        return np.zeros(products, np.float32)
    if len(values) != products:
        raise InvalidRequest(f"profile.{name}", f"{products} entries, not {len(values)}")
    return np.array(values, np.float32)


def context_from(request: pb.GenerateCandidatesRequest, catalogue: Catalogue) -> Longs:
    """Decode the request's context and, behind it, the profile's cart to rows, -1 for unknown ones.

    Raises:
        InvalidRequest: either is too long, a context entry is not an id, or the cart's columns differ.
    """
    profile = request.profile
    context = rows_from(request, "context_product_ids", MAX_CONTEXT_IDS, catalogue)
    cart = profile.cart_product_ids
    check_pair(cart, profile.cart_units_milli, CART, MAX_CART_PRODUCTS)
    return np.concatenate([context, catalogue.rows(cart)]) if cart else context


def views_from(profile: types_pb2.Profile, catalogue: Catalogue) -> Views:
    """Decode what was looked at, and on which day. The wire has moments, so days are those of UTC.

    Raises:
        InvalidRequest: there are too many, the columns differ, or a moment is after 2200.
    """
    ids, moments = profile.viewed_product_ids, profile.viewed_seconds
    check_pair(ids, moments, VIEWS, MAX_VIEWS)
    if not ids:
        return NO_VIEWS
    days = [seconds // SECONDS_A_DAY for seconds in moments] or [0] * len(ids)
    if max(days) > LAST_DAY:
        raise InvalidRequest("profile.viewed_seconds", f"moments up to day {LAST_DAY}")
    return Views(catalogue.rows(ids), np.array(days, np.int64))


def check_pair(
    ids: Sequence[str], values: Sequence[int], names: tuple[str, str], most: int
) -> None:
    """Refuse more than `most` ids, and a column beside them that is neither empty nor as long.

    Raises:
        InvalidRequest: names the one at fault.
    """
    if len(ids) > most:
        raise InvalidRequest(names[0], f"at most {most} products, not {len(ids)}")
    if len(values) not in (0, len(ids)):
        raise InvalidRequest(names[1], f"{len(ids)} entries, not {len(values)}")


def rows_from(
    request: pb.GenerateCandidatesRequest, name: str, most: int, catalogue: Catalogue
) -> Longs:
    """Decode a list of ids to rows, -1 for unknown ones.

    Raises:
        InvalidRequest: it is too long or an entry is not an id.
    """
    values = getattr(request, name)
    if not values:
        return np.empty(0, np.int64)
    return catalogue.rows(check_ids(values, name, most))


def mask_from(request: pb.GenerateCandidatesRequest, model: CandidateModel) -> Mask | None:
    """Combine the filter and the include list into one mask; None when neither is given.

    Raises:
        InvalidRequest: either is not allowed.
    """
    wanted = filter_from(request.filter) if request.HasField("filter") else None
    mask = model.masks.get(wanted) if wanted else None
    if not request.include_product_ids:
        return mask
    rows = rows_from(request, "include_product_ids", MAX_LIST_IDS, model.catalogue)
    included = np.zeros(len(model.catalogue), np.bool_)
    included[rows[rows >= 0]] = True
    return included if mask is None else included & mask


def candidates_to(
    answer: CandidateList, query: Query, version: str, model: CandidateModel,
    request: pb.GenerateCandidatesRequest,
) -> pb.GenerateCandidatesResponse:  # fmt: skip
    """Encode level 1's answer. A column that is all zero is left empty."""
    ids = model.catalogue.item_ids
    rows = answer.rows.tolist()
    response = pb.GenerateCandidatesResponse(
        model_version=version,
        strategy_used=STRATEGY_NUMBERS[answer.strategy],
        candidates=types_pb2.Candidates(
            product_ids=[ids[row] for row in rows],
            catalogue_rows=rows,
            anchors=answer.anchors.tolist(),
            known_variants=[] if answer.variants is None else answer.variants.tolist(),
            **purchases_to(query.history, answer.history_positions),
            **{name: part.tolist() for name, part in answer.parts.items() if part.any()},
        ),
    )
    if request.context_product_ids or request.exclude_product_ids or request.include_product_ids:
        named = [
            *request.context_product_ids,
            *request.exclude_product_ids,
            *request.include_product_ids,
        ]
        response.missing_ids.extend(model.catalogue.unknown(named))
    return response


def purchases_to(history: History, own: Longs) -> dict[str, list[int]]:
    """Spread the history's columns over the candidates, 0 for products never bought."""
    bought = np.flatnonzero(own >= 0)
    if not len(bought):
        return {}
    positions = own[bought]
    spread = np.zeros((3, len(own)), np.int64)
    spread[0, bought] = history.purchase_counts[positions]
    spread[1, bought] = history.first_days[positions]
    spread[2, bought] = history.last_days[positions]
    return dict(zip(("purchase_counts", "first_days", "last_days"), spread.tolist(), strict=True))


def popular_to(
    request: pb.ListPopularRequest, version: str, model: CandidateModel
) -> pb.ListPopularResponse:
    """Answer what sells now.

    Raises:
        InvalidRequest: `count` or `filter` is not allowed.
    """
    check_count(request.count, MAX_POPULAR)
    mask = model.masks.get(filter_from(request.filter))
    if request.known_version == version:
        return pb.ListPopularResponse(model_version=version, unchanged=True)
    order = model.level1.popular_rows
    inside = order if mask is None else order[mask[order]]
    rows = inside[: request.count]
    catalogue = model.catalogue
    names = [*catalogue.categories, ""]
    return pb.ListPopularResponse(
        model_version=version,
        product_ids=[catalogue.item_ids[row] for row in rows.tolist()],
        scores=catalogue.popularity[rows].tolist(),
        # Code -1, no category, is the last name: empty.
        categories=[names[code] for code in catalogue.category[rows].tolist()],
        prices=catalogue.price[rows].tolist(),
        median_price=catalogue.median_price if catalogue.median_price > 0 else None,
        total_count=len(inside),
    )


def neighbours_from(
    request: pb.FindNeighboursRequest, model: CandidateModel
) -> tuple[int, bool, Mask | None]:
    """Decode a request for neighbours: row (-1 unknown), whether alike, rows that may be answered.

    Raises:
        InvalidRequest: a field is not allowed.
    """
    check_id(request.product_id, "product_id")
    check_count(request.count, MAX_NEIGHBOURS)
    kinds = types_pb2.SimilarityKind.values()
    if request.kind not in kinds:
        raise InvalidRequest("kind", f"a named SimilarityKind, not {request.kind}")
    row = int(model.catalogue.rows([request.product_id])[0])
    alike = request.kind != types_pb2.SIMILARITY_KIND_BOUGHT_TOGETHER
    return row, alike, model.masks.get(filter_from(request.filter))


def neighbours_to(
    version: str, model: CandidateModel, known: bool, rows: Longs, scores: Floats
) -> pb.FindNeighboursResponse:
    """Encode neighbours."""
    return pb.FindNeighboursResponse(
        model_version=version,
        known=known,
        product_ids=[model.catalogue.item_ids[row] for row in rows.tolist()],
        scores=scores.tolist(),
    )


def check_count(count: int, most: int) -> None:
    """Refuse a count outside 1 to `most`.

    Raises:
        InvalidRequest: names ``count``.
    """
    if not 0 < count <= most:
        raise InvalidRequest("count", f"1 to {most}, not {count}")
