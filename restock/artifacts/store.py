"""Model versions in a folder: publish, list, activate, load.

A version is written beside the others under a name that nobody reads, digested, and renamed into
place, so that it is there whole or not at all. Which version is active is one line in `ACTIVE`,
replaced in one step; rolling back is activating an older one.
"""

import json
import os
import re
import shutil
import uuid
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
from pydantic import ValidationError

from restock.artifacts.bundle import Bundle, Retrieval
from restock.artifacts.files import entry_of, read_array, read_lines, write_array, write_lines
from restock.artifacts.manifest import FORMAT, Manifest
from restock.artifacts.profiles import DTYPES, ProfileTable
from restock.artifacts.ranker_files import (
    TABLE_FILES,
    TREE_FILES,
    read_ranker,
    read_table,
    write_ranker,
)
from restock.artifacts.whole_file import whole_file
from restock.core.catalogue import Catalogue
from restock.core.learned.item_table import ItemTable
from restock.core.learned.ranker import Ranker
from restock.days import date_of
from restock.errors import BundleCorrupt, BundleMissing, BundleOutdated, InvalidTuning
from restock.tuning_config import TuningConfig

MANIFEST = "manifest.json"
ACTIVE = "ACTIVE"
VERSION = re.compile(r"\d{8}-[0-9a-f]{12}")
"""A version's name: last training day, then the digest of its manifest."""

CATALOGUE_ARRAYS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "category": (np.int32, ()),
    "price": (np.float32, ()),
    "average_units": (np.float32, ()),
    "popularity": (np.float32, ()),
    "cycle_days": (np.float32, ()),
    "segment_affinity": (np.float32, (4,)),
}
"""Arrays of one row an item: dtype, and shape beyond the items."""
RETRIEVAL_ARRAYS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "item_factors": (np.float32, (-1,)),
    "neighbours": (np.int32, (-1,)),
    "neighbour_weights": (np.float32, (-1,)),
}
PROFILE_FOLDER = "profiles"
"""Users' purchases lie apart: services never read them."""
LINES = ("item_ids", "item_names", "categories")
"""Files of one string a line."""
FILES = frozenset(
    [f"{name}.npy" for name in (*CATALOGUE_ARRAYS, *RETRIEVAL_ARRAYS)]
    + [f"{name}.txt" for name in LINES]
    + [f"{PROFILE_FOLDER}/{name}.npy" for name in DTYPES]
    + [f"{PROFILE_FOLDER}/user_ids.txt"]
    + [*TABLE_FILES]
)
"""Every file of a bundle without a ranker. A manifest that left one out would let it be read undigested."""


@dataclass(frozen=True, eq=False)
class Draft:
    """What a trainer hands over to be published."""

    manifest: dict[str, Any]
    """The manifest's fields except `files` and `format`."""
    catalogue: Catalogue
    """Item facts."""
    retrieval: Retrieval
    """Level 1's arrays."""
    profiles: ProfileTable
    """Users' purchases."""
    table: ItemTable
    """What the ranker knows of items."""
    ranker: Ranker | None
    """The learned ranker, which the manifest tells of as well; None where there is none."""


