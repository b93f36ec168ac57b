"""Telling people how far a training is."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
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


class ProgressLines:
    """One line a stage as it begins, for a log or a pipe."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.begun = time.monotonic()

    @contextmanager
    def stage(self, name: str, steps: int = 1) -> Iterator[Advance]:
        """Print how many seconds after the first a stage begins."""
        self.console.print(f"{time.monotonic() - self.begun:4.0f} s  {name}")
        yield lambda: None


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Draw bars until left; where there is no terminal to draw on, print lines."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars = Bars(*columns, TimeElapsedColumn())
    if not bars.console.is_terminal:
        yield ProgressLines(bars.console)
        return
    with bars:
        yield ProgressBars(bars)
