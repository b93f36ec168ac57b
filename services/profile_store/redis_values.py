"""How keys in Redis are named and values written.

Of one user: ``restock:profile:<user>``, so that a read is one GET; ``restock:ledger:<user>``, 8 bytes of
commit number, big-endian, and the ledger; ``restock:log:<log id>``, a list of events, each the length of
its id, the id and the rest. A log id is random: it tells nothing of the user. Of all users:
``restock:order``, a stream that says in which order events were accepted, by log id and place;
``restock:event:<event id>``, which marks an accepted event until it expires, and holds its log id;
``restock:deleted``, when users were deleted, by a hash of their ids; ``restock:remembered``, which
of these deletions the append-only file may still remember.

Beside these, of a user of very many orders: ``restock:orders:<log id>``, where the orders stand that the
ledger has forgotten, by 8 bytes of hash. Of a deletion: ``restock:receipt:<user hash>``, what it took away,
for a while; until it is finished, ``restock:forgetting``, the log ids under way with the hash of their users,
and ``restock:forgetting:<log id>``, the events that still have marks.
"""

from services.profile_store.ledger import OrderPlace
from services.profile_store.repository import Deletion, Entry, Kept, Span

ORDER_KEY = "restock:order"
"""The stream of what was added to the log: one field, ``at``, holds ``<log id>:<place>:<count>``."""
DELETED_KEY = "restock:deleted"
"""The hash of deletions: by hash of the user id ``<microseconds>:<revision>:<commit>``."""
REMEMBERED_KEY = "restock:remembered"
"""The set of names of deletions that the append-only file still remembers, each name used once."""
FORGETTING_KEY = "restock:forgetting"
"""The hash of parts of the log that are being forgotten: by log id the hash of the user id."""
MARK_PREFIX = "restock:event:"
COMMIT_BYTES = 8
HASH_BYTES = 8


def profile_key(user_id: str) -> str:
    """Name the key of a user's profile."""
    return f"restock:profile:{user_id}"


def ledger_key(user_id: str) -> str:
    """Name the key of a user's ledger."""
    return f"restock:ledger:{user_id}"


def log_key(log_id: str) -> str:
    """Name the key of a user's part of the log."""
    return f"restock:log:{log_id}"


def old_orders_key(log_id: str) -> str:
    """Name the key of a user's old orders."""
    return f"restock:orders:{log_id}"


def forgetting_key(log_id: str) -> str:
    """Name the key of a part of the log that is being forgotten."""
    return f"{FORGETTING_KEY}:{log_id}"


def receipt_key(name: str) -> str:
    """Name the key of what a user's deletion took away, by the hash of the user id."""
    return f"restock:receipt:{name}"


def mark_key(event_id: str) -> str:
    """Name the key that marks an event as accepted."""
    return f"{MARK_PREFIX}{event_id}"


def commit_bytes(commit: int) -> bytes:
    """Write a commit number as a ledger's value begins with it."""
    return commit.to_bytes(COMMIT_BYTES, "big")


def kept_of(ledger: bytes | None, profile: bytes | None, note: bytes | None) -> Kept:
    """Take a user's values apart; without a ledger the note of a deletion tells the commit."""
    if ledger is None:
        return Kept(int(note.rpartition(b":")[2]) if note else 0)
    commit = int.from_bytes(ledger[:COMMIT_BYTES], "big")
    return Kept(commit, ledger[COMMIT_BYTES:], profile or b"")


def value_of(entry: Entry) -> bytes:
    """Write an event for the log."""
    event_id = entry.event_id.encode()
    return bytes([len(event_id)]) + event_id + entry.payload


def entry_of(value: bytes) -> Entry:
    """Take an event of the log apart."""
    ends = 1 + value[0]
    return Entry(value[1:ends].decode(), value[ends:])


def span_of(cursor: bytes, value: bytes) -> Span:
    """Read an entry of the order of all."""
    log_id, start, count = value.decode().split(":")
    return Span(cursor.decode(), log_id, int(start), int(count))


def deletion_of(note: bytes) -> Deletion:
    """Read the note of a deletion."""
    micros, revision, _ = note.decode().split(":")
    return Deletion(int(micros), int(revision))


def order_name(order_hash: int) -> bytes:
    """Write an order's hash."""
    return order_hash.to_bytes(HASH_BYTES, "big")


def order_value(known: OrderPlace) -> bytes:
    """Write where an old order stands."""
    return b"%d:%d" % known


def order_place_of(value: bytes) -> OrderPlace:
    """Read where an old order stands."""
    place, day = value.split(b":")
    return OrderPlace(int(place), int(day))
