"""Stages of a training: a stage's result may be known from an earlier training."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from numpy.typing import NDArray

from restock.tuning_config import TuningConfig
from trainer.progress import Progress

T = TypeVar("T")
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Parts:
    """A result taken apart into what files can hold."""

    arrays: Arrays = field(default_factory=dict)
    """By a name that a file can have; numbers or bools, of any shape."""
    facts: Any = None
    """The rest: anything that JSON can hold."""


@dataclass(frozen=True)
class Stage(Generic[T]):
    """A step of a training that depends on its inputs and on the knobs that it reads, and on nothing else."""

    name: str
    """Shown to people; no two stages with the same inputs have the same."""
    apart: Callable[[T], Parts]
    """Takes a result apart."""
    together: Callable[[Parts], T]
    """Puts it together again, arrays read only."""


class Stages(Protocol):
    """Gives the results of stages, learned now or known already."""

    def result(
        self,
        stage: Stage[T],
        inputs: tuple[object, ...],
        tuning: TuningConfig,
        progress: Progress,
        make: Callable[[TuningConfig], T],
    ) -> T:
        """Return a stage's result.

        Args:
            stage: which.
            inputs: all that it depends on beside knobs, such as `digest_of` takes.
            tuning: every knob.
            progress: is told of a result that is known already; `make` tells of its own.
            make: learns the result with the knobs that it is given, which are those of `tuning`.
        """
        ...


class Uncached:
    """Knows no result: learns each anew."""

    def result(
        self,
        stage: Stage[T],
        inputs: tuple[object, ...],
        tuning: TuningConfig,
        progress: Progress,
        make: Callable[[TuningConfig], T],
    ) -> T:
        """Learn a stage's result."""
        return make(tuning)


UNCACHED = Uncached()
