"""Wire to domain and back, and the bytes that a repository keeps. Everything is checked here, once.

A profile's body is: a 4-byte count, that many 4-byte numbers (the place of a product times 65,536,
plus one of its days between first and last), all big-endian, then the serialized `Profile` with
`revision` and `segment` left empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from struct import pack, unpack_from

import numpy as np

from restock.core.segments import segment_of
from restock.core.signals import average_price, unit_prices
from restock.errors import InvalidRequest
from restock.serving.convert import check_id
from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from services.profile_store.fields import MILLI, check_many_ids, check_size, milli
from services.profile_store.imports import checked
from services.profile_store.profiles import (
    MAX_DAY,
    OrderEvent,
    OrderLine,
    Outcome,
    Profile,
    Stored,
    Verdict,
)

Cuts = tuple[float, float, float]
EPOCH_ORDINAL = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
WORD = 4
MAX_USERS = 1_000
MAX_EVENTS = 1_000
MAX_LINES = 1_000
MAX_PROFILES = 1_000
PORTION = 32
"""Profiles loaded in one round trip: so few that reads in between wait for milliseconds only."""
MIN_QUANTITY = 0.001
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE = 10_000_000
NANOS = 1_000_000_000
STATUS = {
    Verdict.ACCEPTED: pb.EVENT_STATUS_ACCEPTED,
    Verdict.DUPLICATE: pb.EVENT_STATUS_DUPLICATE,
    Verdict.REJECTED: pb.EVENT_STATUS_REJECTED,
}


@dataclass(frozen=True)
class Calendar:
    """Says when an event may have happened, and on which day that was."""

    zone: tzinfo
    """The shop's time zone."""
    max_skew_seconds: int
    """How far ahead of the clock an event may lie."""

    def day_of(self, event: pb.Event, now_seconds: float, path: str) -> int:
        """Local day of an event, counted from 1970-01-01.

        Raises:
            InvalidRequest: the time is missing, malformed, before 1970 or too far ahead.
        """
        if not event.HasField("event_time"):
            raise InvalidRequest(path, "required")
        seconds, nanos = event.event_time.seconds, event.event_time.nanos
        if not 0 <= nanos < NANOS:
            raise InvalidRequest(f"{path}.nanos", f"0 to 999,999,999, not {nanos}")
        if seconds > now_seconds + self.max_skew_seconds:
            allowed = f"at most {self.max_skew_seconds:,} seconds ahead of the clock"
            raise InvalidRequest(path, allowed)
        day = -1
        if seconds >= 0:
            day = datetime.fromtimestamp(seconds, self.zone).toordinal() - EPOCH_ORDINAL
        if day < 0:
            raise InvalidRequest(path, "not before 1970-01-01 in the shop's time zone")
        return day


def user_id_from(request: pb.GetProfileRequest) -> str:
    """Check whose profile is asked for."""
    return check_id(request.user_id, "user_id")


def user_ids_from(request: pb.BatchGetProfilesRequest) -> list[str]:
    """Check whose profiles are asked for."""
    user_ids = list(request.user_ids)
    check_size(len(user_ids), MAX_USERS, "user_ids")
    check_many_ids(user_ids, "user_ids")
    return user_ids


def profile_to(user_id: str, stored: Stored, cuts: Cuts | None) -> types_pb2.Profile:
    """Fill in what depends on the moment of reading: revision, and segment where cuts are known."""
    profile = types_pb2.Profile()
    if not stored.revision:
        profile.user_id = user_id
        return profile
    (middle,) = unpack_from(">I", stored.body)
    profile.MergeFromString(stored.body[WORD + WORD * middle :])
    profile.revision = stored.revision
    if cuts is not None:
        # SEGMENTS are the enum's names in order, after UNSPECIFIED.
        profile.segment = 1 + segment_of(profile.spend_per_day, cuts)  # type: ignore[assignment]
    return profile


def profile_response_to(user_id: str, stored: Stored, cuts: Cuts | None) -> pb.GetProfileResponse:
    """Answer with one profile."""
    return pb.GetProfileResponse(profile=profile_to(user_id, stored, cuts))


def profiles_response_to(
    user_ids: Sequence[str], found: Sequence[Stored], cuts: Cuts | None
) -> pb.BatchGetProfilesResponse:
    """Answer with many profiles, in the order asked."""
    pairs = zip(user_ids, found, strict=True)
    return pb.BatchGetProfilesResponse(
        profiles=[profile_to(user, stored, cuts) for user, stored in pairs]
    )


def decoded(user_id: str, body: bytes) -> Profile:
    """Turn a repository's bytes into a profile; no bytes are one without purchases."""
    if not body:
        return Profile(user_id)
    (count,) = unpack_from(">I", body)
    profile = profile_from(types_pb2.Profile.FromString(body[WORD + WORD * count :]))
    middle: dict[str, set[int]] = {}
    for word in unpack_from(f">{count}I", body, WORD):
        middle.setdefault(profile.product_ids[word >> 16], set()).add(word & MAX_DAY)
    days = {product: frozenset(days) for product, days in middle.items()}
    return replace(profile, middle_days=days)


