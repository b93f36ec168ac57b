"""All experiments of an evaluation: cut-offs and cold starts, on as many processes as are wanted."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from restock.core.learned.ranker import Ranker
from restock.tuning_config import TuningConfig
from trainer.evaluation.cold_start import ColdStart, cold, others
from trainer.evaluation.methods.registry import (
    all_methods,
    chosen,
    cold_start_methods,
    is_wanted,
)
from trainer.evaluation.methods.served import Served, ranker_of
from trainer.evaluation.protocol import Cut, Protocol, cut_at
from trainer.evaluation.run import CutResult, run_at
from trainer.progress import Advance, Progress
from trainer.purchases import Purchases
from trainer.read import Products

T = TypeVar("T")
Each = Callable[..., Iterable[Any]]
"""Calls a method of the setup for each entry of parallel lists; like `map`, in their order."""


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

    def run(self, experiment: Experiment, ranker: Ranker | None) -> CutResult:
        """Do one experiment on one BLAS thread, so that numbers do not depend on the machine's cores.

        Args:
            experiment: which.
            ranker: of LEARNED in a cold start, from `ranker_of_others`; an ordinary one learns its own.

        Raises:
            InvalidFile: nobody counts at the cut-off.
        """
        with threadpool_limits(1):
            cut = self.cut(experiment.day)
            if experiment.cold_days is None:
                methods = chosen(all_methods(self.tuning), self.wanted)
                return self.named(run_at(cut, methods, self.protocol))
            cut = cold(cut, self.cold_start.share, experiment.cold_days, self.protocol)
            methods = chosen(cold_start_methods(self.tuning, ranker), self.wanted)
            return self.named(run_at(cut, methods, self.protocol, explore=False))

    def ranker_of_others(self, day: int) -> Ranker | None:
        """Learn the ranker that a cut-off's cold starts share, from households that are not made new.

        Raises:
            InvalidFile: nobody counts at the cut-off.
        """
        with threadpool_limits(1):
            known = others(self.cut(day).past, self.cold_start.share, self.protocol)
            return ranker_of(known, self.tuning)

    def cut(self, day: int) -> Cut:
        """Stand on a day.

        Raises:
            InvalidFile: nobody counts.
        """
        return cut_at(self.purchases, self.products, day, self.protocol, self.path)

    @property
    def ranks_cold(self) -> bool:
        """Whether a method of the cold starts asks for a ranker."""
        methods = chosen(cold_start_methods(self.tuning, None), self.wanted)
        return any(isinstance(method, Served) and method.ranks for method in methods)

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
    new = [experiment.day for experiment in experiments if experiment.cold_days is not None]
    days = sorted({*new}) if setup.ranks_cold else []
    with processes(setup, workers) as each:
        rankers: dict[int, Ranker | None] = {}
        if days:
            with progress.stage("Rankers of cold starts", len(days)) as done:
                learned = counted(each(Setup.ranker_of_others, days), done)
                rankers = dict(zip(days, learned, strict=True))
        with progress.stage("Experiments", len(experiments)) as done:
            given = [rankers.get(experiment.day) for experiment in experiments]
            return list(counted(each(Setup.run, experiments, given), done))


def counted(found: Iterable[T], done: Advance) -> Iterator[T]:
    """Hand on what is found, and tell of each."""
    for one in found:
        yield one
        done()


@contextmanager
def processes(setup: Setup, workers: int) -> Iterator[Each]:
    """Work here, or on several processes that each hold the purchases once."""
    if workers == 1:
        yield lambda task, *lists: map(partial(task, setup), *lists)
        return
    # Not forked: a copy of a process with OpenMP threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, hold, (setup,)) as pool:
        yield lambda task, *lists: pool.map(partial(of_held, task), *lists)


HELD: list[Setup] = []
"""The setup of a worker process."""


def hold(setup: Setup) -> None:
    """Keep the setup in a worker process."""
    HELD[:] = [setup]


def of_held(task: Callable[..., Any], *given: Any) -> Any:
    """Call a method of the setup in a worker process."""
    return task(HELD[0], *given)
