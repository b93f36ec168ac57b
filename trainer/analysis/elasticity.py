"""Elasticity: which products sell more when they cost less, and for how many nobody can tell."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from restock.core import elasticity
from restock.core.arrays import Ints
from restock.core.elasticity import CLASSES, INSUFFICIENT, REASONS, Elasticities, ElasticitySettings
from restock.core.pooled_effects import pooled
from trainer.analysis.panel import PanelSettings, WeeklySales, weekly_sales
from trainer.analysis.sales import Sales

LEAST_POOLED = 5
"""Estimated products from which a category has an elasticity of its own."""
EXAMPLES = 10
"""Products shown of each kind."""


@dataclass(frozen=True)
class ProductElasticity:
    """One product that could be estimated."""

    item_id: str
    name: str
    category: str
    weeks: int
    """Weeks with a sale."""
    elasticity: float
    """Estimate with promotion and season held constant."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end."""
    classified: str
    """One of the four classes."""
    false_discovery_rate: float
    """Lowest rate at which the class would be claimed."""
    naive: float
    """The seed's slope: log units on log price, nothing else."""
    naive_class: str
    """Where that slope lies, taken at its word."""


@dataclass(frozen=True)
class CategoryElasticity:
    """Products of one category together (random effects)."""

    category: str
    products: int
    """Estimated products."""
    elasticity: float
    """Their average elasticity."""
    low: float
    """Lower end of its 95% interval."""
    high: float
    """Upper end."""
    spread: float
    """Standard deviation of the products' true elasticities around it."""
    classified: str
    """The class that holds the whole interval."""


@dataclass(frozen=True)
class ElasticitySection:
    """The section on elasticity."""

    discounts_recorded: bool
    """False where promotions were inferred from dips of the price."""
    weeks: int
    """Whole weeks looked at."""
    products: int
    """Products sold in enough of them to be looked at."""
    estimated: int
    """Products with an estimate."""
    classes: dict[str, int]
    """Products by class; those without an estimate have insufficient evidence."""
    reasons: dict[str, int]
    """Products with insufficient evidence, by the first reason."""
    naive_classes: dict[str, int]
    """The estimated products by the seed's slope."""
    naive_against_ours: dict[str, dict[str, int]]
    """The estimated products by naive class, then by ours."""
    naive_differs: int
    """Estimated products whose two classes differ, insufficient evidence counted as different."""
    naive_contradicted: int
    """Products with a class of ours, of which the naive slope says another."""
    naive_outside: int
    """Estimated products whose naive slope lies outside our interval."""
    median_elasticity: float | None
    """Over the estimated products."""
    median_naive: float | None
    """The seed's slope over the same products."""
    price_units_correlation: float | None
    """Of unit price and units over all purchases, which the seed puts at -0.05."""
    settings: dict[str, Any]
    """Every threshold."""
    items: tuple[ProductElasticity, ...]
    """The estimated products, most surely sensitive first."""
    categories: tuple[CategoryElasticity, ...]
    """Categories with enough of them, most sensitive first."""

    def category_classes(self) -> dict[str, int]:
        """Categories by the class that holds their interval."""
        found = [category.classified for category in self.categories]
        return {name: found.count(name) for name in CLASSES}

    def of_class(self, name: str) -> list[ProductElasticity]:
        """Give examples of a class, those with the narrowest interval first."""
        found = [item for item in self.items if item.classified == name]
        return sorted(found, key=lambda item: item.high - item.low)[:EXAMPLES]


def elasticity_section(
    sales: Sales, panel_settings: PanelSettings, settings: ElasticitySettings
) -> ElasticitySection | None:
    """Estimate all products that were sold often enough; None where no price or no date is known.

    Args:
        sales: purchase lines after cleaning.
        panel_settings: how weeks are made of them.
        settings: what counts as evidence, and where the classes part.
    """
    if not (sales.dated and (sales.paid > 0).any()):
        return None
    weekly = weekly_sales(sales, panel_settings)
    found = elasticity.estimate(weekly.panel, settings)
    fitted = np.flatnonzero(~np.isnan(found.estimates))
    return ElasticitySection(
        discounts_recorded=weekly.recorded,
        weeks=weekly.panel.seen.shape[1],
        products=len(weekly.items),
        estimated=len(fitted),
        classes=counted(found.classes, CLASSES),
        reasons=counted(found.reasons[found.classes == INSUFFICIENT], REASONS[1:], first=1),
        naive_classes=counted(found.naive_classes[fitted], CLASSES[:INSUFFICIENT]),
        naive_against_ours=crossed(found, fitted),
        naive_differs=int((found.naive_classes != found.classes)[fitted].sum()),
        naive_contradicted=int(contradicted(found).sum()),
        naive_outside=int(outside(found)[fitted].sum()),
        median_elasticity=median(found.estimates[fitted]),
        median_naive=median(found.naive[fitted]),
        price_units_correlation=correlation(sales),
        settings=asdict(panel_settings) | asdict(settings),
        items=tuple(products_of(sales, weekly, found, fitted)),
        categories=tuple(categories_of(sales, weekly, found, fitted, settings)),
    )


