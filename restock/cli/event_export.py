"""The log of events brought into a folder, each event exactly once, whatever interrupts it.

By portions: read one; write down where it ends; write its part files; write down that it is done.
After a crash in between, the portion that was begun is read and written again, from the same place
to the same place and under the same names, so that it replaces whatever is there of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import grpc
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from restock.artifacts.event_files import (
    EventRow,
    forget,
    table_of,
    write_deleted,
    write_portion,
)
from restock.artifacts.event_folder import EventFolder, ExportState
from restock.cli.event_rows import micros_of, ordinal_of, rows_of
from restock.cli.profile_store import STREAM_SECONDS
from restock.errors import InvalidFile
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub

Advance = Callable[[int], object]
"""Told of events as they are read."""


@dataclass(frozen=True)
class Source:
    """Where events come from, and how they are cut."""

    store: ProfileStoreServiceStub
    """The profile store."""
    zone: ZoneInfo
    """The shop's time zone."""
    portion_rows: int
    """Rows from which on a portion ends; bounds the memory, and the number of part files."""


@dataclass(frozen=True, eq=False)
class Portion:
    """A stretch of the log."""

    table: pa.Table
    """Its rows."""
    days: NDArray[np.int32]
    """(rows,) ordinal of each row's local day."""
    events: int
    """Its events."""
    cursor: str
    """Where it ends."""
    before: str
    """Where the last answer of it begins."""
    is_last: bool
    """The log ended with it."""


@dataclass
class Exported:
    """What an export did."""

    cursor_before: str
    """Where it began; empty for the beginning of the log."""
    events: int = 0
    """Events written."""
    days: set[date] = field(default_factory=set)
    """Days that they fall on."""
    portions: int = 0
    """Portions written."""
    deleted_users: int = 0
    """Deleted users listed."""


def export_events(source: Source, root: Path, advance: Advance) -> Exported:
    """Bring a folder up to the newest event, then list the users deleted by then.

    Raises:
        InvalidFile: the folder is in use, holds another export, or its state is not readable.
        RestockError: an event is of a kind that this release does not know.
        grpc.RpcError: the store refuses.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = EventFolder(root)
    with folder.locked():
        state = folder.state(str(source.zone))
        check_store(source.store, root, state)
        done = Exported(cursor_before=state.cursor)
        is_last = False
        while not is_last:
            portion = read_portion(source, state, advance)
            is_last = portion.is_last
            if portion.cursor != state.cursor:
                state = store_portion(folder, state, portion, done)
        # After the events, so that whoever was deleted while they were read is on the list.
        deleted = deleted_users(source.store)
        write_deleted(folder, deleted)
        done.deleted_users = len(deleted)
    return done


def store_portion(
    folder: EventFolder, state: ExportState, portion: Portion, done: Exported
) -> ExportState:
    """Write a portion such that a crash at any moment neither loses nor doubles an event."""
    if state.intended != portion.cursor:
        state = folder.save(state.intending(portion.cursor))
    days = write_portion(folder, state.portions + 1, portion.table, portion.days)
    done.days.update(days)
    done.events += portion.events
    done.portions += 1
    return folder.save(state.committed(portion.before))


def check_store(store: ProfileStoreServiceStub, root: Path, state: ExportState) -> None:
    """Refuse a store that is not the one that the folder's events are from.

    Raises:
        InvalidFile: it is another one, or has lost what it had.
        grpc.RpcError: the store refuses.
    """
    if not state.cursor:
        return
    place, request = "", pb.ReadEventsRequest(after=state.before, up_to=state.cursor)
    try:
        for answer in store.ReadEvents(request, timeout=STREAM_SECONDS):
            place = answer.cursor
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.INVALID_ARGUMENT:
            raise
    if place != state.cursor:
        allowed = f"ends at a place that this store's log does not have ({state.cursor})"
        raise InvalidFile(root, f"{allowed}: export from another store into another folder")


def read_portion(source: Source, state: ExportState, advance: Advance) -> Portion:
    """Read the next stretch of the log, or the very one that was begun before a crash.

    Raises:
        RestockError: an event is of a kind that this release does not know.
        grpc.RpcError: the store refuses.
    """
    request = pb.ReadEventsRequest(after=state.cursor, up_to=state.intended)
    answers = source.store.ReadEvents(request, timeout=STREAM_SECONDS)
    gathered, is_last = Gathered(source.zone, state.cursor), not state.intended
    for answer in answers:
        gathered.add(answer)
        advance(len(answer.events))
        if not state.intended and gathered.rows >= source.portion_rows:
            answers.cancel()  # type: ignore[no-untyped-call]
            is_last = False
            break
    return gathered.portion(state.intended or gathered.cursor, is_last)


class Gathered:
    """A portion while it is read: columns of each answer, so that few Python objects wait."""

    def __init__(self, zone: ZoneInfo, cursor: str) -> None:
        self._zone = zone
        self._tables: list[pa.Table] = [table_of([])]
        self._days: list[NDArray[np.int32]] = [np.array([], np.int32)]
        self._events = 0
        self._before = cursor
        self.cursor = cursor
        self.rows = 0

    def add(self, answer: pb.ReadEventsResponse) -> None:
        """Take in an answer.

        Raises:
            RestockError: an event is of a kind that this release does not know.
        """
        rows: list[EventRow] = []
        days: list[int] = []
        for event in answer.events:
            found = rows_of(event)
            rows += found
            days += [ordinal_of(event, self._zone)] * len(found)
        self._tables.append(table_of(rows))
        self._days.append(np.array(days, np.int32))
        self._events += len(answer.events)
        self._before, self.cursor = self.cursor, answer.cursor
        self.rows += len(rows)

    def portion(self, cursor: str, is_last: bool) -> Portion:
        """Put it together, to end at a cursor."""
        # What was to be its end may lie beyond all that the store still has of it.
        before = self._before if cursor == self.cursor else self.cursor
        table, days = pa.concat_tables(self._tables), np.concatenate(self._days)
        return Portion(table, days, self._events, cursor, before, is_last)


def forget_deleted(
    store: ProfileStoreServiceStub, root: Path, advance: Callable[[], object]
) -> list[int]:
    """Ask who was deleted, list them, and take what they did until then out of all part files.

    Returns:
        Rows taken out of each part file.

    Raises:
        InvalidFile: the folder is in use or holds no export, or a part file is not readable.
        grpc.RpcError: the store refuses.
    """
    folder = EventFolder(root)
    folder.check_begun()
    taken = []
    with folder.locked():
        deleted = deleted_users(store)
        write_deleted(folder, deleted)
        for rows in forget(folder, deleted):
            taken.append(rows)
            advance()
    return taken


def deleted_users(store: ProfileStoreServiceStub) -> dict[str, int]:
    """Ask who was deleted.

    Returns:
        Microseconds since 1970-01-01 of each one's last deletion, by the hash of the user id.

    Raises:
        grpc.RpcError: the store refuses.
    """
    found: dict[str, int] = {}
    for answer in store.ListDeletedUsers(pb.ListDeletedUsersRequest(), timeout=STREAM_SECONDS):
        for user in answer.users:
            moment = micros_of(user.deleted_time)
            found[user.user_hash] = max(moment, found.get(user.user_hash, moment))
    return found
