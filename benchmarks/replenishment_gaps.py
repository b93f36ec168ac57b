"""How well the parts of a due day hold on the sample data: the cycle's interval, and the units bought last.

Cycles and their intervals are learned from one half of the households and checked on the other. Units are
checked on what was bought in the week before each test day: how far the gap that came is from the expected.

    python -m benchmarks.replenishment_gaps
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import numpy as np
import typer

from benchmarks.replenishment import TESTS, print_table, sample_purchases
from restock.core.replenishment import DEVIATIONS_OF_80_PERCENT, evidence_of, quantity_ratios
from restock.core.replenishment_model import DEFAULT_MODEL, WEEK_DAYS, cycle_spread
from restock.days import day_of
from restock.serving.threads import limit_compute_threads
from restock.tuning_config import TuningConfig
from trainer.cycles import item_cycles
from trainer.purchases import Purchases
from trainer.replenishment import (
    CYCLE_GAPS,
    EVIDENCE_STEPS,
    NEVER,
    Snapshot,
    cycle_errors,
    cycle_precisions,
    snapshot,
    until,
)

PURCHASES = 3
"""Of a pair, at least, so that there are own gaps to judge by."""
QUANTITY_RATIOS = ((0.25, 0.75), (0.75, 1.25), (1.25, 1.75), (1.75, 5.0))
ELASTICITIES = (0.0, DEFAULT_MODEL.quantity_elasticity, 0.5, 1.0)


def fresh_gaps(
    purchases: Purchases, category: np.ndarray, cut: date, tuning: TuningConfig
) -> tuple[Snapshot, np.ndarray, np.ndarray]:
    """Pairs as of a day; which were bought in the week before it, for the third time at least; their gaps."""
    as_of_day = day_of(cut) - 1
    found = snapshot(purchases, category, as_of_day, tuning)
    elapsed = as_of_day - found.columns.last_days
    fresh = (
        (found.next_days < NEVER)
        & (elapsed < WEEK_DAYS)
        & (found.columns.purchase_counts >= PURCHASES)
    )
    return found, fresh, np.where(fresh, found.next_days, 0) + elapsed


def quantity_rows(
    purchases: Purchases, category: np.ndarray, tuning: TuningConfig
) -> Iterable[str]:
    """How far gaps are from the expected, by the exponent of the units bought."""
    parts = [(cut, *fresh_gaps(purchases, category, cut, tuning)) for cut in TESTS]
    for low, high in QUANTITY_RATIOS:
        for elasticity in ELASTICITIES:
            model = replace(DEFAULT_MODEL, quantity_elasticity=elasticity)
            errors = []
            for cut, found, fresh, gaps in parts:
                as_of_day = day_of(cut) - 1
                expected = evidence_of(found.columns, model, as_of_day, tuning).gap_days
                ratios = quantity_ratios(found.columns)
                rows = fresh & (ratios >= low) & (ratios < high)
                errors.append(np.log(gaps[rows] / expected[rows]))
            error = np.concatenate(errors)
            cells = f"{np.exp(np.median(error)):.2f} | {np.abs(error).mean():.3f}"
            yield f"{low:g} to {high:g} | {len(error):,} | {elasticity:g} | {cells}"


def interval_rows(
    purchases: Purchases, category: np.ndarray, tuning: TuningConfig
) -> Iterable[str]:
    """Share of households' later cycles inside the interval, learned from the other households."""
    even = purchases.users % 2 == 0
    learned, others = (until(purchases, np.flatnonzero(half)) for half in (even, ~even))
    cycles = item_cycles(learned, category, tuning)
    low, per_gap = cycle_precisions(learned, cycles, tuning)
    model = replace(DEFAULT_MODEL, cycle_precision=low, cycle_precision_per_gap=per_gap)
    starts = others.pair_starts()
    gaps = np.diff(np.append(starts, len(others))) - 1
    for step in EVIDENCE_STEPS:
        first = starts[gaps >= step + CYCLE_GAPS]
        errors = cycle_errors(others, first, step, cycles, tuning)
        spread = cycle_spread(np.full(1, float(step)), model, DEVIATIONS_OF_80_PERCENT)[0]
        below, above = (errors < -np.log(spread)).mean(), (errors > np.log(spread)).mean()
        cells = f"{1 / spread:.2f} to {spread:.2f} | {1 - below - above:.3f} | {below:.3f} | {above:.3f}"
        yield f"{step} | {len(first):,} | {cells}"


def main() -> None:
    """Print the tables."""
    tuning = TuningConfig()
    purchases, category = sample_purchases(tuning)
    columns = "own gaps | pairs | interval / cycle | inside | below | above"
    print_table("Cycle intervals", columns, interval_rows(purchases, category, tuning))
    columns = "units over usual | purchases | exponent | median of gap / expected | mean log error"
    print_table("Quantity", columns, quantity_rows(purchases, category, tuning))


if __name__ == "__main__":
    limit_compute_threads()
    typer.run(main)