def counted(codes: Ints, names: tuple[str, ...], first: int = 0) -> dict[str, int]:
    """How many entries have each code, by its name; codes count from `first`."""
    return {name: int((codes == first + code).sum()) for code, name in enumerate(names)}


def crossed(found: Elasticities, fitted: np.ndarray) -> dict[str, dict[str, int]]:
    """Count estimated products by naive class, then by ours."""
    naive, ours = found.naive_classes[fitted], found.classes[fitted]
    return {
        name: counted(ours[naive == code], CLASSES)
        for code, name in enumerate(CLASSES[:INSUFFICIENT])
    }


def contradicted(found: Elasticities) -> np.ndarray:
    """Tell which products have a class, and another one by the naive slope, (products,) bool."""
    return np.asarray((found.classes != INSUFFICIENT) & (found.naive_classes != found.classes))


def outside(found: Elasticities) -> np.ndarray:
    """Tell whose naive slope our interval excludes, (products,) bool."""
    return np.asarray((found.naive < found.lows) | (found.naive > found.highs))


def median(values: np.ndarray) -> float | None:
    """Median, None of nothing."""
    return float(np.median(values)) if len(values) else None


def correlation(sales: Sales) -> float | None:
    """Correlation of unit price and units over all priced purchases; None where either is constant."""
    priced = sales.paid > 0
    units = sales.units[priced]
    prices = sales.paid[priced] / units
    constant = not (np.ptp(units) > 0 and np.ptp(prices) > 0)
    return None if constant else float(np.corrcoef(prices, units)[0, 1])


def products_of(
    sales: Sales, weekly: WeeklySales, found: Elasticities, fitted: np.ndarray
) -> list[ProductElasticity]:
    """List the estimated products, the lowest upper end first; equal ones by id."""
    order = fitted[np.argsort(found.highs[fitted], kind="stable")]
    return [
        ProductElasticity(
            item_id=sales.item_ids[item],
            name=sales.names[item],
            category=sales.categories[item],
            weeks=int(found.weeks[row]),
            elasticity=float(found.estimates[row]),
            low=float(found.lows[row]),
            high=float(found.highs[row]),
            classified=CLASSES[found.classes[row]],
            false_discovery_rate=float(found.false_rates[row]),
            naive=float(found.naive[row]),
            naive_class=CLASSES[found.naive_classes[row]],
        )
        for row, item in zip(order.tolist(), weekly.items[order].tolist(), strict=True)
    ]


def categories_of(
    sales: Sales,
    weekly: WeeklySales,
    found: Elasticities,
    fitted: np.ndarray,
    settings: ElasticitySettings,
) -> list[CategoryElasticity]:
    """Pool the estimated products of each category that has enough of them."""
    if not len(fitted):
        return []
    labels = np.array([sales.categories[item] for item in weekly.items[fitted].tolist()], object)
    names, groups = np.unique(labels.astype(str), return_inverse=True)
    together = pooled(
        groups.astype(np.int32), found.estimates[fitted], found.errors[fitted], len(names)
    )
    classes = elasticity.inside(together.lows, together.highs, settings)
    order = np.argsort(together.means, kind="stable")
    return [
        CategoryElasticity(
            category=str(names[group]),
            products=int(together.sizes[group]),
            elasticity=float(together.means[group]),
            low=float(together.lows[group]),
            high=float(together.highs[group]),
            spread=float(together.spreads[group]),
            classified=CLASSES[classes[group]],
        )
        for group in order.tolist()
        if names[group] and together.sizes[group] >= LEAST_POOLED
    ]
