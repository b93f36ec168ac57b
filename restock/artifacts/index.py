"""Search of ALS factors with FAISS: which index suits a catalogue, by measured recall and work.

Four kinds. `flat` reads every row. `norm_tiers` is exact too: the rows of largest norm are searched
first, and the rest only if one of them could still enter the top, which the Cauchy-Schwarz bound
``|u| * |v|`` decides. `norm_head` never reads the rest: implicit-feedback factors are so skewed in
norm that few of the best lie there. `ivf` reads the nearest lists only and pays on very large
catalogues. The last two lose some recall, which is measured.
"""

import math
from typing import Any

import faiss
import numpy as np

from restock.artifacts.manifest import IndexChoice
from restock.core.als import FactorIndex
from restock.core.arrays import Floats, Longs
from restock.tuning_config import TuningConfig

SMALL_CATALOGUE = 8192
"""Rows up to which nothing beats reading all of them."""
SMALLEST_HEAD = 2048
PRECISION = 10_000
IVF_CATALOGUE = 200_000
"""Rows from which an approximate index is worth trying."""
IVF_PROBES = (8, 16, 32, 64, 128)
IVF_TRAINING_ROUNDS = 10
SAMPLED_USERS = 256
BEYOND_NORM = 1 + 1e-5
"""Slack on the bound for float32 rounding: exactness is kept."""


