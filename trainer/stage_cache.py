"""Results of stages kept in a folder, so that a training learns anew only what has changed.

An entry is a folder of arrays and an `entry.json`. Its name holds the digest of the stage's inputs and of the
code that learned it, and that of `entry.json`, where the knobs that were read stand with their values.
A stage that reads the same values goes the same way and reads no others: an entry fits wherever these agree.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from restock.artifacts.files import entry_of, write_array
from restock.artifacts.manifest import FileEntry
from restock.errors import BundleCorrupt
from restock.tuning_config import TuningConfig
from trainer.input_digest import digest_of, recipe_digest
from trainer.progress import Progress
from trainer.recorded_tuning import Knobs, note, recorded, set_aside, values_of
from trainer.stages import Arrays, Parts, Stage

T = TypeVar("T")
log = logging.getLogger(__name__)

FORMAT: Literal[1] = 1
"""Layout of an entry that this release writes and reads."""
ENTRY = "entry.json"
DIGITS = 24
"""Hex digits of a digest in a folder's name."""
ENTRIES, UNSEEN = "[!.]*", ".*"
"""Patterns of folders: what begins with a dot is being written or removed."""
LIMIT_BYTES = 4 * 2**30
"""Three settings of Complete Journey: a training of it keeps 1.4 GB."""
LEFT_BEHIND_SECONDS = 3600.0
"""Age from which such a folder has lost whoever needed seconds for it."""


class Entry(BaseModel):
    """What an entry holds beside arrays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    """Layout of the folder."""
    stage: str
    """Name of the stage."""
    knobs: dict[str, int | float]
    """The knobs that it read."""
    facts: Any
    """Of the result's `Parts`."""
    files: dict[str, FileEntry]
    """Of its arrays, by name."""

    def fits(self, values: Knobs) -> bool:
        """Say whether a training with these knobs comes to the same result."""
        return all(repr(values.get(name)) == repr(value) for name, value in self.knobs.items())


