"""The check that the crashes are judged by can fail, and the profile it expects is right."""

import random

import pytest

from restock.v1 import events_pb2 as pb
from restock.v1 import types_pb2
from tests.durability.checker import Evidence, faults, log_faults
from tests.durability.recomputed import recomputed
from tests.durability.shop import FIRST_SECOND, USERS, Shop

DAY = FIRST_SECOND // 86_400


def at(seconds: int, event_id: str, **fact) -> pb.Event:
    return pb.Event(
        event_id=event_id, user_id="ann", event_time={"seconds": FIRST_SECOND + seconds}, **fact
    )


def an_order(event_id="e1", order_id="o1", quantity=2.0, seconds=0) -> pb.Event:
    line = {"product_id": "milk", "quantity": quantity, "unit_price": 1.5}
    return at(seconds, event_id, order={"order_id": order_id, "lines": [line]})


def a_view(event_id="e2", seconds=0) -> pb.Event:
    return at(seconds, event_id, view={"product_id": "tea"})


def kept(*events: pb.Event) -> Evidence:
    """A run in which all went well."""
    return Evidence(
        {one.event_id: one for one in events}, {one.event_id for one in events}, [*events]
    )


def profiles_of(*events: pb.Event) -> dict[str, types_pb2.Profile]:
    return {"ann": recomputed("ann", events)}


def test_a_run_without_loss_has_no_faults():
    events = (an_order(), a_view())
    assert faults(kept(*events), profiles_of(*events)) == []


def test_one_lost_event_is_found():
    evidence = kept(an_order(), a_view())
    del evidence.log[1]
    assert log_faults(evidence) == ["event e2 was acknowledged and is not in the log"]


def test_one_doubled_event_is_found():
    evidence = kept(an_order(), a_view())
    evidence.log.append(a_view())
    assert log_faults(evidence)[0] == "event e2 is 2 times in the log"


def test_an_order_that_counts_twice_under_two_event_ids_is_found():
    evidence = kept(an_order(), an_order("e9"))
    assert log_faults(evidence) == ["order 'o1' of ann is 2 times in the log"]


def test_an_order_acknowledged_under_two_event_ids_need_be_there_once():
    evidence = kept(an_order(), an_order("e9"))
    del evidence.log[1]
    assert log_faults(evidence) == []


def test_an_event_that_nobody_sent_or_that_changed_on_its_way_is_found():
    evidence = kept(an_order(), a_view())
    evidence.log[0] = an_order(quantity=3)
    evidence.log.append(a_view("e7"))
    assert log_faults(evidence) == [
        "event e1 in the log was not sent so",
        "event e7 in the log was not sent so",
    ]


def test_an_event_in_the_log_that_was_applied_twice_is_found():
    events = (an_order(), a_view())
    profiles = profiles_of(*events, an_order("e3", "o3"))
    assert faults(kept(*events), profiles) == ["ann has revision 3, not 2"]


def test_a_profile_that_lacks_an_event_of_the_log_is_found():
    profiles = profiles_of(an_order(), a_view())
    profiles["ann"].units_milli[0] = 1000
    assert faults(kept(an_order(), a_view()), profiles) == [
        "the profile of ann is not what its 2 events make"
    ]


def test_a_user_of_the_log_without_a_profile_is_found():
    assert faults(kept(an_order()), {}) == ["ann is in the log and has no profile"]


def test_units_that_came_back_are_taken_off_whichever_came_first():
    order = an_order(quantity=3)
    back = at(9, "e2", order_return={"order_id": "o1", "line": 0, "quantity": 1})
    for events in ([order, back], [back, order]):
        profile = recomputed("ann", events)
        assert (profile.revision, [*profile.units_milli], [*profile.spend_milli]) == (
            2,
            [2000],
            [3000],
        )


def test_a_day_of_which_everything_came_back_does_not_count():
    back = at(9, "e2", order_return={"order_id": "o1", "line": 0, "quantity": 7})
    profile = recomputed("ann", [an_order(), back, an_order("e3", "o3", 1, 86_400)])
    assert [*profile.first_days] == [*profile.last_days] == [DAY + 1]
    assert (profile.shopping_days, profile.purchase_counts) == (1, [1])


def test_a_purchase_takes_a_product_out_of_the_cart_and_an_impression_counts_for_nothing():
    added = at(0, "e1", add_to_cart={"product_id": "milk"})
    shown = at(0, "e2", impression={"recommendation_id": "r", "product_ids": ["milk"]})
    assert [*recomputed("ann", [added, shown]).cart_units_milli] == [1000]
    profile = recomputed("ann", [added, shown, an_order("e3")])
    assert (profile.revision, [*profile.cart_product_ids]) == (2, [])


def test_a_purchase_that_came_back_has_taken_the_product_out_of_the_cart_all_the_same():
    added = at(0, "e1", add_to_cart={"product_id": "milk"})
    back = at(9, "e4", order_return={"order_id": "o1", "line": 0, "quantity": 7})
    profile = recomputed("ann", [added, an_order("e3"), back])
    assert (profile.product_ids, profile.cart_product_ids) == ([], [])


@pytest.mark.parametrize("seed", range(3))
def test_any_one_event_lost_of_a_shops_whole_day_is_found(seed):
    draw = random.Random(seed)
    shop = Shop("s", draw)
    sent = {event.event_id: event for _ in range(50) for event in shop.batch()}
    log = {fact.order.order_id or fact.event_id: fact for fact in sent.values()}.values()
    evidence = Evidence(sent, {*sent}, [*log])
    profiles = {user: recomputed(user, log) for user in USERS}
    assert faults(evidence, profiles) == []
    lost = evidence.log.pop(draw.randrange(len(evidence.log)))
    assert any(f" {lost.event_id} " in fault for fault in log_faults(evidence))
