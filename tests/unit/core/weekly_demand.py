"""Shops whose elasticities are known, because they are simulated."""

from dataclasses import dataclass

import numpy as np

from restock.core.elasticity import Panel

WEEKS = 52


@dataclass(frozen=True)
class Simulated:
    """What an analyst sees, and what is true."""

    panel: Panel
    elasticity: np.ndarray


def simulated(
    products: int = 300,
    elasticity: float | np.ndarray = -2.0,
    purchases: float = 8.0,
    promotion_effect: float = 0.0,
    season_effect: float = 0.0,
    season_in_price: float = 0.0,
    overdispersion: float = 0.0,
    seed: int = 0,
) -> Simulated:
    """A year of products whose shelf price changes now and then and is cut in one week of five.

    Args:
        products: how many.
        elasticity: theirs.
        purchases: mean of a week at the usual price.
        promotion_effect: log units that a promoted week adds by itself.
        season_effect: log units that the best week of the year adds.
        season_in_price: log price that it adds.
        overdispersion: variance of a week's luck, beyond Poisson's.
        seed: of the chance.
    """
    chance = np.random.default_rng(seed)
    shape = (products, WEEKS)
    steps = chance.normal(0, 0.08, shape) * (chance.random(shape) < 0.06)
    promoted = (chance.random(shape) < 0.2).astype(float)
    season = np.broadcast_to(np.sin(np.arange(WEEKS) / WEEKS * 2 * np.pi), shape)
    cut = np.log1p(-promoted * chance.uniform(0.1, 0.4, shape))
    log_prices = np.cumsum(steps, axis=1) + cut + season_in_price * season
    truth = np.broadcast_to(np.asarray(elasticity, float), products)
    rates = purchases * np.exp(
        truth[:, None] * log_prices + promotion_effect * promoted + season_effect * season
    )
    if overdispersion:
        rates = rates * chance.gamma(1 / overdispersion, overdispersion, shape)
    counts = chance.poisson(rates).astype(float)
    panel = Panel(counts, log_prices, promoted, season, counts > 0, np.ones(products))
    return Simulated(panel, truth)
