"""Between the wire and level 2. The only place that sees its messages."""

import math

import numpy as np

from restock.core.arrays import Floats, Longs
from restock.core.blend import SOURCES
from restock.core.catalogue import Catalogue
from restock.core.rerank import Ranking, RankQuery, breakdown
from restock.errors import InvalidRequest
from restock.serving.convert import check_day, check_purchases, filter_from, tuned
from restock.v1 import reranker_pb2 as pb
from restock.v1 import types_pb2
from services.reranker.model import RankModel

MAX_CANDIDATES = 1000
MAX_PAGE = 100
MAX_SCORE_PART = 1e6
"""Level 1's parts add up to 1; a caller of its own scale is far from what overflows."""


def query_from(request: pb.RerankRequest, model: RankModel) -> tuple[RankQuery, dict[str, Floats]]:
    """Decode a request against a model version; also its score parts by source.

    Raises:
        InvalidRequest: a field is outside what the proto allows.
    """
    candidates = request.candidates
    count = len(candidates.product_ids)
    if not 0 < count <= MAX_CANDIDATES:
        raise InvalidRequest("candidates.product_ids", f"1 to {MAX_CANDIDATES}, not {count}")
    if not 0 < request.page_size <= MAX_PAGE:
        raise InvalidRequest("page_size", f"1 to {MAX_PAGE}, not {request.page_size}")
    parts = {name: score_part(candidates, name, count) for name in SOURCES}
    query = RankQuery(
        rows=rows_from(request, model.catalogue),
        scores=parts["als"] + parts["item_cf"] + parts["popularity"] + parts["history"],
        purchase_counts=column(candidates, "purchase_counts", count),
        first_days=column(candidates, "first_days", count),
        last_days=column(candidates, "last_days", count),
        average_price=amount(request.shopper, "average_price"),
        spend_per_day=amount(request.shopper, "spend_per_day"),
        page_size=request.page_size,
        as_of_day=check_day(request.as_of_day, "as_of_day"),
        mask=model.masks.get(filter_from(request.filter)) if request.HasField("filter") else None,
        tuning=tuned(model.tuning, request),
    )
    check_purchases(query.purchase_counts, query.first_days, query.last_days, "candidates", least=0)
    return query, parts


def rows_from(request: pb.RerankRequest, catalogue: Catalogue) -> Longs:
    """Decode which products are to be ranked, (candidates,) int64 rows, -1 for an unknown one.

    Rows that level 1 sent spare looking ids up; `check_rows` holds the page's against its ids.

    Raises:
        InvalidRequest: a product comes twice, or rows come without the version they belong to.
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
    if not (rows.max() < len(catalogue) and np.diff(np.sort(rows)).all()):
        allowed = f"different rows below {len(catalogue)}"
        raise InvalidRequest("candidates.catalogue_rows", allowed)
    return rows


def column(candidates: types_pb2.Candidates, name: str, count: int) -> Floats:
    """Decode one numeric column, float32; an empty one is all zero.

    Raises:
        InvalidRequest: it has another length than product_ids.
    """
    values = getattr(candidates, name)
    if not values:
        return np.zeros(count, np.float32)
    if len(values) != count:
        raise InvalidRequest(f"candidates.{name}", f"{count} entries, not {len(values)}")
    return np.array(values, np.float32)


def score_part(candidates: types_pb2.Candidates, name: str, count: int) -> Floats:
    """Decode one column of score parts.

    Raises:
        InvalidRequest: an entry is negative, above a million or NaN, or the length differs.
    """
    part = column(candidates, name, count)
    # NaN fails both comparisons.
    if not (part.min() >= 0 and part.max() <= MAX_SCORE_PART):
        raise InvalidRequest(f"candidates.{name}", f"numbers from 0 to {MAX_SCORE_PART:,.0f}")
    return part


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
    ranking: Ranking, request: pb.RerankRequest, parts: dict[str, Floats], version: str
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
    level1 = columns_of({name: part[ranking.positions] for name, part in parts.items()})
    factors = columns_of(ranking.factors)
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


def columns_of(columns: dict[str, Floats]) -> list[dict[str, float]]:
    """Turn columns by name into one dict a result."""
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]
