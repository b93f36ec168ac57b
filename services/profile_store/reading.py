"""Reads ledgers, and the log in the order in which events were accepted."""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import NamedTuple

from restock.errors import InvalidRequest
from services.profile_store.codec import Codec
from services.profile_store.ledger import Ledger
from services.profile_store.repository import Entry, ProfileRepository, Span

CURSOR = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
HIGHEST = 2**63 - 1
"""Of both numbers of a cursor; the store's own stay far below."""
SPANS = 500
"""Entries of the order of all that are read at once."""
EVENTS = 200
"""Events that are read at once, or one span: each may be as large as a request."""
PORTION_BYTES = 1_000_000
"""Events are given out when so many bytes are together, at the next place a cursor can stand for."""


class Portion(NamedTuple):
    """A part of the log."""

    entries: list[Entry]
    """Events, in the order accepted."""
    cursor: str
    """Stands for everything up to here."""


async def ledger_of(repository: ProfileRepository, codec: Codec, user_id: str) -> Ledger:
    """Return a user's ledger, an empty one of whom nothing is known."""
    snapshot = await repository.snapshot([user_id], [])
    return codec.ledger_from(snapshot.kept[user_id])


def check_cursor(cursor: str, field: str) -> str:
    """Check a cursor.

    Raises:
        InvalidRequest: it is not one that was given out.
    """
    numbers = CURSOR.fullmatch(cursor)
    if cursor and not (numbers and max(map(int, numbers.groups())) <= HIGHEST):
        raise InvalidRequest(field, "the cursor of an earlier answer, or empty")
    return cursor


async def portions(repository: ProfileRepository, after: str, up_to: str) -> AsyncIterator[Portion]:
    """Give out the log between two cursors.

    Args:
        repository: where it is.
        after: cursor to begin behind, empty for the beginning.
        up_to: cursor to end with, empty for the newest.
    """
    while spans := await repository.spans(after, up_to, SPANS):
        after = spans[-1].cursor
        for group in groups_of(spans):
            for portion in cut(group, await repository.entries_of(group)):
                yield portion


def groups_of(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Cut spans into groups that are read at once."""
    group: list[Span] = []
    for span in spans:
        if group and sum(one.length for one in group) + span.length > EVENTS:
            yield group
            group = []
        group.append(span)
    if group:
        yield group


def cut(spans: Sequence[Span], found: Sequence[list[Entry]]) -> list[Portion]:
    """Cut what was read into portions of a size that fits into an answer."""
    cuts = [Portion([], "")]
    size = 0
    for span, entries in zip(spans, found, strict=True):
        more = sum(len(entry.event_id) + len(entry.payload) for entry in entries)
        if size and size + more > PORTION_BYTES:
            cuts.append(Portion([], ""))
            size = 0
        cuts[-1] = Portion(cuts[-1].entries + entries, span.cursor)
        size += more
    return cuts
