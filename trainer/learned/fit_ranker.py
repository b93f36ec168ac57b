"""Fits the ranker on what shoppers bought in the last windows, and judges it on the very last one."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Floats, Mask
from restock.core.learned.features import FEATURES
from restock.core.learned.own_features import IDEAL_GAINS, TOP
from restock.core.learned.ranker import Head, Ranker
from restock.core.trees import Trees, features_of, trees_of
from trainer.fit_trees import trees_from
from trainer.learned.fit_blend import blended_ndcg, mean_ndcg
from trainer.learned.windows import Examples
from trainer.logistic import Sample, logistic_weights
from trainer.progress import Advance

Doubles = NDArray[np.float64]
MOST_DAYS = 4
"""Days in a window on which a product was bought that count."""
RANK = FEATURES.index("rank_60")
FLAT_PRIOR = np.array([0.0, 1.0])
CALIBRATION_PULL = 1.0
NEVER_BOUGHT = -1
FORESTS = 6
"""That are grown: for the next basket, the days of the window and new products, on trial and to stay."""


@dataclass(frozen=True)
class Boosting:
    """How trees are grown (studied on the validation cut-off)."""

    rounds: int = 150
    """Trees of a forest."""
    leaves: int = 31
    """Of a tree; 32 at most, as a row's place in it is 32 bits."""
    learning_rate: float = 0.05
    """Share of what a tree found that is added."""
    least_rows: int = 1_000
    """In a leaf; fewer where there are few rows in all: a `rows_share`th."""
    rows_share: int = 500
    """See `least_rows`."""
    feature_share: float = 0.3
    """Of the features, drawn for each tree."""
    row_share: float = 0.8
    """Of the rows, drawn for each tree."""
    leaf_penalty: float = 5.0
    """L2 penalty on what a leaf adds."""
    bins: int = 127
    """Values that a feature is told apart by, at most."""
    basket_weight: float = 0.6
    """Of the head that foretells the next basket; the rest is the window's."""
    new_basket_weight: float = 0.6
    """The same for products new to a shopper, within one label."""
    foremost: int = 40
    """Of a shopper's own products, by decayed purchases: all of these are learned from."""
    others_kept: float = 0.3
    """Share of the other own products that are, each in place of more."""
    new_rows_kept: float = 0.12
    """Share of the rows of new products that were not bought which are learned from."""


@dataclass(frozen=True)
class Judged:
    """Next baskets of the last window before the training's end, foretold without having seen them."""

    shoppers: int
    """Shoppers judged."""
    learned_ndcg: float
    """NDCG@10 of the ranker."""
    hybrid_ndcg: float
    """NDCG@10 of HYBRID without any rule."""


def fit_ranker(
    windows: list[Examples],
    weights: Doubles,
    seed: int,
    boosting: Boosting,
    advance: Advance = lambda: None,
) -> tuple[Ranker, Judged]:
    """Learn a ranker.

    Args:
        windows: oldest first, at least two. The last one is foretold from the others, which calibrates
            the chances and says whether the ranker leads; then all are learned from.
        weights: HYBRID's, (`BLENDED`,) float64.
        seed: of every draw.
        boosting: how.
        advance: called after each of `FORESTS`.
    """
    judge = windows[-1]
    # Gathered one after the other, as rows are large; grown beside each other.
    material = [material_of(known, seed, boosting) for known in (windows[:-1], windows)]
    with ThreadPoolExecutor() as threads:
        trial, final = threads.map(partial(heads_of, boosting=boosting, advance=advance), material)
    masks = (judge.owned, ~judge.owned)
    trial_heads = [calibrated(trees, judge, mask) for trees, mask in zip(trial, masks, strict=True)]
    chances = Ranker(trial_heads[0], trial_heads[1], leads=False).chances(
        judge.rows, np.where(judge.owned, 0, NEVER_BOUGHT)
    )
    judged = Judged(judge.shoppers, ndcg_of(judge, chances), blended_ndcg(judge, weights))
    own, new = (replace(head, trees=trees) for head, trees in zip(trial_heads, final, strict=True))
    return Ranker(own, new, judged.learned_ndcg > judged.hybrid_ndcg), judged


@dataclass(frozen=True, eq=False)
class Material:
    """Rows to grow trees from, binned: a quarter of the memory."""

    data: lightgbm.Dataset
    labels: list[Doubles]
    """(rows,) float64 each, 0 to 1: a forest is grown for each."""
    parameters: dict[str, Any]
    """LightGBM's."""

    def grown(self, rounds: int, advance: Advance) -> list[Trees]:
        """Grow trees whose sum is the log odds of a label, for each label."""
        forests = []
        for label in self.labels:
            booster = lightgbm.train(self.parameters, self.data.set_label(label), rounds)
            forests.append(trees_from(booster))
            advance()
        return forests


def heads_of(
    material: tuple[Material, Material], boosting: Boosting, advance: Advance
) -> tuple[Trees, Trees]:
    """Grow the trees for products bought before, and those for new ones."""
    own, new = material
    basket, month = own.grown(boosting.rounds, advance)
    (novel,), share = new.grown(boosting.rounds, advance), boosting.basket_weight
    return added((share, basket), (1 - share, month)), novel


def material_of(
    windows: list[Examples], seed: int, boosting: Boosting
) -> tuple[Material, Material]:
    """Draw the rows of products bought before, and those of new ones."""
    draw = np.random.default_rng(seed)
    own = [own_rows(window, draw, boosting) for window in windows]
    new = [new_rows(window, draw, boosting) for window in windows]
    return (
        own_material(picked(windows, own), seed, boosting),
        new_material(picked(windows, new), seed, boosting),
    )


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows to learn from, and all that labels are made of."""

    rows: Floats
    next_basket: Mask
    days_bought: NDArray[np.int8]
    basket_sizes: NDArray[np.int64]
    new_sizes: NDArray[np.int64]


def own_rows(window: Examples, draw: np.random.Generator, boosting: Boosting) -> Mask:
    """Products bought before: each shopper's foremost, and some of the many others in place of all."""
    others = window.rows[:, RANK] >= boosting.foremost
    return window.owned & (~others | (draw.random(len(others)) < boosting.others_kept))


