from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restock.artifacts.event_files import EventRow, table_of
from restock.core.user_hash import user_hash
from tests.unit.trainer.an_export import a_return, an_order, micros
from tests.unit.trainer.shop import TUNING
from trainer.clean import clean
from trainer.deletions import NOBODY, Deletions
from trainer.event_log import TYPES, rows_of
from trainer.orders import order_lines, spend
from trainer.purchases import Purchases

DAY = 19_800
Bought = dict[tuple[str, str, int], tuple[int, int]]
"""Thousandths of units and money by user, product and day."""


def lines_of(rows: list[EventRow], deletions: Deletions = NOBODY):
    """Turn rows into purchase lines; each row's day is that of its moment in UTC."""
    table = table_of(rows).select(list(TYPES))
    days = [row.event_time // micros(1, 0) for row in rows]
    return order_lines(rows_of(table.append_column("day", [days]), len(rows)), deletions)


def bought(rows: list[EventRow], deletions: Deletions = NOBODY) -> Bought:
    lines, _ = lines_of(rows, deletions)
    if not (~lines.repeats & ~lines.forgotten & (lines.units_milli > 0)).any():
        return {}
    purchases, _ = clean(lines, None, TUNING, None)
    return as_dict(purchases)


def as_dict(purchases: Purchases) -> Bought:
    columns = zip(
        purchases.users, purchases.items, purchases.days, purchases.units_milli,
        purchases.spend_milli, strict=True,
    )  # fmt: skip
    return {
        (purchases.user_ids[user], purchases.item_ids[item], int(day)): (int(units), int(money))
        for user, item, day, units, money in columns
    }


def test_an_order_becomes_a_purchase_a_line():
    rows = an_order(DAY, "ann", "o1", ("milk", 2, 1.5), ("bread", 0.25, 3.0))
    assert bought(rows) == {("ann", "milk", DAY): (2000, 3000), ("ann", "bread", DAY): (250, 750)}


def test_a_return_takes_units_and_money_out_of_the_day_of_its_order():
    rows = an_order(DAY, "ann", "o1", ("milk", 3, 1.5)) + a_return(DAY + 5, "ann", "o1", 0, 1)
    assert bought(rows) == {("ann", "milk", DAY): (2000, 3000)}
    _, counts = lines_of(rows)
    assert (counts.rows, counts.orders, counts.returns_applied) == (2, 1, 1)


def test_several_returns_of_a_line_add_up_to_all_of_it_at_most():
    order = an_order(DAY, "ann", "o1", ("milk", 3, 1.5), ("bread", 1, 2.0))
    back = [row for day in (1, 2, 3) for row in a_return(DAY + day, "ann", "o1", 0, 1.25)]
    assert bought(order + back[:2]) == {
        ("ann", "milk", DAY): (500, 750),
        ("ann", "bread", DAY): (1000, 2000),
    }
    assert bought(order + back) == {("ann", "bread", DAY): (1000, 2000)}
    lines, counts = lines_of(order + back)
    assert lines.returned.tolist() == [True, False]
    assert counts.returns_applied == 3


def test_a_return_without_its_order_or_line_is_counted_and_left_out():
    rows = an_order(DAY, "ann", "o1", ("milk", 3, 1.5))
    strangers = [
        *a_return(DAY, "ann", "o2", 0, 1),
        *a_return(DAY, "ann", "o1", 1, 1),
        *a_return(DAY, "bob", "o1", 0, 1),
    ]
    assert bought(rows + strangers) == {("ann", "milk", DAY): (3000, 4500)}
    _, counts = lines_of(rows + strangers)
    assert (counts.returns_applied, counts.returns_without_order) == (0, 3)


def test_returns_alone_are_no_purchases():
    lines, counts = lines_of(a_return(DAY, "ann", "o1", 0, 1))
    assert (len(lines), counts.orders, counts.returns_without_order) == (0, 0, 1)


def test_the_same_order_of_two_events_counts_as_the_earlier_one_says():
    late = an_order(DAY + 1, "ann", "o1", ("milk", 9, 9), ("tea", 1, 1), event="a")
    early = an_order(DAY, "ann", "o1", ("milk", 1, 2), event="b")
    assert bought(late + early) == {("ann", "milk", DAY): (1000, 2000)}
    lines, counts = lines_of(late + early)
    assert (lines.repeats.tolist(), counts.orders) == ([True, True, False], 1)


def test_of_two_events_at_the_same_moment_the_lower_id_counts():
    one = an_order(DAY, "ann", "o1", ("milk", 1, 2), event="a")
    other = an_order(DAY, "ann", "o1", ("milk", 5, 5), event="b")
    assert bought(other + one) == {("ann", "milk", DAY): (1000, 2000)}


def test_an_event_that_is_there_twice_counts_once():
    rows = an_order(DAY, "ann", "o1", ("milk", 2, 1), ("bread", 1, 1))
    back = a_return(DAY + 1, "ann", "o1", 0, 1)
    once = {("ann", "milk", DAY): (1000, 1000), ("ann", "bread", DAY): (1000, 1000)}
    assert bought(rows + back + back + rows) == once


def test_an_id_that_is_used_again_for_another_return_counts_again():
    rows = an_order(DAY, "ann", "o1", ("milk", 5, 1))
    rows += a_return(DAY + 1, "ann", "o1", 0, 1, event="r1")
    rows += a_return(DAY + 9, "ann", "o1", 0, 2, event="r1")
    assert bought(rows) == {("ann", "milk", DAY): (2000, 2000)}


def test_two_users_may_have_orders_of_the_same_number():
    rows = an_order(DAY, "ann", "o1", ("milk", 1, 1)) + an_order(DAY, "bob", "o1", ("milk", 2, 1))
    rows += a_return(DAY, "bob", "o1", 0, 1)
    assert bought(rows) == {("ann", "milk", DAY): (1000, 1000), ("bob", "milk", DAY): (1000, 1000)}


def test_what_a_deleted_user_did_before_is_forgotten_and_what_came_later_is_not():
    early = an_order(DAY, "ann", "o1", ("milk", 1, 1), hour=9)
    late = an_order(DAY, "ann", "o2", ("tea", 1, 1), hour=11)
    others = an_order(DAY, "bob", "o1", ("milk", 1, 1), hour=9)
    deletions = Deletions({user_hash("ann"): micros(DAY, 10)})
    assert bought(early + late + others, deletions) == {
        ("ann", "tea", DAY): (1000, 1000),
        ("bob", "milk", DAY): (1000, 1000),
    }
    lines, counts = lines_of(early + late + others, deletions)
    assert lines.forgotten.tolist() == [True, False, False]
    assert counts.orders == 2


def test_an_order_sent_again_after_a_deletion_counts_though_the_first_is_forgotten():
    early = an_order(DAY, "ann", "o1", ("milk", 1, 1), hour=9, event="a")
    again = an_order(DAY, "ann", "o1", ("milk", 2, 1), hour=11, event="b")
    deletions = Deletions({user_hash("ann"): micros(DAY, 10)})
    assert bought(early + again, deletions) == {("ann", "milk", DAY): (2000, 2000)}


@pytest.mark.parametrize(
    ("units", "price", "money"),
    [(1500, 1999, 2999), (1, 500, 1), (1, 499, 0), (1000, 0, 0), (10**9, 10**10, 10**16)],
)
def test_money_is_rounded_to_thousandths_halves_up(units, price, money):
    assert spend(np.array([units]), np.array([price])).tolist() == [money]


USERS, ORDERS, PRODUCTS = ("ann", "bob"), ("o1", "o2"), ("milk", "tea")
ORDER_ROWS = st.builds(
    lambda day, user, order, lines, event: an_order(DAY + day, user, order, *lines, event=event),
    st.integers(0, 2),
    st.sampled_from(USERS),
    st.sampled_from(ORDERS),
    st.lists(
        st.tuples(
            st.sampled_from(PRODUCTS),
            st.sampled_from([0.5, 1.0, 3.0]),
            st.sampled_from([0.0, 1.99]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["e1", "e2", "e3"]),
)
RETURN_ROWS = st.builds(
    lambda day, user, order, line, units, event: a_return(
        DAY + day, user, order, line, units, event
    ),
    st.integers(0, 3),
    st.sampled_from(USERS),
    st.sampled_from(ORDERS),
    st.integers(0, 3),
    st.sampled_from([0.25, 1.0, 2.0]),
    st.sampled_from(["r1", "r2", "r3"]),
)
EVENTS = st.lists(st.one_of(ORDER_ROWS, RETURN_ROWS), max_size=8)


def one_by_one(rows: list[EventRow]) -> Bought:
    """Do the same slowly: apply events one after another, as the profile store does."""
    lines: dict[tuple[str, str | None, int | None], list[float]] = {}
    first: dict[tuple[str, str | None], tuple[int, str]] = {}
    returned: dict[tuple[str, str | None, int | None], int] = {}
    for row in sorted({row for row in rows if row.kind == "order"}, key=by_all):
        order = (row.user_id, row.order_id)
        if first.setdefault(order, (row.event_time, row.event_id))[1] != row.event_id:
            continue
        place = (*order, row.line)
        lines.setdefault(place, [row.product_id, row.event_time, row.quantity, row.unit_price])
    seen = set()
    for row in sorted({row for row in rows if row.kind == "return"}, key=by_all):
        place = (row.user_id, row.order_id, row.line)
        if (row.event_id, row.event_time, place) not in seen:
            seen.add((row.event_id, row.event_time, place))
            returned[place] = returned.get(place, 0) + round(row.quantity * 1000)
    found: Bought = {}
    for place, (product, moment, quantity, price) in lines.items():
        units = round(quantity * 1000) - min(round(quantity * 1000), returned.get(place, 0))
        if units:
            key = (place[0], product, moment // micros(1, 0))
            before = found.get(key, (0, 0))
            money = (units * round(price * 1000) + 500) // 1000
            found[key] = (before[0] + units, before[1] + money)
    return found


def by_all(row: EventRow):
    return (row.event_time, row.event_id, row.line, row.product_id or "", row.quantity,
            row.unit_price or 0)  # fmt: skip


@settings(max_examples=300)
@given(EVENTS, st.integers(0, 1000))
def test_any_order_of_rows_gives_the_purchases_of_events_applied_one_by_one(events, seed):
    rows = [row for event in events for row in event]
    wanted = one_by_one(rows)
    assert bought(rows) == wanted
    shuffled = Random(seed).sample(rows, len(rows))
    assert bought(shuffled) == wanted
    assert lines_of(shuffled)[1] == lines_of(rows)[1]


@given(EVENTS)
def test_a_log_that_is_there_twice_says_nothing_else(events):
    rows = [row for event in events for row in event]
    assert bought(rows + rows) == bought(rows)
