"""Decode, call level 2, encode."""

from typing import Any

from restock.artifacts.live import LiveModel
from restock.core.rerank import rerank
from restock.v1 import reranker_pb2 as pb
from restock.v1.reranker_pb2_grpc import RerankerServiceServicer
from services.reranker import convert
from services.reranker.model import RankModel


class RerankerServicer(RerankerServiceServicer):
    """Ranks with the live model; each request reads it once."""

    def __init__(self, live: LiveModel[RankModel]) -> None:
        self._live = live

    async def Rerank(self, request: pb.RerankRequest, context: Any) -> pb.RerankResponse:  # noqa: N802
        """Ranks candidates and keeps one page of them."""
        version, model = self._live.get(request.model_version)
        query, parts = convert.query_from(request, model)
        ranking = rerank(query, model.catalogue)
        convert.check_rows(request, query, ranking, model.catalogue)
        return convert.ranking_to(ranking, request, parts, version)