class FaissIndex:
    """Any one FAISS index; it pads with row -1 when it finds fewer than asked, which is cut off."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    def search(self, user_factors: Floats, count: int) -> tuple[Longs, Floats]:
        """Return the best rows and their scores, best first."""
        # FAISS asserts that something is wanted, also of an index of no rows.
        wanted = max(min(count, self._index.ntotal), 1)
        scores, rows = self._index.search(user_factors[None, :], wanted)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]


class NormTiers:
    """Exact search that reads the rows of largest norm, and the rest only when they could matter."""

    def __init__(self, item_factors: Floats, head_rows: int) -> None:
        norms = np.linalg.norm(item_factors, axis=1)
        self._order = np.argsort(-norms, kind="stable")
        head, rest = self._order[:head_rows], self._order[head_rows:]
        self._head, self._rest = flat(item_factors[head]), flat(item_factors[rest])
        self._head_rows = len(head)
        self._rest_norm = float(norms[rest].max(initial=0)) * BEYOND_NORM
        self.rest_searches = 0

    def search(self, user_factors: Floats, count: int) -> tuple[Longs, Floats]:
        """Return the best rows and their scores, best first."""
        rows, scores = self._head.search(user_factors, count)
        bound = float(np.linalg.norm(user_factors)) * self._rest_norm
        if len(rows) < count or scores[-1] < bound:
            rows, scores = self._with_rest(rows, scores, user_factors, count)
        return self._order[rows], scores

    @property
    def head(self) -> "NormHead":
        """The same without ever reading the rest."""
        return NormHead(self._order[: self._head_rows], self._head)

    def _with_rest(
        self, rows: Longs, scores: Floats, user_factors: Floats, count: int
    ) -> tuple[Longs, Floats]:
        self.rest_searches += 1
        more_rows, more_scores = self._rest.search(user_factors, count)
        rows = np.concatenate([rows, more_rows + self._head_rows])
        scores = np.concatenate([scores, more_scores])
        best = np.argsort(-scores, kind="stable")[:count]
        return rows[best], scores[best]


class NormHead:
    """Approximate search that reads the rows of largest norm only."""

    def __init__(self, rows: Longs, head: FaissIndex) -> None:
        self._rows = rows
        self._head = head

    def search(self, user_factors: Floats, count: int) -> tuple[Longs, Floats]:
        """Return the best rows and their scores, best first."""
        rows, scores = self._head.search(user_factors, count)
        return self._rows[rows], scores


def flat(item_factors: Floats) -> FaissIndex:
    """Index all rows for exact search."""
    index = faiss.IndexFlatIP(item_factors.shape[1])
    index.add(np.ascontiguousarray(item_factors))
    return FaissIndex(index)


def inverted_lists(item_factors: Floats, lists: int) -> faiss.IndexIVFFlat:
    """Cluster the rows into lists; the same rows give the same lists."""
    width = item_factors.shape[1]
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.niter = IVF_TRAINING_ROUNDS
    rows = np.ascontiguousarray(item_factors)
    index.train(rows)
    index.add(rows)
    return index


def build_index(item_factors: Floats, choice: IndexChoice) -> FactorIndex:
    """Build the index that a manifest names.

    Args:
        item_factors: (items, factors) float32.
        choice: kind and parameters.
    """
    if choice.kind in ("norm_tiers", "norm_head"):
        tiers = NormTiers(item_factors, choice.head_rows)
        return tiers if choice.kind == "norm_tiers" else tiers.head
    if choice.kind == "ivf":
        index = inverted_lists(item_factors, choice.lists)
        index.nprobe = choice.probes
        return FaissIndex(index)
    return flat(item_factors)


def choose_index(
    item_factors: Floats, user_factors: Floats, count: int, tuning: TuningConfig
) -> IndexChoice:
    """Choose the index that reads the smallest share of the catalogue at the recall asked for.

    Work is counted in rows read, not in seconds, so that the same data give the same choice.

    Args:
        item_factors: (items, factors) float32.
        user_factors: (users, factors) float32; evenly spaced ones are sampled.
        count: how many items a search asks for.
        tuning: ``index_recall_floor``.
    """
    exact = IndexChoice(kind="flat", recall=1.0, scanned_share=1.0)
    if len(item_factors) <= SMALL_CATALOGUE or not len(user_factors):
        return exact
    step = max(1, len(user_factors) // SAMPLED_USERS)
    sample = np.ascontiguousarray(user_factors[::step])
    choices = [exact, *tier_choices(item_factors, sample, count)]
    if len(item_factors) >= IVF_CATALOGUE:
        choices += ivf_choices(item_factors, sample, count)
    good = [choice for choice in choices if choice.recall >= tuning.index_recall_floor]
    return min(good, key=lambda choice: choice.scanned_share)


def tier_choices(item_factors: Floats, sample: Floats, count: int) -> list[IndexChoice]:
    """Measure heads of every power of two, with the rest behind them and without it."""
    items, choices, head = len(item_factors), [], SMALLEST_HEAD
    while head < items:
        tiers = NormTiers(item_factors, head)
        recall = recall_of(tiers.head, truth_of(tiers, sample, count), sample, count)
        whole = (head + (items - head) * tiers.rest_searches / len(sample)) / items
        choices.append(choice("norm_tiers", 1.0, whole, head_rows=head))
        choices.append(choice("norm_head", recall, head / items, head_rows=head))
        head *= 2
    return choices


def ivf_choices(item_factors: Floats, sample: Floats, count: int) -> list[IndexChoice]:
    """Measure an inverted file at several numbers of probes."""
    truth = truth_of(flat(item_factors), sample, count)
    lists = round(len(item_factors) ** 0.5)
    index = inverted_lists(item_factors, lists)
    choices = []
    for probes in IVF_PROBES:
        index.nprobe = probes
        recall = recall_of(FaissIndex(index), truth, sample, count)
        choices.append(choice("ivf", recall, probes / lists, lists=lists, probes=probes))
    return choices


def truth_of(exact: FactorIndex, sample: Floats, count: int) -> list[set[int]]:
    """Rows that an exact index finds for each sampled user."""
    return [set(exact.search(user, count)[0].tolist()) for user in sample]


def recall_of(index: FactorIndex, truth: list[set[int]], sample: Floats, count: int) -> float:
    """Mean share of the exact rows that an index finds."""
    hits = [
        len(best.intersection(index.search(user, count)[0].tolist())) / len(best)
        for user, best in zip(sample, truth, strict=True)
    ]
    return float(np.mean(hits))


def choice(kind: Any, recall: float, scanned_share: float, **sizes: int) -> IndexChoice:
    """State one measured choice; four digits say all that a sample can."""
    return IndexChoice(
        kind=kind,
        recall=math.floor(recall * PRECISION) / PRECISION,
        scanned_share=round(scanned_share, 4),
        **sizes,
    )