def new_rows(window: Examples, draw: np.random.Generator, boosting: Boosting) -> Mask:
    """New products: all that were bought, and a few of the many that were not."""
    kept = draw.random(len(window.owned)) < boosting.new_rows_kept
    return ~window.owned & ((window.days_bought > 0) | kept)


def picked(windows: list[Examples], masks: list[Mask]) -> Labelled:
    """Pick rows of several windows, and put them under each other."""
    both = list(zip(windows, masks, strict=True))
    rows = np.empty((sum(map(np.count_nonzero, masks)), windows[0].rows.shape[1]), np.float32)
    begin = 0
    for window, mask in both:
        end = begin + int(np.count_nonzero(mask))
        np.compress(mask, window.rows, axis=0, out=rows[begin:end])
        begin = end
    return Labelled(
        rows,
        np.concatenate([window.next_basket[mask] for window, mask in both]),
        np.concatenate([window.days_bought[mask] for window, mask in both]),
        np.concatenate([window.of_each(window.basket_sizes)[mask] for window, mask in both]),
        np.concatenate([window.of_each(window.new_sizes)[mask] for window, mask in both]),
    )


def own_material(own: Labelled, seed: int, boosting: Boosting) -> Material:
    """What trees for products bought before are grown from: the next basket, and all of the window."""
    others = own.rows[:, RANK] >= boosting.foremost
    weights = np.where(others, 1 / boosting.others_kept, 1.0)
    labels = [basket_gain(own, own.basket_sizes), days_share(own)]
    return binned(own.rows, weights, labels, seed, boosting)


def new_material(new: Labelled, seed: int, boosting: Boosting) -> Material:
    """What trees for products never bought are grown from: both in one label."""
    share = boosting.new_basket_weight
    label = share * new.next_basket / np.sqrt(np.maximum(new.new_sizes, 1))
    label = label + (1 - share) * (new.days_bought > 0)
    return binned(new.rows, np.ones(len(new.rows)), [label], seed, boosting)


def basket_gain(rows: Labelled, sizes: NDArray[np.int64]) -> Doubles:
    """What finding a product of the next basket is worth: half by recall, half by NDCG, 0 to 1."""
    gain: Doubles = 0.5 / np.sqrt(sizes) + 0.5 / IDEAL_GAINS[np.minimum(sizes, TOP)]
    return np.where(rows.next_basket, gain, 0.0)


def days_share(rows: Labelled) -> Doubles:
    """Days in the window on which it was bought over the most that count, 0 to 1."""
    return np.minimum(rows.days_bought, MOST_DAYS) / MOST_DAYS


def binned(
    rows: Floats, weights: Doubles, labels: list[Doubles], seed: int, boosting: Boosting
) -> Material:
    """Hand rows to LightGBM."""
    least = min(boosting.least_rows, max(len(rows) // boosting.rows_share, 1))
    parameters = {
        "objective": "cross_entropy",
        "num_leaves": boosting.leaves,
        "learning_rate": boosting.learning_rate,
        "min_data_in_leaf": least,
        "feature_fraction": boosting.feature_share,
        "bagging_fraction": boosting.row_share,
        "bagging_freq": 1,
        "lambda_l2": boosting.leaf_penalty,
        "max_bin": boosting.bins,
        "use_missing": False,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
        # More grow the same trees, but wait for each other: on busy cores five times as long (measured).
        "num_threads": 1,
    }
    data = lightgbm.Dataset(rows, weight=weights, feature_name=list(FEATURES), params=parameters)
    return Material(data.construct(), labels, parameters)


def added(*parts: tuple[float, Trees]) -> Trees:
    """Put forests side by side, each with a weight."""
    before = np.cumsum([0, *(len(trees.values) for _, trees in parts)])
    shifted = list(zip(before.tolist(), parts, strict=False))
    return trees_of(
        features=np.concatenate([features_of(trees) for _, trees in parts]),
        thresholds=np.concatenate([trees.thresholds for _, trees in parts]),
        owners=np.concatenate([trees.owners + np.uint32(by) for by, (_, trees) in shifted]),
        masks=np.concatenate([trees.masks for _, trees in parts]),
        values=np.concatenate([weight * trees.values for weight, trees in parts]),
        width=len(FEATURES),
    )


def calibrated(trees: Trees, examples: Examples, mask: Mask) -> Head:
    """Say what trees' sums mean on examples that they have not seen: log odds on a line (Platt)."""
    sums, outcomes = trees.score(examples.rows[mask]), examples.next_basket[mask]
    if not outcomes.any() or outcomes.all():
        return Head(trees, 1.0, 0.0)
    rows = np.column_stack([np.ones_like(sums), sums])
    sample = Sample(rows, outcomes, np.ones_like(sums))
    intercept, slope = logistic_weights([sample], FLAT_PRIOR, CALIBRATION_PULL).tolist()
    return Head(trees, slope, intercept) if slope > 0 else Head(trees, 1.0, 0.0)


def ndcg_of(examples: Examples, scores: Floats) -> float:
    """NDCG@10 of next baskets that scores reach, (rows,) float32, the mean over shoppers."""
    return float(
        mean_ndcg(
            scores[:, np.newaxis], np.ones(1), examples.next_basket, examples.starts,
            examples.basket_sizes, IDEAL_GAINS,
        )
    )  # fmt: skip