def profile_from(message: types_pb2.Profile) -> Profile:
    """Take what is stored of a profile's message, unchecked."""
    return Profile(
        user_id=message.user_id,
        product_ids=list(message.product_ids),
        purchase_counts=list(message.purchase_counts),
        first_days=list(message.first_days),
        last_days=list(message.last_days),
        units_milli=list(message.units_milli),
        spend_milli=list(message.spend_milli),
        shopping_days=message.shopping_days,
        last_shopping_day=message.last_shopping_day,
    )


def encoded(profile: Profile) -> bytes:
    """Turn a profile into a repository's bytes, with what is derived from it."""
    units = np.array(profile.units_milli, np.float32)
    prices = unit_prices(np.array(profile.spend_milli, np.float32), units)
    message = types_pb2.Profile(
        user_id=profile.user_id,
        product_ids=profile.product_ids,
        purchase_counts=profile.purchase_counts,
        first_days=profile.first_days,
        last_days=profile.last_days,
        units_milli=profile.units_milli,
        spend_milli=profile.spend_milli,
        shopping_days=profile.shopping_days,
        last_shopping_day=profile.last_shopping_day,
        average_price=average_price(prices, np.array(profile.purchase_counts, np.float32)),
        spend_per_day=sum(profile.spend_milli) / (MILLI * max(profile.shopping_days, 1)),
    )
    return packed_middle_days(profile) + message.SerializeToString()


def packed_middle_days(profile: Profile) -> bytes:
    """Write the days between first and last, by the product's place."""
    middle = profile.middle_days
    words = [
        place << 16 | day
        for place, product in enumerate(profile.product_ids)
        if product in middle
        for day in sorted(middle[product])
    ]
    return pack(f">{1 + len(words)}I", len(words), *words)


def events_from(
    request: pb.PutEventsRequest, calendar: Calendar, now_seconds: float
) -> tuple[list[OrderEvent], dict[int, Outcome]]:
    """Check events one by one.

    Returns:
        The valid ones, and what becomes of the others by their row.

    Raises:
        InvalidRequest: there are none, or too many.
    """
    check_size(len(request.events), MAX_EVENTS, "events")
    events: list[OrderEvent] = []
    rejected: dict[int, Outcome] = {}
    for row, event in enumerate(request.events):
        try:
            events.append(event_from(event, row, calendar, now_seconds))
        except InvalidRequest as error:
            rejected[row] = Outcome(Verdict.REJECTED, error=error)
    return events, rejected


def event_from(event: pb.Event, row: int, calendar: Calendar, now_seconds: float) -> OrderEvent:
    """Check one event.

    Raises:
        InvalidRequest: a field is outside what is allowed.
    """
    path = f"events[{row}]"
    event_id = check_id(event.event_id, f"{path}.event_id")
    user_id = check_id(event.user_id, f"{path}.user_id")
    day = calendar.day_of(event, now_seconds, f"{path}.event_time")
    if event.WhichOneof("fact") is None:
        raise InvalidRequest(f"{path}.fact", "required")
    check_id(event.order.order_id, f"{path}.order.order_id")
    check_size(len(event.order.lines), MAX_LINES, f"{path}.order.lines")
    lines = tuple(
        line_from(line, f"{path}.order.lines[{position}]")
        for position, line in enumerate(event.order.lines)
    )
    return OrderEvent(row, event_id, user_id, day, lines, event.SerializeToString())


def line_from(line: pb.OrderLine, path: str) -> OrderLine:
    """Check one line of an order.

    Raises:
        InvalidRequest: a field is outside what is allowed.
    """
    product_id = check_id(line.product_id, f"{path}.product_id")
    units = milli(line.quantity, MIN_QUANTITY, MAX_QUANTITY, f"{path}.quantity")
    price = milli(line.unit_price, 0, MAX_UNIT_PRICE, f"{path}.unit_price")
    return OrderLine(product_id, units, (units * price + MILLI // 2) // MILLI)


def bodies_from(
    request: pb.ImportProfilesRequest, max_products: int
) -> Iterator[list[tuple[str, bytes]]]:
    """Check profiles to load, and give them out in portions: a user id and bytes each.

    Raises:
        InvalidRequest: a profile is outside what is allowed; the portions before it are given out.
    """
    sent = request.profiles
    check_size(len(sent), MAX_PROFILES, "profiles")
    for start in range(0, len(sent), PORTION):
        profiles = [
            checked(profile_from(message), max_products, f"profiles[{start + place}]")
            for place, message in enumerate(sent[start : start + PORTION])
        ]
        yield [(profile.user_id, encoded(profile)) for profile in profiles]


def results_to(outcomes: Mapping[int, Outcome]) -> pb.PutEventsResponse:
    """Answer row by row."""
    return pb.PutEventsResponse(results=[result_to(outcomes[row]) for row in range(len(outcomes))])


def result_to(outcome: Outcome) -> pb.EventResult:
    """Answer one row."""
    result = pb.EventResult(status=STATUS[outcome.verdict], profile_revision=outcome.revision)
    if outcome.error is not None:
        result.field, result.detail = outcome.error.field, outcome.error.allowed
    return result
