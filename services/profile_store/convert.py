"""Wire to domain and back. Everything is checked here, once."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice, pairwise

from google.protobuf.json_format import MessageToJson
from google.protobuf.timestamp_pb2 import Timestamp

from restock.core.segments import segment_of
from restock.core.user_hash import user_hash
from restock.errors import InvalidRequest
from restock.ids import LONGEST_ID_BYTES
from restock.serving.convert import check_id
from restock.v1 import events_pb2, types_pb2
from restock.v1 import profile_store_pb2 as pb
from services.profile_store.deleting import Receipt
from services.profile_store.draft import Outcome, Verdict
from services.profile_store.events.calendar import MICROS
from services.profile_store.events.convert import EventReader, event_of
from services.profile_store.facts import Event
from services.profile_store.fields import check_many_ids, check_size
from services.profile_store.importing import History, Loaded
from services.profile_store.kept.convert import ledger_from, profile_from, whole_ledger
from services.profile_store.ledger import MAX_DAY, MAX_MILLI, Cell
from services.profile_store.repository import Deletion, Entry, Kept

Cuts = tuple[float, float, float]
MAX_USERS = 1_000
MAX_EVENTS = 1_000
MAX_HISTORIES = 1_000
PORTION = 32
"""Users loaded in one round trip: so few that reads in between wait for milliseconds only."""
STATUS = {
    Verdict.ACCEPTED: pb.EVENT_STATUS_ACCEPTED,
    Verdict.DUPLICATE: pb.EVENT_STATUS_DUPLICATE,
    Verdict.REJECTED: pb.EVENT_STATUS_REJECTED,
}


def user_ids_from(request: pb.BatchGetProfilesRequest) -> list[str]:
    """Check whose profiles are asked for."""
    user_ids = list(request.user_ids)
    check_size(len(user_ids), MAX_USERS, "user_ids")
    check_many_ids(user_ids, "user_ids")
    return user_ids


def profile_to(user_id: str, body: bytes | None, cuts: Cuts | None) -> types_pb2.Profile:
    """Read a profile, and fill in its segment where cuts are known."""
    profile = profile_from(body, user_id)
    if profile.revision and cuts is not None:
        # SEGMENTS are the enum's names in order, after UNSPECIFIED.
        profile.segment = 1 + segment_of(profile.spend_per_day, cuts)  # type: ignore[assignment]
    return profile


def profiles_response_to(
    user_ids: Sequence[str], found: Sequence[bytes | None], cuts: Cuts | None
) -> pb.BatchGetProfilesResponse:
    """Answer with many profiles, in the order asked."""
    pairs = zip(user_ids, found, strict=True)
    return pb.BatchGetProfilesResponse(
        profiles=[profile_to(user, body, cuts) for user, body in pairs]
    )


def fitting(answer: pb.BatchGetProfilesResponse, most_bytes: int) -> pb.BatchGetProfilesResponse:
    """Return an answer that may be sent.

    Raises:
        InvalidRequest: it is too large.
    """
    size = answer.ByteSize()
    if size > most_bytes:
        allowed = f"so few that their profiles fit into {most_bytes:,} bytes, not {size:,}"
        raise InvalidRequest("user_ids", allowed)
    return answer


def events_from(
    events: Sequence[events_pb2.Event], reader: EventReader
) -> tuple[list[Event], dict[int, Outcome]]:
    """Check events one by one.

    Returns:
        The valid ones, and what becomes of the others by their row.

    Raises:
        InvalidRequest: there are none, or too many.
    """
    check_size(len(events), MAX_EVENTS, "events")
    valid: list[Event] = []
    rejected: dict[int, Outcome] = {}
    for row, event in enumerate(events):
        try:
            valid.append(reader.event_from(event, row))
        except InvalidRequest as error:
            rejected[row] = Outcome(Verdict.REJECTED, error=error)
    return valid, rejected


def results_to(outcomes: dict[int, Outcome]) -> pb.PutEventsResponse:
    """Answer row by row."""
    rows = range(len(outcomes))
    return pb.PutEventsResponse(results=[result_to(row, outcomes[row]) for row in rows])


def result_to(row: int, outcome: Outcome) -> pb.EventResult:
    """Answer one row."""
    result = pb.EventResult(status=STATUS[outcome.verdict], profile_revision=outcome.revision)
    if outcome.error is not None:
        result.field = f"events[{row}].{outcome.error.field}"
        result.detail = outcome.error.allowed
    return result


def settled_to(
    before: pb.StreamEventsResponse, sent: Sequence[events_pb2.Event], outcomes: dict[int, Outcome]
) -> pb.StreamEventsResponse:
    """Answer on a stream: what is settled after a message, from what was before it."""
    verdicts = [outcome.verdict for outcome in outcomes.values()]
    return pb.StreamEventsResponse(
        watermark=before.watermark + len(sent),
        accepted=before.accepted + verdicts.count(Verdict.ACCEPTED),
        duplicates=before.duplicates + verdicts.count(Verdict.DUPLICATE),
        rejected=[
            pb.RejectedEvent(
                number=before.watermark + row + 1,
                event_id=event.event_id[:LONGEST_ID_BYTES],
                field=error.field,
                detail=error.allowed,
            )
            for row, event in enumerate(sent)
            if (error := outcomes[row].error) is not None
        ],
    )


def histories_from(request: pb.ImportProfilesRequest) -> Iterator[list[History]]:
    """Check users to load, and give them out in portions.

    Raises:
        InvalidRequest: a user is outside what is allowed; those before are given out.
    """
    sent = request.histories
    check_size(len(sent), MAX_HISTORIES, "histories")
    for start in range(0, len(sent), PORTION):
        portion: list[History] = []
        for place, message in enumerate(sent[start : start + PORTION]):
            try:
                portion.append(history_from(message, f"histories[{start + place}]"))
            except InvalidRequest:
                if portion:
                    yield portion
                raise
        yield portion


def history_from(message: pb.PurchaseHistory, path: str) -> History:
    """Check one user's purchases.

    Raises:
        InvalidRequest: a column does not fit, or a value is outside what is allowed; says whose.
    """
    user_id = check_id(message.user_id, f"{path}.user_id")
    try:
        _check_columns(message, path)
        _check_cells(message, path)
        cells = _cells_from(message)
    except InvalidRequest as error:
        raise InvalidRequest(error.field, f"{error.allowed} (user {user_id})") from error
    return History(path, user_id, cells)


def _check_columns(message: pb.PurchaseHistory, path: str) -> None:
    products = list(message.product_ids)
    check_many_ids(products, f"{path}.product_ids")
    if len(set(products)) != len(products):
        raise InvalidRequest(f"{path}.product_ids", "each product once")
    if len(message.day_counts) != len(products):
        allowed = f"{len(products):,} entries, one a product, not {len(message.day_counts):,}"
        raise InvalidRequest(f"{path}.day_counts", allowed)
    if 0 in message.day_counts:
        position = list(message.day_counts).index(0)
        raise InvalidRequest(f"{path}.day_counts[{position}]", "at least 1")
    days = sum(message.day_counts)
    for name in ("days", "units_milli", "spend_milli"):
        length = len(getattr(message, name))
        if length != days and not (name == "spend_milli" and length == 0):
            allowed = f"{days:,} entries, one a product and day, not {length:,}"
            raise InvalidRequest(f"{path}.{name}", allowed)


def _check_cells(message: pb.PurchaseHistory, path: str) -> None:
    if max(message.days, default=0) > MAX_DAY:
        raise InvalidRequest(f"{path}.days", f"at most {MAX_DAY:,}, not {max(message.days):,}")
    if min(message.units_milli, default=1) == 0:
        position = list(message.units_milli).index(0)
        raise InvalidRequest(f"{path}.units_milli[{position}]", "at least 1")
    for name in ("units_milli", "spend_milli"):
        # A user's sum is a bound on each product's, and quicker.
        if sum(getattr(message, name)) > MAX_MILLI:
            raise InvalidRequest(f"{path}.{name}", "below 2**63 in all")
    ends = [*accumulate(message.day_counts, initial=0)]
    firsts = {*ends}
    for position, (earlier, later) in enumerate(pairwise(message.days), start=1):
        if later <= earlier and position not in firsts:
            raise InvalidRequest(f"{path}.days[{position}]", "ascending within a product")


def _cells_from(message: pb.PurchaseHistory) -> dict[str, dict[int, Cell]]:
    days = iter(message.days)
    spend = message.spend_milli or [0] * len(message.days)
    cells = map(Cell, message.units_milli, spend)
    return {
        product: dict(zip(islice(days, count), cells, strict=False))
        for product, count in zip(message.product_ids, message.day_counts, strict=True)
    }


def import_response_to(loaded: Loaded) -> pb.ImportProfilesResponse:
    """Answer an import."""
    return pb.ImportProfilesResponse(
        imported=loaded.imported, kept=loaded.kept, deleted=loaded.deleted
    )


def read_response_to(entries: Iterable[Entry], cursor: str) -> pb.ReadEventsResponse:
    """Answer with a part of the log."""
    return pb.ReadEventsResponse(events=[event_of(entry) for entry in entries], cursor=cursor)


def profile_line(user_id: str, kept: Kept) -> str:
    """Write a profile as a JSON line."""
    return json_line("profile", MessageToJson(profile_from(kept.profile, user_id), indent=None))


def ledger_line(kept: Kept) -> str:
    """Write a ledger as a JSON line."""
    return json_line("ledger", MessageToJson(whole_ledger(ledger_from(kept)), indent=None))


def event_line(entry: Entry) -> str:
    """Write an event as a JSON line."""
    return json_line("event", MessageToJson(event_of(entry), indent=None))


def json_line(kind: str, packed: str) -> str:
    """Put an object of JSON under its kind."""
    return f'{{"kind": "{kind}", "{kind}": {packed}}}'


def receipt_to(user_id: str, receipt: Receipt) -> pb.DeleteUserResponse:
    """Answer a deletion."""
    forgotten = receipt.forgotten
    return pb.DeleteUserResponse(
        profiles=forgotten.profiles,
        events=forgotten.events,
        event_ids=forgotten.marks,
        deleted_time=timestamp(receipt.deletion.micros),
        user_hash=user_hash(user_id),
    )


def deletions_to(deletions: Iterable[tuple[str, Deletion]]) -> pb.ListDeletedUsersResponse:
    """Answer with users deleted."""
    return pb.ListDeletedUsersResponse(
        users=[
            pb.DeletedUser(user_hash=name, deleted_time=timestamp(deletion.micros))
            for name, deletion in deletions
        ]
    )


def timestamp(micros: int) -> Timestamp:
    """Write microseconds since 1970-01-01."""
    return Timestamp(seconds=micros // MICROS, nanos=micros % MICROS * 1000)
