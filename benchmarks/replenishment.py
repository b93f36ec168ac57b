"""What replenishment predictions are worth on the sample data, beside the mean-gap rule.

Learns from what lies before a day, looks at every product that every household ever bought, and compares with
what was bought in the days after. The mean-gap rule says that a product is due when the last purchase plus
the mean of the household's own gaps falls into the horizon. Knobs were chosen on the validation day only.

    python -m benchmarks.replenishment
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import typer

from restock.core.replenishment import (
    ReplenishmentState,
    evidence_of,
    said_to_be_due,
    states_of,
)
from restock.core.replenishment_model import rebuy_probabilities
from restock.days import day_of
from restock.serving.threads import limit_compute_threads
from restock.tuning_config import TuningConfig
from trainer.catalogue import coded
from trainer.clean import clean
from trainer.purchases import Purchases
from trainer.read import read_products, read_transactions
from trainer.replenishment import fit_replenishment, snapshot, until
from trainer.sample import sample_source

VALIDATION = date(2017, 8, 7)
TESTS = (date(2017, 9, 4), date(2017, 10, 2), date(2017, 10, 30), date(2017, 11, 27))
HORIZONS = (7, 14, 28)
OTHER_HORIZONS = (1, 3, 7, 14, 28, 56, 84)
BINS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.01)
MOST_GAPS = 10_000
EVIDENCE = ((0, 0), (1, 1), (2, 3), (4, 9), (10, MOST_GAPS))
LEAST_CHANCE = 1e-6


@dataclass(frozen=True)
class Outcome:
    """Predictions of one horizon from one day, and what came; an entry a pair of household and product."""

    gaps: np.ndarray
    """Own gaps before the day."""
    chances: np.ndarray
    """Our probability."""
    states: np.ndarray
    """Our state."""
    said: np.ndarray
    """Said to be due by us."""
    naive: np.ndarray
    """Said to be due by the mean-gap rule."""
    bought: np.ndarray
    """Bought within the horizon."""


def sample_purchases(tuning: TuningConfig) -> tuple[Purchases, np.ndarray]:
    """Read and clean the sample data: purchases and the category code of each item."""
    source = sample_source()
    products = read_products(source.products, source.columns.products)
    today = datetime.now(UTC).date()
    transactions = read_transactions(source.transactions, source.columns.transactions, today)
    purchases, _ = clean(transactions, products, tuning, source.transactions)
    names = [products.categories[products.row_of[item]] for item in purchases.item_ids]
    return purchases, coded(names)[1]


def outcomes(
    purchases: Purchases,
    category: np.ndarray,
    cut: date,
    horizons: Iterable[int],
    tuning: TuningConfig,
) -> dict[int, Outcome]:
    """Learn from what lies before a day, predict from the evening before it, and look what came."""
    as_of_day = day_of(cut) - 1
    past = until(purchases, np.flatnonzero(purchases.days <= as_of_day))
    model = fit_replenishment(past, category, tuning)
    found = snapshot(purchases, category, as_of_day, tuning)
    evidence = evidence_of(found.columns, model, as_of_day, tuning)
    own = (found.columns.last_days - found.columns.first_days) / np.maximum(evidence.gaps, 1)
    remaining = own - evidence.elapsed_days
    result = {}
    for horizon in horizons:
        chances = rebuy_probabilities(evidence, found.shoppers, model, horizon)
        states = states_of(evidence, chances, horizon, tuning)
        result[horizon] = Outcome(
            gaps=evidence.gaps,
            chances=chances,
            states=states,
            said=said_to_be_due(states, chances, tuning),
            naive=(evidence.gaps > 0) & (remaining > 0) & (remaining <= horizon),
            bought=found.next_days <= horizon,
        )
    return result


def likeliest(outcome: Outcome, count: int) -> np.ndarray:
    """Mask of our `count` most probable pairs."""
    mask = np.zeros(len(outcome.chances), np.bool_)
    mask[np.argsort(-outcome.chances, kind="stable")[:count]] = True
    return mask


def precision_recall(said: np.ndarray, bought: np.ndarray) -> str:
    """Count of what is said to be due, share of it bought, share of all rebuys that it holds."""
    hits = np.count_nonzero(said & bought)
    return f"{said.sum():,} | {hits / said.sum():.3f} | {hits / bought.sum():.3f}"


def naive_rates(outcome: Outcome) -> np.ndarray:
    """Observed share bought by what the mean-gap rule can tell: bought once, not said, said."""
    kind = naive_kind(outcome)
    return np.array([outcome.bought[kind == each].mean() for each in range(3)])


def naive_kind(outcome: Outcome) -> np.ndarray:
    """0 for bought once, 1 for not said to be due, 2 for said to be due."""
    return np.where(outcome.gaps == 0, 0, np.where(outcome.naive, 2, 1))


def scores(chances: np.ndarray, bought: np.ndarray) -> str:
    """Brier score, log loss and expected calibration error over the bins."""
    held = np.clip(chances, LEAST_CHANCE, 1 - LEAST_CHANCE)
    loss = -np.where(bought, np.log(held), np.log1p(-held)).mean()
    error = sum(
        np.count_nonzero(inside) * abs(chances[inside].mean() - bought[inside].mean())
        for inside in binned(chances)
    ) / len(chances)
    return f"{((chances - bought) ** 2).mean():.5f} | {loss:.5f} | {error:.5f}"


def binned(chances: np.ndarray) -> list[np.ndarray]:
    """Masks of the bins that are not empty."""
    bins = np.digitize(chances, BINS) - 1
    return [bins == each for each in range(len(BINS) - 1) if (bins == each).any()]


def joined(parts: list[Outcome]) -> Outcome:
    """Put the outcomes of several days under each other."""
    names = ("gaps", "chances", "states", "said", "naive", "bought")
    return Outcome(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def print_table(title: str, columns: str, rows: Iterable[str]) -> None:
    """Print a table as Markdown."""
    print(f"\n{title}\n\n| {columns} |\n|{'---|' * (columns.count('|') + 1)}")
    for row in rows:
        print(f"| {row} |")


def said_rows(label: str, horizon: int, outcome: Outcome) -> Iterable[str]:
    """What is said to be due, by the rule and by us, at our number and at the rule's."""
    count = int(outcome.naive.sum())
    for name, said in (
        ("mean gap", outcome.naive),
        ("ours, as many", likeliest(outcome, count)),
        ("ours, said to be due", outcome.said),
    ):
        yield f"{label} | {horizon} | {name} | {precision_recall(said, outcome.bought)}"


