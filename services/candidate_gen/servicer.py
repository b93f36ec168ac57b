"""Decode, call level 1, encode."""

from typing import Any

import numpy as np

from restock.artifacts.live import LiveModel
from restock.core.candidates import generate
from restock.core.neighbours import neighbours_of
from restock.v1 import candidate_gen_pb2 as pb
from restock.v1.candidate_gen_pb2_grpc import CandidateGenServiceServicer
from services.candidate_gen import convert
from services.candidate_gen.model import CandidateModel


class CandidateGenServicer(CandidateGenServiceServicer):
    """Answers with the live model; each request reads it once."""

    def __init__(self, live: LiveModel[CandidateModel]) -> None:
        self._live = live

    async def GenerateCandidates(  # noqa: N802
        self, request: pb.GenerateCandidatesRequest, context: Any
    ) -> pb.GenerateCandidatesResponse:
        """Candidates of one shopper."""
        version, model = self._live.get(request.model_version)
        query = convert.query_from(request, model)
        answer = generate(query, model.level1)
        return convert.candidates_to(answer, query, version, model, request)

    async def ListPopular(  # noqa: N802
        self, request: pb.ListPopularRequest, context: Any
    ) -> pb.ListPopularResponse:
        """What sells now."""
        version, model = self._live.get()
        return convert.popular_to(request, version, model)

    async def FindNeighbours(  # noqa: N802
        self, request: pb.FindNeighboursRequest, context: Any
    ) -> pb.FindNeighboursResponse:
        """Neighbours of a product."""
        version, model = self._live.get()
        row, alike, mask = convert.neighbours_from(request, model)
        if row < 0:
            nothing = np.empty(0, np.int64)
            return convert.neighbours_to(version, model, False, nothing, np.empty(0, np.float32))
        rows, scores = neighbours_of(model.level1, row, request.count, mask, alike=alike)
        return convert.neighbours_to(version, model, True, rows, scores)
