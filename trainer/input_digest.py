"""Digests of what a stage's result depends on: its inputs, and whatever computes it."""

import hashlib
import json
import platform
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

import restock.artifacts
import restock.core
import restock.tuning_config
import trainer

OWN_PACKAGES = (restock.core, restock.artifacts, trainer)
"""Ours that a stage can reach, beside the knobs."""
LIBRARIES = ("numpy", "scipy", "numba", "implicit", "lightgbm", "faiss-cpu")
"""Whose arithmetic results are made of."""


def digest_of(*values: object) -> str:
    """Hex SHA-256 over values of any nesting: equal ones have equal digests, others do not.

    Args:
        values: None, bools, numbers, strings, arrays of numbers, sparse rows, paths, which stand for the
            bytes of their files, and dataclasses, lists, tuples and mappings of such.

    Raises:
        OSError: a file cannot be read.
        TypeError: anything else, which might not tell all that it holds.
    """
    digest = hashlib.sha256()
    for value in values:
        for piece in pieces_of(value):
            digest.update(piece)
    return digest.hexdigest()


def pieces_of(value: Any) -> Iterator[bytes | memoryview]:
    """Spell a value out, each piece telling its kind and size.

    Raises:
        OSError: a file cannot be read.
        TypeError: it might not tell all that it holds.
    """
    if value is None or isinstance(value, str | int | float):
        yield f"{type(value).__name__} {json.dumps(value)}\n".encode()
    elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
        yield f"array {value.dtype.str} {value.shape}\n".encode()
        yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
    elif isinstance(value, Path):
        with value.open("rb") as file:
            yield f"file {hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode()
    elif isinstance(value, sparse.csr_matrix):
        yield f"rows {value.shape}\n".encode()
        yield from pieces_of([value.indptr, value.indices, value.data])
    elif is_dataclass(value) and not isinstance(value, type):
        yield f"{type(value).__qualname__}\n".encode()
        yield from pieces_of({field.name: getattr(value, field.name) for field in fields(value)})
    elif isinstance(value, dict):
        yield b"mapping\n"
        yield from pieces_of([[*value], [*value.values()]])
    elif isinstance(value, list | tuple):
        yield from pieces_of_all(value)
    else:
        raise TypeError(f"no digest of {type(value).__name__}")


def pieces_of_all(values: list[Any] | tuple[Any, ...]) -> Iterator[bytes | memoryview]:
    """Spell a sequence out; strings and whole numbers, of which there are many, at once."""
    yield f"sequence {len(values)}\n".encode()
    if all(type(value) is str or type(value) is int for value in values):
        yield json.dumps(values).encode()
    else:
        for value in values:
            yield from pieces_of(value)


def recipe_digest() -> str:
    """Hex SHA-256 over our source code, the libraries' versions and the kind of machine."""
    sources = [sources_of(Path(package.__path__[0])) for package in OWN_PACKAGES]
    knobs = Path(restock.tuning_config.__file__).read_text("utf-8")
    return digest_of(sources, knobs, [version(name) for name in LIBRARIES], platform.machine())


def sources_of(root: Path) -> list[str]:
    """Names and texts of the Python files under a folder."""
    found: list[str] = []
    for path in sorted(root.rglob("*.py")):
        found += [path.relative_to(root).as_posix(), path.read_text("utf-8")]
    return found