def reliability_rows(outcome: Outcome) -> Iterable[str]:
    """Predicted and observed share by bins of the prediction."""
    for inside in binned(outcome.chances):
        chances = outcome.chances[inside]
        low = BINS[int(np.digitize(chances[0], BINS)) - 1]
        share = outcome.bought[inside].mean()
        yield f"from {low:g} | {inside.sum():,} | {chances.mean():.4f} | {share:.4f}"


def naive_reliability_rows(valid: Outcome, outcome: Outcome) -> Iterable[str]:
    """Rate on the validation day and share bought on the test days, by what the rule can tell."""
    kinds, rates = naive_kind(outcome), naive_rates(valid)
    for kind, label in enumerate(("bought once", "not due", "due")):
        inside = kinds == kind
        yield f"{label} | {inside.sum():,} | {rates[kind]:.4f} | {outcome.bought[inside].mean():.4f}"


def evidence_rows(outcome: Outcome) -> Iterable[str]:
    """Predicted and observed share, and what is said to be due, by own gaps."""
    for low, high in EVIDENCE:
        inside = (outcome.gaps >= low) & (outcome.gaps <= high)
        label = (
            f"{low} or more"
            if high == MOST_GAPS
            else f"{low}"
            if low == high
            else f"{low} to {high}"
        )
        chances, bought = outcome.chances[inside].mean(), outcome.bought[inside].mean()
        cells = [f"{label} | {inside.sum():,} | {chances:.4f} | {bought:.4f}"]
        for said in (outcome.naive & inside, outcome.said & inside):
            hits = f"{outcome.bought[said].mean():.3f}" if said.any() else ""
            cells.append(f"{said.sum():,} | {hits}")
        yield " | ".join(cells)


