"""All experiments of an evaluation: cut-offs and cold starts, on as many processes as are wanted."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from restock.tuning_config import TuningConfig
from trainer.evaluation.cold_start import ColdStart, cold
from trainer.evaluation.methods.registry import (
    all_methods,
    chosen,
    cold_start_methods,
    is_wanted,
)
from trainer.evaluation.protocol import Protocol, cut_at
from trainer.evaluation.run import CutResult, run_at
from trainer.progress import Progress
from trainer.purchases import Purchases
from trainer.read import Products


@dataclass(frozen=True)
class Experiment:
    """One cut-off, ordinary or with households made new."""

    day: int
    """The cut-off."""
    cold_days: int | None = None
    """Last shopping days that new households keep; None for the ordinary experiment."""


@dataclass(frozen=True, eq=False)
class Setup:
    """What all experiments share."""

    purchases: Purchases
    """Of the whole file."""
    products: Products
    """Records of its products."""
    tuning: TuningConfig
    """Knobs of what serves."""
    protocol: Protocol
    """Who counts, and what is foretold."""
    cold_start: ColdStart
    """Who is made new."""
    wanted: tuple[str, ...]
    """Texts of which a method's name must contain one; none for all methods."""
    path: Path
    """The file, for messages."""

    def run(self, experiment: Experiment) -> CutResult:
        """Do one experiment on one BLAS thread, so that numbers do not depend on the machine's cores.

        Raises:
            InvalidFile: nobody counts at the cut-off.
        """
        with threadpool_limits(1):
            cut = cut_at(self.purchases, self.products, experiment.day, self.protocol, self.path)
            if experiment.cold_days is None:
                return self.named(
                    run_at(cut, chosen(all_methods(self.tuning), self.wanted), self.protocol)
                )
            cut = cold(cut, self.cold_start.share, experiment.cold_days, self.protocol)
            methods = chosen(cold_start_methods(self.tuning), self.wanted)
            return self.named(run_at(cut, methods, self.protocol, explore=False))

    def named(self, result: CutResult) -> CutResult:
        """Drop the rest of a family of which not all were wanted."""
        for methods in result.judged.values():
            for name in [name for name in methods if not is_wanted(name, self.wanted)]:
                del methods[name]
        return result


def results(
    setup: Setup, experiments: Sequence[Experiment], workers: int, progress: Progress
) -> list[CutResult]:
    """Do all experiments; their results in the order asked for, however many work.

    Raises:
        InvalidFile: nobody counts at a cut-off.
    """
    found = []
    with progress.stage("Experiments", len(experiments)) as done:
        for result in each(setup, experiments, workers):
            found.append(result)
            done()
    return found


def each(setup: Setup, experiments: Sequence[Experiment], workers: int) -> Iterator[CutResult]:
    """Do the experiments here, or on several processes that each hold the purchases once."""
    if workers == 1:
        yield from map(setup.run, experiments)
        return
    # Not forked: a copy of a process with OpenMP threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, hold, (setup,)) as pool:
        yield from pool.map(of_held, experiments)


HELD: list[Setup] = []
"""The setup of a worker process."""


def hold(setup: Setup) -> None:
    """Keep the setup in a worker process."""
    HELD[:] = [setup]


def of_held(experiment: Experiment) -> CutResult:
    """Do one experiment in a worker process."""
    return HELD[0].run(experiment)