class StageCache:
    """Results under one folder, which several trainings may use at once."""

    def __init__(
        self, root: Path, limit_bytes: int = LIMIT_BYTES, recipe: str | None = None
    ) -> None:
        """Name the folder, which need not be there yet.

        Args:
            root: the folder.
            limit_bytes: size of all entries above which those unused for longest are removed.
            recipe: digest of the code that learns; by default that of this installation.
        """
        self.root = root
        self.limit_bytes = limit_bytes
        self._recipe = recipe_digest() if recipe is None else recipe

    def result(
        self,
        stage: Stage[T],
        inputs: tuple[object, ...],
        tuning: TuningConfig,
        progress: Progress,
        make: Callable[[TuningConfig], T],
    ) -> T:
        """Return a stage's result, from the folder where it is there and whole."""
        key = digest_of(FORMAT, self._recipe, stage.name, inputs)
        prefix = f"{stage.name.lower().replace(' ', '-')}-{key[:DIGITS]}"
        if (found := self._found(prefix, values_of(tuning))) is not None:
            entry, arrays = found
            with progress.stage(f"{stage.name} (cached)"):
                note(tuning, entry.knobs)
                return stage.together(Parts(arrays, entry.facts))
        knobs = recorded(tuning)
        with set_aside(tuning):
            result = make(knobs)
        note(tuning, knobs.read)
        return self._kept(prefix, stage, knobs.noted(), result)

    def _found(self, prefix: str, values: Knobs) -> tuple[Entry, Arrays] | None:
        for folder in sorted(self.root.glob(f"{prefix}-*")):
            try:
                entry = read_entry(folder)
                if entry.fits(values):
                    arrays = read_arrays(folder, entry)
                    os.utime(folder / ENTRY)
                    return entry, arrays
            except (OSError, BundleCorrupt) as error:
                if folder.exists():  # else another training has just removed it
                    log.warning("a cached stage is damaged and learned again: %s", error)
                    remove(folder)
        return None

    def _kept(self, prefix: str, stage: Stage[T], knobs: Knobs, result: T) -> T:
        """Write a result and return it from its files, so that its memory can be given back."""
        parts = stage.apart(result)
        if sum(array.nbytes for array in parts.arrays.values()) >= self.limit_bytes:
            return result
        try:
            folder = self._written(prefix, stage.name, knobs, parts)
            arrays = {name: mapped(folder, name) for name in parts.arrays}
            self._trim()
        except (OSError, BundleCorrupt, ValueError) as error:
            # A full disk, or a fact that JSON does not know, costs the next training's time only.
            log.warning("stage %s is not cached: %s", stage.name, error)
            return result
        return stage.together(Parts(arrays, parts.facts))

    def _written(self, prefix: str, stage: str, knobs: Knobs, parts: Parts) -> Path:
        unfinished = self.root / f".{uuid.uuid4().hex}"
        unfinished.mkdir(parents=True)
        try:
            for name, array in parts.arrays.items():
                write_array(unfinished / f"{name}.npy", array)
            files = {name: entry_of(unfinished / f"{name}.npy") for name in parts.arrays}
            entry = Entry(stage=stage, knobs=dict(knobs), facts=parts.facts, files=files)
            text = json.dumps(entry.model_dump(), indent=1, sort_keys=True, allow_nan=False)
            (unfinished / ENTRY).write_text(text)
            folder = self.root / f"{prefix}-{digest_of_text(text)}"
            try:
                unfinished.rename(folder)
            except OSError:
                if not folder.exists():  # else another training was as fast
                    raise
            return folder
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _trim(self) -> None:
        """Remove the entries unused for longest until the rest is within the limit."""
        folders = sorted(self.root.glob(ENTRIES), key=last_used)
        sizes = [size_of(folder) for folder in folders]
        over = sum(sizes) - self.limit_bytes
        for folder, size in zip(folders, sizes, strict=True):
            if over > 0:
                remove(folder)
                over -= size
        for folder in self.root.glob(UNSEEN):
            if time.time() - last_used(folder) > LEFT_BEHIND_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def read_entry(folder: Path) -> Entry:
    """Read what an entry says of itself.

    Raises:
        OSError: it is not there.
        BundleCorrupt: it is not what its folder's name says.
    """
    text = (folder / ENTRY).read_text("utf-8", "replace")
    if not folder.name.endswith(f"-{digest_of_text(text)}"):
        raise BundleCorrupt(f"{folder / ENTRY}: its digest is not in the folder's name")
    return Entry.model_validate_json(text)


def read_arrays(folder: Path, entry: Entry) -> Arrays:
    """Map an entry's arrays into memory.

    Raises:
        OSError: one cannot be read.
        BundleCorrupt: one is not what the entry says.
    """
    for name, expected in entry.files.items():
        path = folder / f"{name}.npy"
        if path.stat().st_size != expected.bytes or entry_of(path) != expected:
            raise BundleCorrupt(f"{path}: its bytes are not what {ENTRY} says")
    return {name: mapped(folder, name) for name in entry.files}


def mapped(folder: Path, name: str) -> NDArray[np.generic]:
    """Map an array into memory; one can write to it as to any other, and the file stays as it is.

    Raises:
        OSError: it cannot be read.
    """
    return np.asarray(np.load(folder / f"{name}.npy", mmap_mode="c", allow_pickle=False))


def digest_of_text(text: str) -> str:
    """Return the first hex digits of a text's SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def last_used(folder: Path) -> float:
    """When an entry was written or read last, in seconds since 1970; 0 if another training removed it."""
    for path in (folder / ENTRY, folder):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
    return 0.0


def size_of(folder: Path) -> int:
    """Bytes of an entry's files."""
    total = 0
    for path in folder.glob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def remove(folder: Path) -> None:
    """Remove an entry, in one step for whoever else looks for it."""
    unseen = folder.with_name(f".{uuid.uuid4().hex}")
    with contextlib.suppress(OSError):
        folder.rename(unseen)
        shutil.rmtree(unseen, ignore_errors=True)