def state_rows(outcome: Outcome) -> Iterable[str]:
    """Share bought by state."""
    for state in ReplenishmentState:
        inside = outcome.states == state
        if inside.any():
            chances, bought = outcome.chances[inside].mean(), outcome.bought[inside].mean()
            yield f"{state.name} | {inside.sum():,} | {chances:.4f} | {bought:.4f}"


def score_rows(valid: dict[int, Outcome], pooled: dict[int, Outcome]) -> Iterable[str]:
    """Scores of both; the rule's chances are its observed rates on the validation day."""
    for horizon, outcome in pooled.items():
        rates = naive_rates(valid[horizon])[naive_kind(outcome)]
        yield f"{horizon} | mean gap | {scores(rates, outcome.bought)}"
        yield f"{horizon} | ours | {scores(outcome.chances, outcome.bought)}"


def horizon_rows(found: dict[int, Outcome]) -> Iterable[str]:
    """Predicted and observed share of pairs with a gap, by horizon."""
    for horizon, outcome in found.items():
        own = outcome.gaps > 0
        chances, bought = outcome.chances[own].mean(), outcome.bought[own].mean()
        yield f"{horizon} | {chances:.4f} | {bought:.4f} | {scores(outcome.chances, outcome.bought)}"


def main() -> None:
    """Print the tables."""
    tuning = TuningConfig()
    purchases, category = sample_purchases(tuning)
    valid = outcomes(purchases, category, VALIDATION, HORIZONS, tuning)
    tests = [outcomes(purchases, category, cut, HORIZONS, tuning) for cut in TESTS]
    pooled = {horizon: joined([test[horizon] for test in tests]) for horizon in HORIZONS}
    columns = "from | days | rule | said to be due | bought | of all rebuys"
    days = list(zip((VALIDATION, *TESTS), (valid, *tests), strict=True))
    rows = [row for day, found in days for row in said_rows(str(day), 7, found[7])]
    print_table("Said to be due within 7 days", columns, rows)
    rows = [row for horizon in HORIZONS for row in said_rows("tests", horizon, pooled[horizon])]
    print_table("Said to be due, the four test days together", columns, rows)
    columns = "days | rule | Brier score | log loss | calibration error"
    print_table("Scores over all pairs", columns, score_rows(valid, pooled))
    columns = "predicted | pairs | mean prediction | bought"
    for horizon in HORIZONS:
        print_table(f"Reliability at {horizon} days", columns, reliability_rows(pooled[horizon]))
    rows = naive_reliability_rows(valid[7], pooled[7])
    columns = "the rule says | pairs | bought on the validation day | bought on the test days"
    print_table("Reliability of the mean-gap rule at 7 days", columns, rows)
    columns = "own gaps | pairs | predicted | bought | mean gap says | bought | we say | bought"
    print_table("By evidence, 7 days", columns, evidence_rows(pooled[7]))
    columns = "state | pairs | predicted | bought"
    print_table("By state, 7 days", columns, state_rows(pooled[7]))
    long = outcomes(purchases, category, TESTS[0], OTHER_HORIZONS, tuning)
    columns = "days | predicted | bought | Brier score | log loss | calibration error"
    print_table(f"Other horizons, from {TESTS[0]}", columns, horizon_rows(long))


if __name__ == "__main__":
    limit_compute_threads()
    typer.run(main)
