"""What can go wrong, as facts of the domain; none of them knows gRPC.

The tree::

    RestockError
    ├── InvalidRequest      a field of a request is outside what is allowed
    │   └── InvalidTuning   a tuning knob is
    ├── InvalidFile         a file of purchases, products or columns is; names file, row and column
    ├── BundleError         a model version on disk
    │   ├── BundleMissing   is not there
    │   └── BundleCorrupt   is truncated or tampered with
    │       └── BundleOutdated  is of another format
    ├── VersionNotLoaded    a request names a model version that this service does not hold
    ├── NotReady            the service has no model version or no store yet
    ├── StoreUnavailable    Redis does not answer, or refuses to write
    ├── DeletedMeanwhile    what was being given out was deleted by somebody else
    └── StoreFull           Redis has reached its memory limit
"""

from collections.abc import Sequence
from pathlib import Path

LONGEST_SHOWN = 64
"""Characters of a caller's text that a message repeats."""


class RestockError(Exception):
    """Anything that Restock itself says is wrong."""


class InvalidRequest(RestockError):
    """A field of a request is outside what is allowed.

    Attributes:
        field: path of the field as in the proto, such as ``filter.min_price``.
        allowed: what is allowed, as the end of a sentence.
    """

    def __init__(self, field: str, allowed: str) -> None:
        super().__init__(f"{field}: {allowed}")
        self.field = field
        self.allowed = allowed


class InvalidTuning(InvalidRequest):
    """A tuning knob is unknown, of the wrong type or out of its range."""


class InvalidFile(RestockError):
    """A file cannot be learned from.

    Attributes:
        path: the file.
        row: line of the file, counted from 1 with the header, or None when it is not one row's fault.
        column: the column at fault, or None.
    """

    def __init__(
        self, path: Path, allowed: str, row: int | None = None, column: str | None = None
    ) -> None:
        place = [str(path)]
        if row is not None:
            place.append(f"row {row}")
        if column is not None:
            place.append(f"column {column!r}")
        super().__init__(f"{', '.join(place)}: {allowed}")
        self.path = path
        self.row = row
        self.column = column


class BundleError(RestockError):
    """A model version on disk cannot be used."""


class BundleMissing(BundleError):
    """There is no such model version."""


class BundleCorrupt(BundleError):
    """A model version is truncated, tampered with, or not of this release's format."""


class BundleOutdated(BundleCorrupt):
    """A model version was published by a release with another format."""


class VersionNotLoaded(RestockError):
    """A request names a model version that this service does not hold."""

    def __init__(self, wanted: str, loaded: Sequence[str]) -> None:
        # A longer name would not fit into the answer's headers, and the caller would get another code.
        shown = repr(wanted[:LONGEST_SHOWN])
        super().__init__(f"model version {shown} is not loaded; loaded: {', '.join(loaded)}")
        self.wanted = wanted
        self.loaded = tuple(loaded)


class NotReady(RestockError):
    """The service cannot answer yet: it has no model version or no store."""


class StoreUnavailable(RestockError):
    """The profile store's database does not answer, or refuses to write."""


class DeletedMeanwhile(RestockError):
    """What was being given out was deleted by somebody else."""


class StoreFull(RestockError):
    """The profile store's database takes no more. Each user's events are stored whole or not at all."""
