"""Knobs that note which of them are read, so that nobody has to list what a stage depends on."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields

from restock.tuning_config import TuningConfig

Knobs = Mapping[str, int | float]
"""Values by name."""
NAMES = frozenset(field.name for field in fields(TuningConfig))


class RecordedTuning(TuningConfig):
    """A setting of all knobs that notes each one read."""

    __slots__ = ("aside", "read")

    aside: bool
    """Whether it must not be read now."""
    read: set[str]
    """Names of the knobs read so far."""

    def __post_init__(self) -> None:
        """Begin with nothing read."""
        object.__setattr__(self, "aside", False)
        object.__setattr__(self, "read", set())
        super().__post_init__()
        self.read.clear()

    def __getattribute__(self, name: str) -> object:
        """Note a knob and return its value.

        Raises:
            RuntimeError: the setting is set aside.
        """
        if name in NAMES:
            if object.__getattribute__(self, "aside"):
                raise RuntimeError(f"knob {name} is read from another setting than the stage's own")
            object.__getattribute__(self, "read").add(name)
        return super().__getattribute__(name)

    def noted(self) -> Knobs:
        """Return the values of the knobs read so far."""
        return {name: value for name, value in values_of(self).items() if name in self.read}


def values_of(tuning: TuningConfig) -> Knobs:
    """Return the value of every knob, without any of them counting as read."""
    return {name: object.__getattribute__(tuning, name) for name in sorted(NAMES)}


def recorded(tuning: TuningConfig) -> RecordedTuning:
    """Copy a setting, nothing of the copy read yet."""
    return RecordedTuning(**values_of(tuning))  # type: ignore[arg-type]


@contextmanager
def set_aside(tuning: TuningConfig) -> Iterator[None]:
    """Let no knob of a recorded setting be read: a stage is to read those of its own copy."""
    if not isinstance(tuning, RecordedTuning):
        yield
        return
    object.__setattr__(tuning, "aside", True)
    try:
        yield
    finally:
        object.__setattr__(tuning, "aside", False)


def note(tuning: TuningConfig, names: Iterable[str]) -> None:
    """Read some knobs: a stage depends on what the stages within it depend on."""
    for name in sorted(names):
        getattr(tuning, name)
