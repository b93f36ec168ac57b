import json
from hashlib import sha256

import pytest
import zstandard
from google.protobuf.json_format import ParseDict

from restock.errors import InvalidRequest
from restock.v1 import events_pb2, types_pb2
from restock.v1 import profile_store_pb2 as pb
from services.profile_store import convert
from services.profile_store.deleting import Receipt
from services.profile_store.draft import Outcome, Verdict
from services.profile_store.events.convert import EventReader, payload_of
from services.profile_store.importing import Loaded
from services.profile_store.ledger import MAX_MILLI, Cell
from services.profile_store.repository import Deletion, Entry, Forgotten
from tests.unit.profile_store.shop import CALENDAR, DAY, NOW, order_line, ordered, viewed

READER = EventReader(CALENDAR, NOW)
CUTS = (10.0, 20.0, 40.0)


def a_history(**changes):
    """Milk on two days, bread on one."""
    fields = {
        "user_id": "ann",
        "product_ids": ["milk", "bread"],
        "day_counts": [2, 1],
        "days": [DAY, DAY + 7, DAY],
        "units_milli": [1000, 2000, 500],
        "spend_milli": [1500, 3000, 0],
    }
    return pb.PurchaseHistory(**(fields | changes))


def refused(history):
    with pytest.raises(InvalidRequest) as error:
        convert.history_from(history, "histories[3]")
    return error.value


def test_a_history_is_read_product_by_product():
    history = convert.history_from(a_history(), "histories[3]")
    assert (history.path, history.user_id) == ("histories[3]", "ann")
    assert history.cells == {
        "milk": {DAY: Cell(1000, 1500), DAY + 7: Cell(2000, 3000)},
        "bread": {DAY: Cell(500, 0)},
    }


def test_no_money_means_0_for_all():
    history = convert.history_from(a_history(spend_milli=[]), "histories[0]")
    assert history.cells["milk"] == {DAY: Cell(1000, 0), DAY + 7: Cell(2000, 0)}


def test_1970_01_01_and_2149_06_06_may_be_loaded():
    history = convert.history_from(a_history(days=[0, 65_535, 0]), "histories[0]")
    assert list(history.cells["milk"]) == [0, 65_535]


def test_the_largest_sums_may_be_loaded():
    most = a_history(units_milli=[MAX_MILLI - 2, 1, 1], spend_milli=[MAX_MILLI, 0, 0])
    assert convert.history_from(most, "h").cells["milk"][DAY] == Cell(MAX_MILLI - 2, MAX_MILLI)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("user_id", {"user_id": ""}),
        ("user_id", {"user_id": "a\nb"}),
        ("product_ids[1]", {"product_ids": ["milk", ""]}),
        ("product_ids[0]", {"product_ids": ["x" * 129, "milk"]}),
        ("product_ids", {"product_ids": ["milk", "milk"]}),
        ("day_counts", {"day_counts": [3]}),
        ("day_counts", {"day_counts": [1, 1, 1]}),
        ("day_counts[1]", {"day_counts": [3, 0]}),
        ("days", {"days": [DAY, DAY + 7]}),
        ("days", {"days": [DAY, DAY + 7, DAY, DAY]}),
        ("days", {"day_counts": [2**32 - 1, 2**32 - 1]}),
        ("days", {"days": [DAY, 65_536, DAY]}),
        ("days[1]", {"days": [DAY, DAY, DAY]}),
        ("days[1]", {"days": [DAY + 7, DAY, DAY]}),
        ("units_milli", {"units_milli": [1000, 2000]}),
        ("units_milli[1]", {"units_milli": [1000, 0, 500]}),
        ("units_milli", {"units_milli": [MAX_MILLI, 1, 1]}),
        ("units_milli", {"units_milli": [2**64 - 1, 1, 1]}),
        ("spend_milli", {"spend_milli": [1]}),
        ("spend_milli", {"spend_milli": [MAX_MILLI, 1, 0]}),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(field, changes):
    assert refused(a_history(**changes)).field == f"histories[3].{field}"


def test_days_may_start_again_with_each_product_only():
    convert.history_from(a_history(days=[DAY, DAY + 7, DAY]), "h")
    error = refused(a_history(day_counts=[1, 2], days=[DAY + 9, DAY, DAY]))
    assert error.field == "histories[3].days[2]"


def test_the_refusal_of_a_column_says_whose():
    assert refused(a_history(days=[])).allowed.endswith("(user ann)")


def test_histories_are_given_out_32_users_at_a_time():
    request = pb.ImportProfilesRequest(histories=[a_history(user_id=f"u{n}") for n in range(70)])
    portions = list(convert.histories_from(request))
    assert [len(portion) for portion in portions] == [32, 32, 6]
    assert portions[1][0].path == "histories[32]"


@pytest.mark.parametrize("count", [0, 1001])
def test_no_or_too_many_histories_are_refused(count):
    request = pb.ImportProfilesRequest(histories=[a_history()] * count)
    with pytest.raises(InvalidRequest, match="histories: 1 to 1,000"):
        list(convert.histories_from(request))


def test_users_before_a_wrong_one_are_given_out():
    users = [a_history(), a_history(user_id="bob"), a_history(user_id="")]
    given = []
    with pytest.raises(InvalidRequest, match=r"histories\[2\].user_id"):
        for portion in convert.histories_from(pb.ImportProfilesRequest(histories=users)):
            given += [history.user_id for history in portion]
    assert given == ["ann", "bob"]


