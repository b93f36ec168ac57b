"""An evaluation from files to numbers."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from restock.days import date_of, day_of
from restock.tuning_config import TuningConfig
from trainer.clean import clean
from trainer.evaluation.cold_start import ColdStart
from trainer.evaluation.experiments import Experiment, Setup, results
from trainer.evaluation.methods.registry import REFERENCE
from trainer.evaluation.protocol import BASKETS_IN_ORDER, Protocol, cutoffs_of
from trainer.evaluation.run import CutResult
from trainer.evaluation.summary import cold_summary, summary
from trainer.lines import read_lines
from trainer.progress import Progress
from trainer.read import Source, read_records

SAMPLE_CUTOFFS = (date(2017, 9, 4), date(2017, 10, 2), date(2017, 10, 30), date(2017, 11, 27))
"""Test cut-offs of the sample data; 2017-08-07 is the one on which hyper-parameters were chosen."""
QUICK_HOUSEHOLDS = 500
"""Households that a quick evaluation judges."""
WORKERS = 2
"""Processes; each holds the purchases and the models of one experiment, up to 3 GB on the sample."""


@dataclass(frozen=True)
class Wanted:
    """What a caller asks for."""

    cutoffs: Sequence[date] = ()
    """Days to stand on; none for those that the data give."""
    methods: tuple[str, ...] = ()
    """Texts of which a method's name must contain one; none for all."""
    tuning: TuningConfig = field(default_factory=TuningConfig)
    """Knobs of what serves."""
    quick: bool = False
    """The last cut-off only, with fewer households and no cold start."""
    workers: int = WORKERS
    """Processes to work on."""


def evaluate(source: Source, wanted: Wanted, today: date, progress: Progress) -> dict[str, Any]:
    """Read, clean, and judge every method at every cut-off.

    Args:
        source: the files and their columns.
        wanted: what is asked for.
        today: the last day that a purchase may have.
        progress: is told of every stage.

    Returns:
        Plain values: settings, data, cut-offs, tasks, history lengths, cold starts.

    Raises:
        InvalidFile: the files cannot be learned from, or are too short to evaluate.
    """
    path = source.transactions or source.events or source.products
    with progress.stage("Read", steps=2) as read:
        products = read_records(source, today)
        read()
        lines, _ = read_lines(source, today)
    with progress.stage("Clean"):
        purchases, _ = clean(lines, products, wanted.tuning, path)
    protocol = BASKETS_IN_ORDER if source.in_order else Protocol()
    if wanted.quick:
        protocol = replace(protocol, most_households=QUICK_HOUSEHOLDS)
    days = [day_of(day) for day in wanted.cutoffs] or cutoffs_of(purchases, protocol, path)
    days = days[-1:] if wanted.quick else days
    setup = Setup(purchases, products, wanted.tuning, protocol, ColdStart(), wanted.methods, path)
    told = judged(setup, days, wanted, progress)
    return described(setup) | told


def judged(setup: Setup, days: Sequence[int], wanted: Wanted, progress: Progress) -> dict[str, Any]:
    """Do all experiments and sum them up."""
    ordinary = [Experiment(day) for day in days]
    kept = () if wanted.quick else setup.cold_start.shopping_days
    late = days[-setup.cold_start.cutoffs :]
    new = [Experiment(day, length) for day in late for length in kept]
    workers = 1 if wanted.quick else wanted.workers
    done = results(setup, ordinary + new, workers, progress)
    told = dict(zip(ordinary + new, done, strict=True))
    with progress.stage("Intervals"):
        main = [told[experiment] for experiment in ordinary]
        cold = {
            str(length): cold_summary(
                [told[Experiment(day, length)] for day in late], setup.protocol
            )
            for length in kept
        }
        return (
            {"cutoffs": [cutoff(result) for result in main]}
            | summary(main, setup.protocol)
            | {"cold_start": cold}
        )


def cutoff(result: CutResult) -> dict[str, Any]:
    """Describe one cut-off."""
    return {
        "day": day_name(result.day),
        "households": len(result.households),
        "catalogue_items": result.catalogue_items,
    }


def described(setup: Setup) -> dict[str, Any]:
    """Describe settings and data."""
    purchases, cold_start = setup.purchases, dataclasses.asdict(setup.cold_start)
    return {
        "reference": REFERENCE,
        "tuning": dataclasses.asdict(setup.tuning),
        "protocol": dataclasses.asdict(setup.protocol) | {"cold_start": cold_start},
        "data": {
            "digest": purchases.digest(),
            "households": len(purchases.user_ids),
            "products": len(purchases.item_ids),
            "purchases": len(purchases),
            "first_day": day_name(int(purchases.days.min())),
            "last_day": day_name(int(purchases.days.max())),
        },
    }


def day_name(number: int) -> str:
    """Write a day as ISO 8601 does; of baskets in order it is a pseudo-day of 1970."""
    return date_of(number).isoformat()
