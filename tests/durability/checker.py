"""Finds what a crash may have cost: compares what was sent and acknowledged with what is there."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from restock.v1 import events_pb2, types_pb2
from tests.durability.recomputed import recomputed


@dataclass
class Evidence:
    """What is known of a run."""

    sent: dict[str, events_pb2.Event] = field(default_factory=dict)
    """Every event that may have reached the service, by id."""
    acknowledged: set[str] = field(default_factory=set)
    """Ids of the events that the service called stored, or known."""
    log: list[events_pb2.Event] = field(default_factory=list)
    """What ReadEvents gives."""


def faults(evidence: Evidence, profiles: Mapping[str, types_pb2.Profile]) -> list[str]:
    """Say all that is wrong; nothing when every promise was kept.

    Args:
        evidence: what is known.
        profiles: every user's profile, read when no write was under way.
    """
    return [*log_faults(evidence), *profile_faults(evidence.log, profiles)]


def log_faults(evidence: Evidence) -> list[str]:
    """What is lost, doubled or unheard of."""
    ids = Counter(event.event_id for event in evidence.log)
    facts = Counter(map(fact_of, evidence.log))
    found = [
        f"event {name} is {times} times in the log" for name, times in ids.items() if times > 1
    ]
    found += [f"{fact} is {times} times in the log" for fact, times in facts.items() if times > 1]
    found += [
        f"event {event.event_id} in the log was not sent so"
        for event in evidence.log
        if evidence.sent.get(event.event_id) != event
    ]
    found += [
        f"event {name} was acknowledged and is not in the log"
        for name in sorted(evidence.acknowledged)
        if fact_of(evidence.sent[name]) not in facts
    ]
    return found


def fact_of(event: events_pb2.Event) -> str:
    """What must be there once: an order whatever its event id, else the event."""
    if event.WhichOneof("fact") == "order":
        return f"order {event.order.order_id!r} of {event.user_id}"
    return f"event {event.event_id}"


def profile_faults(
    log: list[events_pb2.Event], profiles: Mapping[str, types_pb2.Profile]
) -> list[str]:
    """Whose profile is another than the log leads to."""
    events: defaultdict[str, list[events_pb2.Event]] = defaultdict(list)
    for event in log:
        events[event.user_id].append(event)
    found = [f"{user} is in the log and has no profile" for user in events if user not in profiles]
    for user, profile in profiles.items():
        wanted = recomputed(user, events[user])
        if profile.revision != wanted.revision:
            found.append(f"{user} has revision {profile.revision}, not {wanted.revision}")
        elif exact(profile) != wanted:
            found.append(f"the profile of {user} is not what its {len(events[user])} events make")
    return found


def exact(profile: types_pb2.Profile) -> types_pb2.Profile:
    """Leave out what follows from the rest by division, or from a model version."""
    kept = types_pb2.Profile()
    kept.CopyFrom(profile)
    for name in ("average_price", "spend_per_day", "segment"):
        kept.ClearField(name)
    return kept
