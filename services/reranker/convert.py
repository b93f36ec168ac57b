"""Between the wire and level 2. The only place that sees its messages."""

import math
from collections.abc import Sequence

import numpy as np

from restock.core.arrays import Floats, Longs, Mask
from restock.core.blend import SOURCES
from restock.core.catalogue import Catalogue
from restock.core.rerank import RULES, Ranking, RankQuery, breakdown, cycle_rules_apply
from restock.errors import InvalidRequest
from restock.limits import MAX_CANDIDATES, MAX_PAGE, MAX_SCORE_PART
from restock.serving.convert import check_day, check_purchases, filter_from, novelty_from, tuned
from restock.v1 import reranker_pb2 as pb
from restock.v1 import types_pb2
from services.reranker.columns import (
    COLUMNS,
    COUNTS,
    FIRST,
    LAST,
    NO_FAULT,
    ROWS_FAULT,
    first_fault,
)
from services.reranker.model import RankModel

STRATEGIES = frozenset(types_pb2.Strategy.values())


def query_from(request: pb.RerankRequest, model: RankModel) -> tuple[RankQuery, Floats]:
    """Decode a request against a model version; also its score parts, (sources, candidates).

    Raises:
        InvalidRequest: a field is outside what the proto allows.
    """
    candidates = request.candidates
    count = len(candidates.product_ids)
    if not 0 < count <= MAX_CANDIDATES:
        raise InvalidRequest("candidates.product_ids", f"1 to {MAX_CANDIDATES}, not {count}")
    if not 0 < request.page_size <= MAX_PAGE:
        raise InvalidRequest("page_size", f"1 to {MAX_PAGE}, not {request.page_size}")
    if request.strategy not in STRATEGIES:
        raise InvalidRequest("strategy", f"a named Strategy, not {request.strategy}")
    tuning = tuned(model.tuning, request)
    columns = np.zeros((len(COLUMNS), count), np.float32)
    for place, name in enumerate(COLUMNS):
        fill(columns[place], candidates, name)
    rows = rows_from(request, model.catalogue)
    scores = np.empty(count, np.float32)
    fault = first_fault(columns, rows, len(model.catalogue), scores)
    if fault != NO_FAULT:
        refuse(fault, columns, model.catalogue)
    query = RankQuery(
        rows=rows,
        scores=scores,
        purchase_counts=columns[COUNTS],
        first_days=columns[FIRST],
        last_days=columns[LAST],
        average_price=amount(request.shopper, "average_price"),
        spend_per_day=amount(request.shopper, "spend_per_day"),
        page_size=request.page_size,
        as_of_day=check_day(request.as_of_day, "as_of_day"),
        mask=model.masks.get(filter_from(request.filter)) if request.HasField("filter") else None,
        tuning=tuning,
        cycle_rules=cycle_rules_apply(request.strategy == types_pb2.STRATEGY_LEARNED, tuning),
        novelty=novelty_from(request),
        variants=variants_from(candidates),
    )
    return query, columns[: len(SOURCES)]


def variants_from(candidates: types_pb2.Candidates) -> Mask | None:
    """Decode which candidates are variants of what was bought; None for none.

    Raises:
        InvalidRequest: the column has another length than product_ids.
    """
    count, known = len(candidates.product_ids), candidates.known_variants
    if len(known) not in (0, count):
        raise InvalidRequest("candidates.known_variants", f"{count} entries, not {len(known)}")
    return np.array(known, np.bool_) if known else None


