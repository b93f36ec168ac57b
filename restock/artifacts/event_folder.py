"""The folder of an export: which part files it has, how far it has come, and that one writes at a time.

Its parts, `day=YYYY-MM-DD/part-<portion>.parquet`, are written by portions of the log. What begins
with `_` or `.` is the exporter's own. `_export.json` says where the last portion ended and, while a
portion is being written, where that one ends: after a crash the very same stretch of the log is
written again, under the same names.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from restock.artifacts.whole_file import UNFINISHED, whole_file
from restock.errors import InvalidFile

FORMAT: Literal[1] = 1
"""Layout of the folder that this release writes and resumes."""
STATE = "_export.json"
LOCK = "_lock"
DELETED_USERS = "deleted_users.parquet"
DAYS = "day=*"
PARTS = f"{DAYS}/part-*.parquet"


class ExportState(BaseModel):
    """How far an export has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    """Layout of the folder."""
    time_zone: str
    """The shop's time zone, which says on which day an event falls."""
    portions: int = Field(default=0, ge=0)
    """Portions that are in the folder whole."""
    cursor: str = ""
    """Where the last of them ended; empty at the beginning of the log."""
    before: str = ""
    """A place shortly before it: the store that the events are from leads from here to there."""
    intended: str = ""
    """Where the portion that is being written ends; empty when none is."""

    def intending(self, cursor: str) -> "ExportState":
        """Begin a portion that ends at a cursor."""
        return self.model_copy(update={"intended": cursor})

    def committed(self, before: str) -> "ExportState":
        """End the portion under way; `before` is a place shortly before its end."""
        done = {"cursor": self.intended, "before": before, "intended": ""}
        return self.model_copy(update={"portions": self.portions + 1, **done})


class EventFolder:
    """Part files of events under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other exporters out, and sweep up what one that crashed left behind.

        Raises:
            InvalidFile: somebody else is writing.
        """
        with (self.root / LOCK).open("ab") as lock:
            try:
                # The system lets go of it when the process ends, however it ends.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InvalidFile(self.root, "another export or forget is at work here") from None
            for path in [*self.root.glob(UNFINISHED), *self.root.glob(f"{DAYS}/{UNFINISHED}")]:
                path.unlink()
            yield

    def check_begun(self) -> None:
        """Refuse a folder that no export was made into.

        Raises:
            InvalidFile: it is one.
        """
        if not (self.root / STATE).exists():
            raise InvalidFile(self.root, "there is no export in it")

    def state(self, time_zone: str) -> ExportState:
        """Read how far the export has come; a folder without events is at the beginning.

        Raises:
            InvalidFile: there are events and nothing says which, or their days are of another time zone.
        """
        path = self.root / STATE
        if not path.exists():
            if any(self.root.glob(DAYS)):
                raise InvalidFile(path, "not there beside exported days; export into a new folder")
            return ExportState(time_zone=time_zone)
        try:
            state = ExportState.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InvalidFile(path, f"{place or 'file'}: {first['msg']}") from error
        if state.time_zone != time_zone:
            allowed = f"its days are of the time zone {state.time_zone}, not {time_zone}"
            raise InvalidFile(path, allowed)
        return state

    def save(self, state: ExportState) -> ExportState:
        """Write down how far the export has come; it is on the disk when this returns."""
        with whole_file(self.root / STATE) as file:
            file.write(f"{state.model_dump_json(indent=1)}\n".encode())
        return state

    def part(self, day: date, portion: int) -> Path:
        """Where the events of a day and a portion lie; the same whenever the portion is written."""
        return self.root / f"day={day.isoformat()}" / part_name(portion)

    def parts(self) -> list[Path]:
        """All part files, oldest day first."""
        return sorted(self.root.glob(PARTS))

    def parts_of(self, portion: int) -> set[Path]:
        """Part files of one portion."""
        return set(self.root.glob(f"{DAYS}/{part_name(portion)}"))


def part_name(portion: int) -> str:
    """Name a portion's part files, so that they sort by portion."""
    return f"part-{portion:010}.parquet"
