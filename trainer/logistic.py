"""Logistic regression by Newton steps, pulled towards known weights."""

from dataclasses import dataclass

import numpy as np

from restock.core.arrays import Mask
from restock.core.replenishment_model import Doubles

MOST_STEPS, MOST_HALVINGS = 50, 30
CONVERGED = 1e-9
"""Relative gain of a step below which there is nothing more to find."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of a regression."""

    rows: Doubles
    """(rows, features) float64; the first feature is constant."""
    outcomes: Mask
    """(rows,) bool."""
    weights: Doubles
    """(rows,) float64: how many rows each stands for."""


def joined(samples: list[Sample]) -> Sample:
    """Put samples under each other."""
    return Sample(
        np.concatenate([sample.rows for sample in samples]),
        np.concatenate([sample.outcomes for sample in samples]),
        np.concatenate([sample.weights for sample in samples]),
    )


def logistic_weights(samples: list[Sample], prior: Doubles, pull: float) -> Doubles:
    """Weights of the log-odds that are likeliest, given that they are likely to be near known ones.

    Args:
        samples: what was seen; none leaves the known weights.
        prior: (features,) float64 known weights.
        pull: 1 / variance of a weight around the known one, before anything was seen. One for all, so that
            a feature that hardly varies stays what it was.

    Returns:
        (features,) float64.
    """
    return descend(joined(samples), prior, pull) if samples else prior


def descend(sample: Sample, prior: Doubles, pull: float) -> Doubles:
    """Newton's steps from the known weights, each halved until it does not lose."""
    offsets = np.zeros_like(prior)
    loss, log_odds = loss_of(sample, prior, offsets, pull)
    for _ in range(MOST_STEPS):
        step = newton_step(sample, log_odds, offsets, pull)
        for halving in range(MOST_HALVINGS):
            moved = offsets + step / 2**halving
            moved_loss, moved_odds = loss_of(sample, prior + moved, moved, pull)
            if moved_loss <= loss:
                break
        else:
            break
        gain, offsets, loss, log_odds = loss - moved_loss, moved, moved_loss, moved_odds
        if gain <= CONVERGED * loss:
            break
    return prior + offsets


def loss_of(
    sample: Sample, weights: Doubles, offsets: Doubles, pull: float
) -> tuple[float, Doubles]:
    """Log loss with the pull's, and the log-odds of the rows."""
    log_odds = sample.rows @ weights
    losses = np.logaddexp(0.0, log_odds) - sample.outcomes * log_odds
    return float(sample.weights @ losses + pull * offsets @ offsets / 2), log_odds


def newton_step(sample: Sample, log_odds: Doubles, offsets: Doubles, pull: float) -> Doubles:
    """The step to the minimum of the loss's parabola."""
    chances = 1 / (1 + np.exp(-log_odds))
    slope = sample.rows.T @ (sample.weights * (sample.outcomes - chances)) - pull * offsets
    bend = (sample.rows * (sample.weights * chances * (1 - chances))[:, None]).T @ sample.rows
    found, *_ = np.linalg.lstsq(bend + pull * np.eye(len(offsets)), slope)
    return found.astype(np.float64)