def rows_from(request: pb.RerankRequest, catalogue: Catalogue) -> Longs:
    """Decode which products are to be ranked, (candidates,) int64 rows, -1 for an unknown one.

    Rows that level 1 sent spare looking ids up; `check_rows` holds the page's against its ids.

    Raises:
        InvalidRequest: an id comes twice, or rows come without the version they belong to or are not
            as many as the products.
    """
    candidates = request.candidates
    if not candidates.catalogue_rows:
        rows = catalogue.rows(candidates.product_ids)
        if len(set(candidates.product_ids)) < len(rows):
            raise InvalidRequest("candidates.product_ids", "each product once")
        return rows
    if not request.model_version:
        raise InvalidRequest("model_version", "required beside candidates.catalogue_rows")
    rows = np.array(candidates.catalogue_rows, np.int64)
    if len(rows) != len(candidates.product_ids):
        allowed = f"{len(candidates.product_ids)} entries, not {len(rows)}"
        raise InvalidRequest("candidates.catalogue_rows", allowed)
    return rows


def fill(column: Floats, candidates: types_pb2.Candidates, name: str) -> None:
    """Decode one numeric column into zeros; an empty one stays all zero.

    Raises:
        InvalidRequest: it has another length than product_ids.
    """
    values = getattr(candidates, name)
    if not values:
        return
    if len(values) != len(column):
        raise InvalidRequest(f"candidates.{name}", f"{len(column)} entries, not {len(values)}")
    column[:] = values


def refuse(fault: int, columns: Floats, catalogue: Catalogue) -> None:
    """Say what `first_fault` found.

    Raises:
        InvalidRequest: always.
    """
    if fault < len(SOURCES):
        allowed = f"numbers from 0 to {MAX_SCORE_PART:,.0f}"
        raise InvalidRequest(f"candidates.{SOURCES[fault]}", allowed)
    if fault == ROWS_FAULT:
        allowed = f"different rows below {len(catalogue)}"
        raise InvalidRequest("candidates.catalogue_rows", allowed)
    check_purchases(columns[COUNTS], columns[FIRST], columns[LAST], "candidates", least=0)
    raise AssertionError(fault)


def amount(shopper: pb.Shopper, name: str) -> float:
    """Decode an amount of money.

    Raises:
        InvalidRequest: it is negative or not finite.
    """
    value = float(getattr(shopper, name))
    if not (math.isfinite(value) and value >= 0):
        raise InvalidRequest(f"shopper.{name}", f"a finite number of at least 0, not {value}")
    return value


def check_rows(
    request: pb.RerankRequest, query: RankQuery, ranking: Ranking, catalogue: Catalogue
) -> None:
    """Hold the page's ids against the rows that level 1 sent.

    Raises:
        InvalidRequest: a row belongs to another product.
    """
    ids = request.candidates.product_ids
    for position in ranking.positions.tolist():
        row = query.rows[position]
        if row >= 0 and catalogue.item_ids[row] != ids[position]:
            raise InvalidRequest(
                f"candidates.catalogue_rows[{position}]", f"the row of product {ids[position]}"
            )


def ranking_to(
    ranking: Ranking, request: pb.RerankRequest, parts: Floats, version: str
) -> pb.RerankResponse:
    """Encode one page."""
    response = pb.RerankResponse(model_version=version)
    positions = ranking.positions.tolist()
    rows = zip(
        positions,
        ranking.scores.tolist(),
        ranking.backfilled.tolist(),
        ranking.due.tolist(),
        ranking.cycle_days.tolist(),
        ranking.days_since.tolist(),
        strict=True,
    )
    level1 = dicts_of(SOURCES, parts.take(ranking.positions, axis=1))
    factors = dicts_of(RULES, ranking.factors)
    for place, (position, score, backfilled, due, cycle_days, days_since) in enumerate(rows):
        response.results.add(
            position=position,
            product_id=request.candidates.product_ids[position],
            score=score,
            breakdown=types_pb2.ScoreBreakdown(**breakdown(level1[place], factors[place])),
            factors=types_pb2.RerankFactors(**factors[place]),
            backfilled=backfilled,
            due=due,
            cycle_days=cycle_days,
            days_since=days_since,
        )
    return response


def dicts_of(names: Sequence[str], columns: Floats) -> list[dict[str, float]]:
    """Turn (names, results) columns into one dict a result."""
    return [dict(zip(names, row, strict=True)) for row in columns.T.tolist()]
