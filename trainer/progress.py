"""Telling people how far a training is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

Advance = Callable[[], None]


class Progress(Protocol):
    """Is told of every stage of a training."""

    def stage(self, name: str, steps: int = 1) -> AbstractContextManager[Advance]:
        """Enter a stage; what it gives is called after each of its steps but the last."""
        ...


class Quiet:
    """Says nothing."""

    @contextmanager
    def stage(self, name: str, steps: int = 1) -> Iterator[Advance]:
        """Enter a stage."""
        yield lambda: None


class ProgressBars:
    """One bar a stage, on the terminal."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars

    @contextmanager
    def stage(self, name: str, steps: int = 1) -> Iterator[Advance]:
        """Draw a stage's bar and fill it up on leaving."""
        task = self.bars.add_task(name, total=steps)
        yield lambda: self.bars.advance(task)
        self.bars.update(task, completed=steps)


@contextmanager
def progress_bars() -> Iterator[ProgressBars]:
    """Draw bars until left."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn()) as bars:
        yield ProgressBars(bars)
