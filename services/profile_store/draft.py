"""The events of one user in one attempt to record them, and the ledger that they lead to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum

from restock.errors import InvalidRequest
from services.profile_store.apply import applied
from services.profile_store.bounds import Bounds
from services.profile_store.facts import Event, Impression, Order, Return
from services.profile_store.ledger import Ledger, OrderPlace
from services.profile_store.profile import MICROS
from services.profile_store.repository import Deletion, Kept


class Verdict(Enum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Outcome:
    """What became of an event, and why."""

    verdict: Verdict
    """Whether it was stored."""
    revision: int = 0
    """Revision of the user's profile after it; 0 when rejected."""
    error: InvalidRequest | None = None
    """The field at fault, told from the event on, when rejected."""


@dataclass
class Draft:
    """One user's events, one after the other."""

    kept: Kept
    """The ledger as read."""
    ledger: Ledger
    """The ledger as it becomes."""
    bounds: Bounds
    """Most entries of each kind."""
    deletion: Deletion | None
    """Whether the user was deleted before."""
    placed: dict[int, OrderPlace] = field(default_factory=dict)
    """Where orders stand that the ledger held when it was read, or that were accepted since, by hash."""
    orders: dict[int, Order] = field(default_factory=dict)
    """Orders that are known, by hash: those of this attempt, and those read from the log."""
    events: list[Event] = field(default_factory=list)
    """All events seen."""
    accepted: dict[str, Event] = field(default_factory=dict)
    """Those that are stored, by event id."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """What becomes of each if the change is stored, by the event's row."""

    @property
    def changes_profile(self) -> bool:
        """Whether any event may change the profile, or a revision of before a deletion has to show."""
        shows = bool(self.ledger.revision and not self.kept.profile)
        return shows or any(
            not isinstance(event.fact, Impression) for event in self.accepted.values()
        )

    @property
    def old_orders(self) -> dict[int, OrderPlace]:
        """Orders that left the ledger in this attempt, or are too old to have come in."""
        gone = self.placed.keys() - self.ledger.orders.keys()
        return {order: self.placed[order] for order in gone}

    def add(self, event: Event, known: bool) -> None:
        """Apply an event unless it is `known`."""
        self.events.append(event)
        try:
            verdict = self._verdict(event, known)
        except InvalidRequest as error:
            self.outcomes[event.row] = Outcome(Verdict.REJECTED, error=error)
            return
        self.outcomes[event.row] = Outcome(verdict, self.ledger.revision)

    def _verdict(self, event: Event, known: bool) -> Verdict:
        if known or event.event_id in self.accepted:
            return Verdict.DUPLICATE
        check_not_deleted(event, self.deletion)
        fact = event.fact
        if isinstance(fact, Order) and is_known(fact, self.orders):
            return Verdict.DUPLICATE
        after = applied(self.ledger, fact, self.orders, self.bounds)
        if isinstance(fact, Order):
            self.placed[fact.order_hash] = OrderPlace(self.ledger.log_length, fact.day)
            self.orders[fact.order_hash] = fact
        self.ledger = replace(after, last_micros=max(after.last_micros, event.micros))
        self.accepted[event.event_id] = event
        return Verdict.ACCEPTED


def draft_of(kept: Kept, ledger: Ledger, bounds: Bounds, deletion: Deletion | None) -> Draft:
    """Begin a draft; a user who was deleted begins after the revision of then."""
    if not kept.ledger and deletion is not None:
        ledger = replace(ledger, revision=deletion.revision)
    return Draft(kept, ledger, bounds, deletion, placed={**ledger.orders})


def is_known(order: Order, orders: Mapping[int, Order]) -> bool:
    """Tell whether an order was recorded before.

    Raises:
        InvalidRequest: it was, and was another.
    """
    known = orders.get(order.order_hash)
    if known is None:
        return False
    if replace(known, day=order.day) != order:
        allowed = (
            "not recorded before with another time or other lines; send a Return to correct it"
        )
        raise InvalidRequest("order.order_id", allowed)
    return True


def check_not_deleted(event: Event, deletion: Deletion | None) -> None:
    """Check that a deleted person does not come back by what happened before.

    Raises:
        InvalidRequest: the event is not after the deletion.
    """
    if deletion is not None and event.micros <= deletion.micros:
        then = datetime.fromtimestamp(deletion.micros / MICROS, UTC).isoformat()
        raise InvalidRequest("event_time", f"after {then}, when this user was deleted")


def named_orders(events: list[Event]) -> set[int]:
    """Hashes of the orders that events name."""
    return {event.fact.order_hash for event in events if isinstance(event.fact, Order | Return)}
