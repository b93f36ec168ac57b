"""Fits the ranker on what shoppers bought in the last windows, and judges it on the very last one."""

from dataclasses import dataclass, replace

import lightgbm
import numpy as np
from numpy.typing import NDArray

from restock.core.arrays import Floats, Mask
from restock.core.learned.features import FEATURES
from restock.core.learned.own_features import IDEAL_GAINS, TOP
from restock.core.learned.ranker import Head, Ranker
from restock.core.trees import Trees
from trainer.fit_trees import trees_from
from trainer.learned.windows import Examples
from trainer.logistic import Sample, logistic_weights

Doubles = NDArray[np.float64]
MOST_DAYS = 4
"""Days in a window on which a product was bought that count."""
RANK = FEATURES.index("rank_60")
FLAT_PRIOR = np.array([0.0, 1.0])
CALIBRATION_PULL = 1.0
NEVER_BOUGHT = -1


@dataclass(frozen=True)
class Boosting:
    """How trees are grown (studied on the validation cut-off)."""

    rounds: int = 150
    leaves: int = 31
    learning_rate: float = 0.05
    least_rows: int = 1_000
    """In a leaf; fewer where there are few rows in all: a `rows_share`th."""
    rows_share: int = 500
    feature_share: float = 0.3
    row_share: float = 0.8
    leaf_penalty: float = 5.0
    bins: int = 127
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


def fit_ranker(windows: list[Examples], seed: int, boosting: Boosting) -> tuple[Ranker, Judged]:
    """Learn a ranker.

    Args:
        windows: oldest first, at least two. The last one is foretold from the others, which calibrates
            the chances and says whether the ranker leads; then all are learned from.
        seed: of every draw.
        boosting: how.
    """
    trial, judge = heads_of(windows[:-1], seed, boosting), windows[-1]
    masks = (judge.owned, ~judge.owned)
    trial_heads = [calibrated(trees, judge, mask) for trees, mask in zip(trial, masks, strict=True)]
    chances = Ranker(trial_heads[0], trial_heads[1], leads=False).chances(
        judge.rows, np.where(judge.owned, 0, NEVER_BOUGHT)
    )
    judged = Judged(
        len(judge.starts) - 1, mean_ndcg(judge, chances), mean_ndcg(judge, judge.blended)
    )
    final = heads_of(windows, seed, boosting)
    own, new = (replace(head, trees=trees) for head, trees in zip(trial_heads, final, strict=True))
    return Ranker(own, new, judged.learned_ndcg > judged.hybrid_ndcg), judged


def heads_of(windows: list[Examples], seed: int, boosting: Boosting) -> tuple[Trees, Trees]:
    """Grow the trees for products bought before, and those for new ones."""
    draw = np.random.default_rng(seed)
    own = joined([own_rows(window, draw, boosting) for window in windows])
    share = boosting.basket_weight
    basket = grown(own, basket_gain(own, own.basket_sizes), seed, boosting)
    month = grown(own, days_share(own), seed, boosting)
    new = joined([some(window, new_rows(window, draw, boosting)) for window in windows])
    share_new = boosting.new_basket_weight
    label = share_new * new.next_basket / np.sqrt(np.maximum(new.new_sizes, 1))
    label = label + (1 - share_new) * (new.days_bought > 0)
    return added((share, basket), (1 - share, month)), grown(new, label, seed, boosting)


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows to learn from, and all that labels are made of."""

    rows: Floats
    next_basket: Mask
    days_bought: NDArray[np.int8]
    basket_sizes: NDArray[np.int64]
    new_sizes: NDArray[np.int64]
    weights: Doubles
    """How many rows each stands for."""


def own_rows(window: Examples, draw: np.random.Generator, boosting: Boosting) -> Labelled:
    """Products bought before: each shopper's foremost, and some of the many others in place of all."""
    others = window.rows[:, RANK] >= boosting.foremost
    kept = ~others | (draw.random(len(others)) < boosting.others_kept)
    weights = np.where(others, 1 / boosting.others_kept, 1.0)
    return some(window, window.owned & kept, weights)


def some(window: Examples, mask: Mask, weights: Doubles | None = None) -> Labelled:
    """Pick rows of a window, all of one weight unless said otherwise."""
    return Labelled(
        window.rows[mask],
        window.next_basket[mask],
        window.days_bought[mask],
        window.of_each(window.basket_sizes)[mask],
        window.of_each(window.new_sizes)[mask],
        np.ones(np.count_nonzero(mask)) if weights is None else weights[mask],
    )


def joined(parts: list[Labelled]) -> Labelled:
    """Put rows of several windows under each other."""
    names = Labelled.__dataclass_fields__
    return Labelled(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})


def new_rows(window: Examples, draw: np.random.Generator, boosting: Boosting) -> Mask:
    """New products: all that were bought, and a few of the many that were not."""
    kept = draw.random(len(window.owned)) < boosting.new_rows_kept
    return ~window.owned & ((window.days_bought > 0) | kept)


def basket_gain(rows: Labelled, sizes: NDArray[np.int64]) -> Doubles:
    """What finding a product of the next basket is worth: half by recall, half by NDCG, 0 to 1."""
    gain: Doubles = 0.5 / np.sqrt(sizes) + 0.5 / IDEAL_GAINS[np.minimum(sizes, TOP)]
    return np.where(rows.next_basket, gain, 0.0)


def days_share(rows: Labelled) -> Doubles:
    """Days in the window on which it was bought over the most that count, 0 to 1."""
    return np.minimum(rows.days_bought, MOST_DAYS) / MOST_DAYS


def grown(examples: Labelled, labels: Doubles, seed: int, boosting: Boosting) -> Trees:
    """Grow trees whose sum is the log odds of a label from 0 to 1."""
    rows = examples.rows
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
        "force_col_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(
        rows, labels, weight=examples.weights, feature_name=list(FEATURES), params=parameters
    )
    return trees_from(lightgbm.train(parameters, data, boosting.rounds))


def added(*parts: tuple[float, Trees]) -> Trees:
    """Put forests side by side, each with a weight."""
    before = np.cumsum([0, *(len(trees.features) for _, trees in parts)])
    shifted = list(zip(before.tolist(), parts, strict=False))
    return Trees(
        features=np.concatenate([trees.features for _, trees in parts]),
        thresholds=np.concatenate([trees.thresholds for _, trees in parts]),
        children=np.concatenate([trees.children + np.uint32(by) for by, (_, trees) in shifted]),
        values=np.concatenate([weight * trees.values for weight, trees in parts]),
        roots=np.concatenate([trees.roots + np.uint32(by) for by, (_, trees) in shifted]),
        depths=np.concatenate([trees.depths for _, trees in parts]),
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


def mean_ndcg(examples: Examples, scores: Floats) -> float:
    """NDCG@10 of the next basket, the mean over shoppers."""
    total = 0.0
    for place, (begin, end) in enumerate(
        zip(examples.starts[:-1], examples.starts[1:], strict=True)
    ):
        order = np.argsort(-scores[begin:end], kind="stable")[:TOP]
        hits = examples.next_basket[begin:end][order]
        gain = (hits / np.log2(np.arange(2, len(order) + 2))).sum()
        total += gain / IDEAL_GAINS[min(examples.basket_sizes[place], TOP)]
    return float(total / max(len(examples.starts) - 1, 1))
