import pytest

from services.profile_store.bounds import Bounds
from services.profile_store.draft import Outcome, Verdict, draft_of, named_orders
from services.profile_store.events.convert import hash_of
from services.profile_store.facts import Impression, View
from services.profile_store.ledger import Ledger
from services.profile_store.repository import Deletion, Kept
from tests.unit.profile_store.shop import (
    BOUNDS,
    DAY,
    a_line,
    a_return,
    a_word,
    an_event,
    an_order,
    micros_of,
    the_ledger,
)

ACCEPTED, DUPLICATE, REJECTED = Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.REJECTED


KNOWN = Kept(1, b"ledger", b"profile")


def a_draft(ledger=None, deletion=None, kept=KNOWN):
    return draft_of(kept, ledger or Ledger(), BOUNDS, deletion)


def outcomes(draft, *events, known=()):
    """Add events in rows from 0 on; what becomes of each."""
    for event in events:
        draft.add(event, event.event_id in known)
    return [draft.outcomes[event.row] for event in events]


def refusal(outcome):
    assert outcome.verdict is REJECTED
    assert outcome.revision == 0
    return outcome.error


def test_each_event_has_the_revision_after_it():
    events = [an_event("e1"), an_event("e2", View("milk", 5), 1), an_event("e3", a_word(), 2)]
    assert outcomes(a_draft(), *events) == [Outcome(ACCEPTED, n) for n in (1, 2, 3)]


def test_impressions_are_accepted_and_do_not_grow_the_revision():
    draft = a_draft(Ledger(revision=4))
    found = outcomes(draft, an_event("e1", Impression()), an_event("e2", Impression(), 1))
    assert found == [Outcome(ACCEPTED, 4), Outcome(ACCEPTED, 4)]
    assert draft.ledger.log_length == 2
    assert not draft.changes_profile


def test_one_fact_among_impressions_changes_the_profile():
    draft = a_draft()
    outcomes(draft, an_event("e1", Impression()), an_event("e2", View("milk", 5), 1))
    assert draft.changes_profile


def test_a_known_event_id_is_a_duplicate_whatever_the_rest_says():
    draft = a_draft(Ledger(revision=4))
    assert outcomes(draft, an_event("e1"), known={"e1"}) == [Outcome(DUPLICATE, 4)]
    assert draft.ledger == Ledger(revision=4)
    assert draft.accepted == {}


def test_an_event_id_twice_in_one_request_is_accepted_once():
    draft = a_draft()
    found = outcomes(draft, an_event("e1"), an_event("e1", a_word(), 1))
    assert found == [Outcome(ACCEPTED, 1), Outcome(DUPLICATE, 1)]
    assert draft.ledger.cart == {}


def test_the_id_of_a_rejected_event_is_free_for_another():
    draft = a_draft(the_ledger(an_order("o1")))
    draft.orders = {hash_of("o1"): an_order("o1")}
    first, second = outcomes(
        draft, an_event("e1", an_order("o1", DAY, a_line("tea"))), an_event("e1", a_word(), 1)
    )
    assert (first.verdict, second.verdict) == (REJECTED, ACCEPTED)


def test_an_order_under_another_event_id_with_the_same_content_is_a_duplicate():
    draft = a_draft()
    found = outcomes(draft, an_event("e1", an_order("o1")), an_event("e2", an_order("o1"), 1))
    assert found == [Outcome(ACCEPTED, 1), Outcome(DUPLICATE, 1)]
    assert list(draft.accepted) == ["e1"]


@pytest.mark.parametrize(
    "other",
    [
        an_order("o1", DAY + 1),
        an_order("o1", DAY, a_line("tea")),
        an_order("o1", DAY, a_line(units_milli=1001)),
        an_order("o1", DAY, a_line(price_milli=1501)),
        an_order("o1", DAY, a_line(), a_line()),
    ],
    ids=["time", "product", "units", "price", "lines"],
)
def test_an_order_that_was_recorded_with_other_content_is_rejected(other):
    draft = a_draft(the_ledger(an_order("o1")))
    draft.orders = {hash_of("o1"): an_order("o1")}
    (found,) = outcomes(draft, an_event("e2", other))
    assert refusal(found).field == "order.order_id"
    assert "Return" in refusal(found).allowed