class BundleStore:
    """The model versions under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def versions(self) -> list[str]:
        """Published versions in the order in which they were written; of one moment, by name."""
        if not self.root.is_dir():
            return []
        names = [path.name for path in self.root.iterdir() if VERSION.fullmatch(path.name)]
        return sorted(names, key=lambda name: (self.written_seconds(name), name))

    def written_seconds(self, version: str) -> float:
        """When a version was written, in seconds since 1970; 0 where its manifest is not there.

        It is the manifest's time in the file system: a bundle itself holds no time of day, so that the
        same input gives the same bytes.
        """
        try:
            return (self.root / version / MANIFEST).stat().st_mtime
        except OSError:
            return 0.0

    def active(self) -> str | None:
        """Return the active version, None when none is."""
        try:
            # Bytes that are no text name a version that is not there, and are refused as such.
            return (self.root / ACTIVE).read_text("utf-8", "replace").strip() or None
        except FileNotFoundError:
            return None

    def activate(self, version: str) -> None:
        """Make a version the active one, in one step.

        Raises:
            BundleMissing: there is no such version.
            BundleCorrupt: one of its files is not what its manifest says.
        """
        self.verify(version)
        with whole_file(self.root / ACTIVE) as pointer:
            pointer.write(f"{version}\n".encode())

    def publish(self, draft: Draft) -> str:
        """Write a version and return its name; one that stands already is left as it is."""
        folder = self.root / f".new-{uuid.uuid4().hex}"
        (folder / PROFILE_FOLDER).mkdir(parents=True)
        try:
            write_files(folder, draft)
            paths = sorted(path for path in folder.rglob("*") if path.is_file())
            files = {path.relative_to(folder).as_posix(): entry_of(path) for path in paths}
            manifest = Manifest(**draft.manifest, files=files)
            text = json.dumps(manifest.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"
            (folder / MANIFEST).write_text(text)
            version = version_of(manifest, folder / MANIFEST)
            if not (self.root / version).exists():
                sync(folder)
                folder.rename(self.root / version)
            return version
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def manifest(self, version: str) -> Manifest:
        """Read a version's manifest.

        Raises:
            BundleMissing: there is no such version.
            BundleOutdated: it is of another format.
            BundleCorrupt: it is no manifest, or not this version's.
        """
        path = self.root / version / MANIFEST
        if not VERSION.fullmatch(version) or not path.is_file():
            known = ", ".join(self.versions()) or "none"
            raise BundleMissing(f"no model version {version!r} in {self.root}; there: {known}")
        try:
            manifest = Manifest.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            if first["type"] == "literal_error" and first["loc"] == ("format",):
                found = f"{path}: of format {first['input']}, and this release reads {FORMAT}"
                raise BundleOutdated(f"{found}: train a new version") from error
            place = ".".join(str(part) for part in first["loc"])
            raise BundleCorrupt(f"{path}: {place or 'file'}: {first['msg']}") from error
        if version_of(manifest, path) != version:
            raise BundleCorrupt(f"{path}: its digest does not give the version's name")
        return manifest

    def verify(self, version: str, prefix: str = "") -> Manifest:
        """Check every file of a version, or those whose path begins with `prefix`, by its digest.

        Raises:
            BundleMissing: there is no such version.
            BundleCorrupt: a file is missing or its bytes are not what the manifest says.
        """
        manifest = self.manifest(version)
        needed = FILES | TREE_FILES if manifest.ranker else FILES
        if left_out := needed - manifest.files.keys():
            first = min(left_out)
            raise BundleCorrupt(f"{self.root / version / MANIFEST}: {first!r} is not in it")
        for name, expected in manifest.files.items():
            if not name.startswith(prefix):
                continue
            path = self.root / version / name
            if ".." in Path(name).parts or Path(name).is_absolute():
                raise BundleCorrupt(
                    f"{self.root / version / MANIFEST}: {name!r} lies outside the bundle"
                )
            if entry_of(path) != expected:
                raise BundleCorrupt(f"{path}: its bytes are not what the manifest says")
        return manifest

    def load(self, version: str) -> Bundle:
        """Load what services need, digests checked, arrays mapped into memory.

        Raises:
            BundleMissing: there is no such version.
            BundleCorrupt: a file is not what the manifest says, or does not fit the others.
        """
        manifest = self.verify(version)
        folder = self.root / version
        try:
            tuning = TuningConfig().changed(manifest.tuning)
        except InvalidTuning as error:
            raise BundleCorrupt(f"{folder / MANIFEST}: {error}") from error
        catalogue = read_catalogue(folder, manifest)
        arrays = read_arrays(folder, RETRIEVAL_ARRAYS, manifest.items)
        retrieval = Retrieval(**cast(dict[str, Any], arrays), index=manifest.index)
        if retrieval.neighbours.shape != retrieval.neighbour_weights.shape:
            raise BundleCorrupt(f"{folder}: neighbours and neighbour_weights differ in shape")
        if retrieval.neighbours.size and retrieval.neighbours.max() >= manifest.items:
            raise BundleCorrupt(f"{folder}: a neighbour is outside the catalogue")
        table = read_table(folder, catalogue.category)
        ranker = read_ranker(folder, manifest.ranker) if manifest.ranker else None
        return Bundle(version, manifest, tuning, catalogue, retrieval, table, ranker)

    def item_names(self, version: str) -> dict[str, str]:
        """Read names by item id, in the order of the catalogue's rows.

        Raises:
            BundleMissing: there is no such version.
            BundleCorrupt: a file is not what the manifest says.
        """
        self.verify(version, "item_")
        folder = self.root / version
        ids, labels = read_lines(folder / "item_ids.txt"), read_lines(folder / "item_names.txt")
        return dict(zip(ids, labels, strict=True))

    def profiles(self, version: str) -> ProfileTable:
        """Load the users' purchases that a version was learned from.

        Raises:
            BundleMissing: there is no such version.
            BundleCorrupt: a file is not what the manifest says.
        """
        self.verify(version, PROFILE_FOLDER)
        folder = self.root / version / PROFILE_FOLDER
        arrays = {
            name: read_array(folder / f"{name}.npy", dtype, (-1,)) for name, dtype in DTYPES.items()
        }
        return ProfileTable(
            user_ids=read_lines(folder / "user_ids.txt"), **cast(dict[str, Any], arrays)
        )


def version_of(manifest: Manifest, path: Path) -> str:
    """Name a version: its last training day and the first 12 hex digits of its manifest's digest."""
    return f"{date_of(manifest.trained_through_day):%Y%m%d}-{entry_of(path).sha256[:12]}"


