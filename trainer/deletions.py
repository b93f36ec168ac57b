"""Deleted users: what they did up to their deletion is not learned from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from restock.artifacts.event_folder import DELETED_USERS
from restock.core.arrays import Longs, Mask
from restock.core.user_hash import user_hash
from restock.errors import InvalidFile
from trainer.table import IdColumn
from trainer.typed_parquet import mask_of, read_typed

TYPES = {"user_hash": pa.string(), "deleted_time": pa.timestamp("us", tz="UTC")}
HASH = r"\A[0-9a-f]{64}\z"
NEVER = np.iinfo(np.int64).min
DEFAULT_ZONE = "UTC"
"""The shop's time zone where nobody names one."""


@dataclass(frozen=True)
class Deletions:
    """Who was deleted, and when."""

    last_moments: dict[str, int]
    """Microseconds since 1970-01-01 UTC of each user's last deletion, by the hash of the user id."""
    time_zone: str = DEFAULT_ZONE
    """IANA name of the zone in which timestamps and days that name none are meant."""

    def __bool__(self) -> bool:
        """Tell whether anybody was."""
        return bool(self.last_moments)

    def forgotten(self, users: IdColumn, moments: Longs) -> Mask:
        """Tell which rows are to be left out, (rows,) bool.

        Args:
            users: who did it.
            moments: (rows,) int64, when, in microseconds since 1970-01-01 UTC.
        """
        if not self:
            return np.zeros(len(moments), np.bool_)
        last = [self.last_moments.get(user_hash(user), NEVER) for user in users.ids]
        return np.asarray(moments <= np.array(last, np.int64)[users.codes])


def read_deletions(folder: Path, time_zone: str) -> Deletions:
    """Read who was deleted from an export of events.

    Raises:
        InvalidFile: the folder is not there, no file says so, it is not readable, or a row is not a hash
            and a moment; names the row.
    """
    if not folder.is_dir():
        raise InvalidFile(folder, "there is no such folder; `restock events export` writes one")
    path = folder / DELETED_USERS
    if not path.exists():
        raise InvalidFile(
            path, "missing: `restock events export` writes who was deleted; run it again"
        )
    table = read_typed(path, TYPES)
    hashes, times = table.columns["user_hash"], table.columns["deleted_time"]
    is_hash = mask_of(pc.match_substring_regex(hashes, HASH))
    table.refuse(~is_hash, "user_hash", "64 hexadecimal digits, lower case")
    table.refuse(table.missing("deleted_time"), "deleted_time", "a moment")
    last: dict[str, int] = {}
    moments = times.cast(pa.int64()).to_pylist()
    for name, moment in zip(hashes.to_pylist(), moments, strict=True):
        last[name] = max(moment, last.get(name, moment))
    return Deletions(last, time_zone)


NOBODY = Deletions({})
"""Nobody was deleted."""
