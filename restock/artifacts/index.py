"""Search of ALS factors with FAISS: which index suits a catalogue, by measured recall and work.

Three kinds. `flat` reads every row. `norm_tiers` is exact too: the rows of largest norm are searched
first, and the rest only if one of them could still enter the top, which the Cauchy-Schwarz bound
``|u| * |v|`` decides. Implicit-feedback factors are so skewed in norm that the rest is rarely read.
`ivf` reads the nearest lists only, loses some recall and pays on very large catalogues.
"""

import faiss
import numpy as np

from restock.artifacts.manifest import IndexChoice
from restock.core.als import FactorIndex
from restock.core.arrays import Floats, Longs
from restock.tuning_config import TuningConfig

SMALL_CATALOGUE = 8192
"""Rows up to which nothing beats reading all of them."""
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
        wanted = min(count, self._index.ntotal)
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

    def _with_rest(
        self, rows: Longs, scores: Floats, user_factors: Floats, count: int
    ) -> tuple[Longs, Floats]:
        self.rest_searches += 1
        more_rows, more_scores = self._rest.search(user_factors, count)
        rows = np.concatenate([rows, more_rows + self._head_rows])
        scores = np.concatenate([scores, more_scores])
        best = np.argsort(-scores, kind="stable")[:count]
        return rows[best], scores[best]


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
    if choice.kind == "norm_tiers":
        return NormTiers(item_factors, choice.head_rows)
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
    """Measure heads of every power of two."""
    items, choices, head = len(item_factors), [], SMALL_CATALOGUE // 4
    while head < items:
        index = NormTiers(item_factors, head)
        for user in sample:
            index.search(user, count)
        share = (head + (items - head) * index.rest_searches / len(sample)) / items
        choices.append(
            IndexChoice(
                kind="norm_tiers", head_rows=head, recall=1.0, scanned_share=round(share, 4)
            )
        )
        head *= 2
    return choices


def ivf_choices(item_factors: Floats, sample: Floats, count: int) -> list[IndexChoice]:
    """Measure an inverted file at several numbers of probes."""
    exact = flat(item_factors)
    truth = [set(exact.search(user, count)[0].tolist()) for user in sample]
    lists = round(len(item_factors) ** 0.5)
    index = inverted_lists(item_factors, lists)
    found, choices = FaissIndex(index), []
    for probes in IVF_PROBES:
        index.nprobe = probes
        hits = [
            len(best.intersection(found.search(user, count)[0].tolist())) / len(best)
            for user, best in zip(sample, truth, strict=True)
        ]
        choices.append(
            IndexChoice(
                kind="ivf",
                lists=lists,
                probes=probes,
                recall=round(float(np.mean(hits)), 4),
                scanned_share=round(probes / lists, 4),
            )
        )
    return choices