def test_an_order_whose_event_id_was_forgotten_is_still_a_duplicate():
    draft = a_draft(the_ledger(an_order("o1")))
    draft.orders = {hash_of("o1"): an_order("o1")}
    assert outcomes(draft, an_event("e1", an_order("o1"))) == [Outcome(DUPLICATE, 1)]


def test_an_order_and_its_return_in_one_request_meet_whichever_comes_first():
    order, back = an_event("e1", an_order("o1")), an_event("e2", a_return("o1", 400), 1)
    for events in ([order, back], [back, order]):
        draft = a_draft()
        outcomes(draft, *events)
        assert draft.ledger.cells["milk"][DAY] == (600, 900)


def test_a_rejected_row_leaves_its_neighbours():
    draft = a_draft()
    events = [an_event("e1", an_order("o1")), an_event("e2", an_order("o1", DAY, a_line("tea")), 1),
              an_event("e3", a_word(), 2)]  # fmt: skip
    found = outcomes(draft, *events)
    assert [one.verdict for one in found] == [ACCEPTED, REJECTED, ACCEPTED]
    assert refusal(found[1]).field == "order.order_id"
    assert list(draft.ledger.cells) == ["milk"]
    assert (draft.ledger.revision, draft.ledger.log_length) == (2, 2)


@pytest.mark.parametrize(
    ("later_micros", "verdict"), [(-1, REJECTED), (0, REJECTED), (1, ACCEPTED)]
)
def test_a_deleted_user_does_not_come_back_by_what_happened_up_to_the_deletion(
    later_micros, verdict
):
    event = an_event("e1", View("milk", micros_of(DAY) + later_micros))
    draft = a_draft(deletion=Deletion(micros_of(DAY), 9), kept=Kept(4))
    (found,) = outcomes(draft, event)
    assert found.verdict is verdict


def test_the_rejection_says_when_the_user_was_deleted():
    draft = a_draft(deletion=Deletion(micros_of(DAY), 9), kept=Kept(4))
    (found,) = outcomes(draft, an_event("e1"))
    assert refusal(found).field == "event_time"
    assert "after 2017-11-30T12:00:00+00:00" in refusal(found).allowed


def test_a_user_who_comes_back_begins_after_the_revision_of_then():
    draft = a_draft(deletion=Deletion(0, 9), kept=Kept(4))
    assert outcomes(draft, an_event("e1")) == [Outcome(ACCEPTED, 10)]


def test_a_user_who_is_back_goes_on_from_the_ledger():
    draft = a_draft(Ledger(revision=12), Deletion(0, 9))
    assert outcomes(draft, an_event("e1")) == [Outcome(ACCEPTED, 13)]


def test_the_revision_of_then_shows_even_if_only_an_impression_comes():
    draft = a_draft(deletion=Deletion(0, 9), kept=Kept(4))
    assert outcomes(draft, an_event("e1", Impression())) == [Outcome(ACCEPTED, 9)]
    assert draft.changes_profile


def test_impressions_alone_lead_to_no_profile():
    draft = a_draft(kept=Kept())
    assert outcomes(draft, an_event("e1", Impression())) == [Outcome(ACCEPTED, 0)]
    assert not draft.changes_profile


def test_the_time_of_the_latest_event_is_kept_whichever_comes_first():
    events = [an_event(f"e{n}", View("milk", micros), n) for n, micros in enumerate((5, 9, 7))]
    draft = a_draft(Ledger(last_micros=6))
    outcomes(draft, *events)
    assert draft.ledger.last_micros == 9


def test_the_orders_that_orders_and_returns_name_are_looked_up():
    events = [an_event("e1", an_order("o1")), an_event("e2", a_return("o3")),
              an_event("e3", a_return("o9")), an_event("e4", a_word())]  # fmt: skip
    assert named_orders(events) == {hash_of("o1"), hash_of("o3"), hash_of("o9")}


def test_orders_that_leave_the_ledger_and_one_too_old_to_come_in_are_kept_beside_it():
    before = the_ledger(an_order("o1", DAY), an_order("o2", DAY + 1))
    draft = draft_of(KNOWN, before, Bounds(orders=2), None)
    for number, day in enumerate([DAY + 2, DAY - 1, DAY + 3]):
        draft.add(an_event(f"e{number}", an_order(f"new {number}", day)), False)
    assert draft.old_orders == {
        hash_of("o1"): (0, DAY), hash_of("o2"): (1, DAY + 1), hash_of("new 1"): (3, DAY - 1),
    }  # fmt: skip