def write_files(folder: Path, draft: Draft) -> None:
    """Write all arrays and lines of a draft into a folder."""
    for name in CATALOGUE_ARRAYS:
        write_array(folder / f"{name}.npy", getattr(draft.catalogue, name))
    for name in RETRIEVAL_ARRAYS:
        write_array(folder / f"{name}.npy", getattr(draft.retrieval, name))
    for name in LINES:
        write_lines(folder / f"{name}.txt", getattr(draft.catalogue, name))
    write_ranker(folder, draft.table, draft.ranker)
    for field in fields(draft.profiles):
        column = getattr(draft.profiles, field.name)
        if field.name == "user_ids":
            write_lines(folder / PROFILE_FOLDER / "user_ids.txt", column)
        else:
            write_array(folder / PROFILE_FOLDER / f"{field.name}.npy", column)


def read_arrays(
    folder: Path, wanted: dict[str, tuple[type[np.generic], tuple[int, ...]]], items: int
) -> dict[str, np.ndarray[Any, Any]]:
    """Map arrays of one row an item into memory.

    Raises:
        BundleCorrupt: one has another dtype or shape.
    """
    return {
        name: read_array(folder / f"{name}.npy", dtype, (items, *rest))
        for name, (dtype, rest) in wanted.items()
    }


def read_catalogue(folder: Path, manifest: Manifest) -> Catalogue:
    """Read the item facts.

    Raises:
        BundleCorrupt: a file cannot be read or does not fit the others.
    """
    ids = read_lines(folder / "item_ids.txt")
    names = read_lines(folder / "item_names.txt")
    categories = read_lines(folder / "categories.txt")
    if not len(ids) == len(names) == manifest.items or len(set(ids)) != len(ids):
        raise BundleCorrupt(
            f"{folder}: {manifest.items} items, but {len(ids)} ids, {len(names)} names"
        )
    arrays = read_arrays(folder, CATALOGUE_ARRAYS, manifest.items)
    category = arrays["category"]
    if category.size and category.max() >= len(categories):
        raise BundleCorrupt(f"{folder}: a category code is outside categories.txt")
    return Catalogue(
        item_ids=ids,
        item_names=names,
        categories=categories,
        segment_cuts=manifest.segment_cuts,
        median_price=float("nan") if manifest.median_price is None else manifest.median_price,
        **arrays,
    )


def sync(folder: Path) -> None:
    """Bring a folder's files to the disk, so that a rename never names unwritten bytes."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
