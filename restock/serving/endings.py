"""Signals that end a program, and where they have to wait."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a supervisor, and a terminal that is closed."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let signals wait until left: a process that is started inside is then known to who has to stop it.

    Not by blocking them, which the new process would inherit. Outside the main thread none arrive.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    handlers = {name: signal.signal(name, note) for name in ENDINGS}
    try:
        yield
    finally:
        for name, handler in handlers.items():
            signal.signal(name, handler or signal.SIG_DFL)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)
