"""Reading and writing the files of a bundle: plain arrays, plain lines and JSON, nothing that can run."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from restock.artifacts.manifest import FileEntry
from restock.errors import BundleCorrupt


def entry_of(path: Path) -> FileEntry:
    """Digest a file.

    Raises:
        BundleCorrupt: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FileEntry(sha256=digest, bytes=path.stat().st_size)
    except OSError as error:
        raise BundleCorrupt(f"{path}: cannot be read: {error.strerror}") from error


def write_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write a numeric array as .npy, which numpy can map into memory."""
    np.save(path, np.ascontiguousarray(array), allow_pickle=False)


def read_array(path: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Map an array into memory, read only; -1 in `shape` lets a length be any.

    Raises:
        BundleCorrupt: it is not an array of that dtype and shape.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise BundleCorrupt(f"{path}: not a readable array: {error}") from error
    fits = len(array.shape) == len(shape) and all(
        want in (-1, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if array.dtype != dtype or not fits:
        raise BundleCorrupt(
            f"{path}: {array.dtype} of shape {array.shape} where {np.dtype(dtype)} of {shape} belongs"
        )
    return np.asarray(array)


def write_lines(path: Path, lines: list[str]) -> None:
    """Write strings, one a line."""
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def read_lines(path: Path) -> list[str]:
    """Read strings, one a line.

    Raises:
        BundleCorrupt: it cannot be read, is not UTF-8, or its last line is cut short.
    """
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise BundleCorrupt(f"{path}: not readable lines: {error}") from error
    lines = text.split("\n")
    if lines.pop() != "":
        raise BundleCorrupt(f"{path}: its last line is cut short")
    return lines