def test_bad_rows_stand_apart_from_good_ones():
    events = [viewed(), viewed(""), ordered("o1"), ordered("o2", order_line(quantity=0))]
    valid, rejected = convert.events_from(events, READER)
    assert [event.row for event in valid] == [0, 2]
    assert {row: outcome.error.field for row, outcome in rejected.items()} == {
        1: "view.product_id", 3: "order.lines[0].quantity"
    }  # fmt: skip


@pytest.mark.parametrize("count", [0, 1001])
def test_no_or_too_many_events_are_refused(count):
    with pytest.raises(InvalidRequest, match="events: 1 to 1,000"):
        convert.events_from([viewed()] * count, READER)


@pytest.mark.parametrize("count", [0, 1001])
def test_no_or_too_many_users_are_refused(count):
    with pytest.raises(InvalidRequest, match="user_ids: 1 to 1,000"):
        convert.user_ids_from(pb.BatchGetProfilesRequest(user_ids=["ann"] * count))


def test_the_wrong_user_id_among_many_is_named():
    with pytest.raises(InvalidRequest) as error:
        convert.user_ids_from(pb.BatchGetProfilesRequest(user_ids=["ann", "bob", ""]))
    assert error.value.field == "user_ids[2]"


def test_results_are_in_the_order_of_rows_with_the_whole_path():
    wrong = Outcome(Verdict.REJECTED, error=InvalidRequest("order.order_id", "another one"))
    outcomes = {2: wrong, 0: Outcome(Verdict.ACCEPTED, 4), 1: Outcome(Verdict.DUPLICATE, 4)}
    assert list(convert.results_to(outcomes).results) == [
        pb.EventResult(status=pb.EVENT_STATUS_ACCEPTED, profile_revision=4),
        pb.EventResult(status=pb.EVENT_STATUS_DUPLICATE, profile_revision=4),
        pb.EventResult(
            status=pb.EVENT_STATUS_REJECTED,
            field="events[2].order.order_id",
            detail="another one",
        ),
    ]


def test_rejected_events_of_a_stream_are_numbered_from_1_over_all_its_messages():
    wrong = Outcome(Verdict.REJECTED, error=InvalidRequest("view.product_id", "an id"))
    before = pb.StreamEventsResponse(watermark=10, accepted=7, duplicates=2)
    sent = [viewed(event_id="e11"), viewed(event_id="e12"), viewed(event_id="e13")]
    outcomes = {0: Outcome(Verdict.ACCEPTED, 1), 1: wrong, 2: Outcome(Verdict.DUPLICATE, 1)}
    assert convert.settled_to(before, sent, outcomes) == pb.StreamEventsResponse(
        watermark=13,
        accepted=8,
        duplicates=3,
        rejected=[
            pb.RejectedEvent(number=12, event_id="e12", field="view.product_id", detail="an id")
        ],
    )


def test_rejected_events_are_told_once():
    before = pb.StreamEventsResponse(watermark=1, rejected=[pb.RejectedEvent(number=1)])
    settled = convert.settled_to(before, [viewed()], {0: Outcome(Verdict.ACCEPTED, 1)})
    assert (settled.watermark, list(settled.rejected)) == (2, [])


@pytest.mark.parametrize(
    ("spend_per_day", "segment"), [(0.0, 0), (9.99, 1), (10.0, 2), (39.0, 3), (40.0, 4)]
)
def test_a_profile_has_the_segment_of_its_spend_a_day(spend_per_day, segment):
    profile = types_pb2.Profile(user_id="ann", revision=1, spend_per_day=spend_per_day)
    body = compressed(profile)
    assert convert.profile_to("ann", body, CUTS).segment == segment
    assert convert.profile_to("ann", body, None).segment == 0


def test_an_unknown_user_has_no_segment():
    assert convert.profile_to("ann", None, CUTS) == types_pb2.Profile(user_id="ann")


def test_an_event_is_one_line_of_json_and_reads_back():
    event = ordered('Ünï \u2028 "o1" \\', order_line(unit_price=1.1, unit_discount=0.3))
    event.event_time.nanos = 123_456_789
    line = convert.event_line(Entry(event.event_id, payload_of(event)))
    assert "\n" not in line
    told = json.loads(line)
    assert told["kind"] == "event"
    assert ParseDict(told["event"], events_pb2.Event()) == event


def test_a_receipt_says_what_is_gone_and_what_remains():
    receipt = convert.receipt_to(
        "ann", Receipt(Deletion(1_700_000_000_123_456, 9), Forgotten(1, 20, 3))
    )
    assert (receipt.profiles, receipt.events, receipt.event_ids) == (1, 20, 3)
    assert receipt.deleted_time.ToJsonString() == "2023-11-14T22:13:20.123456Z"
    assert receipt.user_hash == sha256(b"ann").hexdigest()


def test_a_deletion_is_told_by_hash_and_time():
    answer = convert.deletions_to([("ab12", Deletion(5_000_001, 9))])
    (one,) = answer.users
    assert (one.user_hash, one.deleted_time.ToMicroseconds()) == ("ab12", 5_000_001)


def test_an_import_is_answered_by_three_counts():
    answer = convert.import_response_to(Loaded(imported=3, kept=2, deleted=1))
    assert (answer.imported, answer.kept, answer.deleted) == (3, 2, 1)


def compressed(profile):
    return zstandard.compress(profile.SerializeToString())
