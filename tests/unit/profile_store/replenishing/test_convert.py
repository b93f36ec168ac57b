import numpy as np
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from restock.core.replenishment import Replenishment
from restock.errors import InvalidRequest
from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from services.profile_store.profile import profile_of
from services.profile_store.replenishing.convert import (
    Outlook,
    add_cycles,
    outlook_from,
    response_to,
)
from tests.unit.profile_store.shop import CALENDAR, DAY, NOON, NOW, a_basket, at, the_ledger

TODAY = DAY + 400
TOO_SOON = pb.REPLENISHMENT_STATE_TOO_SOON
DUE = pb.REPLENISHMENT_STATE_DUE
OVERDUE = pb.REPLENISHMENT_STATE_OVERDUE
PROFILE = profile_of(the_ledger(a_basket(DAY, "ham milk tea"), a_basket(DAY + 3, "milk")))


def asked(**fields):
    return outlook_from(pb.GetReplenishmentRequest(**({"user_id": "ann"} | fields)), CALENDAR, NOW)


def refused_field(**fields):
    with pytest.raises(InvalidRequest) as error:
        asked(**fields)
    return error.value.field


def found(probabilities, states=(DUE, OVERDUE, TOO_SOON)):
    """Of ham, milk and tea."""
    return Replenishment(
        cycle_days=np.array([10, 20, 30], np.float32),
        cycle_days_low=np.array([5, 10, 15], np.float32),
        cycle_days_high=np.array([20, 40, 60], np.float32),
        gaps=np.array([0, 1, 0], np.int32),
        due_days=np.array([TODAY + 1, TODAY - 2, TODAY + 30], np.int32),
        states=np.array(states, np.int8),
        probabilities=np.array(probabilities, np.float32),
        suggested_units=np.array([1, 2.5, 3], np.float32),
    )


def answered(probabilities=(0.25, 0.5, 0.125), **fields):
    answer = response_to(asked(**fields), PROFILE, found(probabilities), "v1")
    return [one.product_id for one in answer.products]


def test_a_user_id_alone_looks_7_days_ahead_from_today_at_100_products():
    assert asked() == Outlook("ann", TODAY, 7, 100, ())


def test_everything_may_be_said():
    assert asked(horizon_days=90, page_size=1000, as_of_time=at(NOON), states=[DUE, OVERDUE]) == (
        Outlook("ann", DAY, 90, 1000, (DUE, OVERDUE))
    )


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("user_id", {"user_id": ""}),
        ("user_id", {"user_id": "a\nb"}),
        ("horizon_days", {"horizon_days": 91}),
        ("horizon_days", {"horizon_days": 2**32 - 1}),
        ("page_size", {"page_size": 1001}),
        ("states[1]", {"states": [DUE, 0]}),
        ("states[0]", {"states": [6]}),
        ("states[0]", {"states": [-1]}),
        ("as_of_time", {"as_of_time": at(NOW + 86_401)}),
        ("as_of_time", {"as_of_time": at(-1)}),
        ("as_of_time", {"as_of_time": at(2**62)}),
        ("as_of_time.nanos", {"as_of_time": Timestamp(seconds=NOON, nanos=-1)}),
    ],
)
def test_what_is_outside_is_refused_by_its_path(field, fields):
    assert refused_field(**fields) == field


def test_a_day_ahead_and_1970_may_be_looked_from():
    assert asked(as_of_time=at(NOW + 86_400)).as_of_day == TODAY + 1
    assert asked(as_of_time=at(0)).as_of_day == 0


def test_the_most_probable_come_first():
    assert answered((0.25, 0.5, 0.125)) == ["milk", "ham", "tea"]


def test_of_several_as_probable_those_of_the_first_product_ids_come_first():
    assert answered((0.25, 0.25, 0.25)) == ["ham", "milk", "tea"]


def test_only_states_that_were_asked_for_are_answered():
    assert answered(states=[TOO_SOON, DUE]) == ["ham", "tea"]
    assert answered(states=[pb.REPLENISHMENT_STATE_LAPSED]) == []


def test_a_page_is_cut_after_the_states_are_chosen():
    assert answered(states=[TOO_SOON, DUE], page_size=1) == ["ham"]


def test_a_product_is_answered_with_all_that_is_known_of_it():
    answer = response_to(asked(page_size=1), PROFILE, found((0.25, 0.5, 0.125)), "v1")
    assert answer == pb.GetReplenishmentResponse(
        products=[
            pb.Replenishment(
                product_id="milk",
                state=OVERDUE,
                probability=0.5,
                cycle_days=20,
                cycle_days_low=10,
                cycle_days_high=40,
                gaps=1,
                last_day=DAY + 3,
                due_day=TODAY - 2,
                suggested_units=2.5,
            )
        ],
        as_of_day=TODAY,
        model_version="v1",
    )


def test_a_profile_is_given_cycles_in_its_own_order():
    message = types_pb2.Profile(product_ids=["ham", "milk", "tea"])
    add_cycles(message, found((0.25, 0.5, 0.125)))
    assert (list(message.cycle_days), list(message.cycle_gaps)) == ([10, 20, 30], [0, 1, 0])
