"""What the ledger promises, recomputed from the facts one product and day at a time."""

from hypothesis import given
from hypothesis import strategies as some

from services.profile_store.events.convert import hash_of
from services.profile_store.ledger import MAX_DAY, MAX_MILLI
from services.profile_store.profile import profile_of
from tests.unit.profile_store.shop import DAY, a_line, a_return, an_order, cells, the_ledger

lines = some.builds(
    a_line,
    product_id=some.sampled_from("abc"),
    units_milli=some.integers(1, 5000),
    price_milli=some.integers(0, 5000),
)
orders = some.lists(
    some.tuples(some.integers(DAY, DAY + 4), some.lists(lines, min_size=1, max_size=4)), max_size=8
)
returns = some.lists(
    some.tuples(some.integers(0, 9), some.integers(0, 3), some.integers(1, 9000)), max_size=12
)


def test_the_last_day_is_2149_06_06_and_sums_fit_into_63_bits():
    assert (MAX_DAY, MAX_MILLI) == (65_535, 9_223_372_036_854_775_807)


@given(orders, returns)
def test_a_cell_is_the_sum_of_what_its_lines_kept(bought, came_back):
    held = [a_return(f"o{order}", units, line) for order, line, units in came_back]
    facts = [an_order(f"o{n}", day, *lines) for n, (day, lines) in enumerate(bought)]
    expected: dict[str, dict[int, tuple[int, int]]] = {}
    for number, (day, lines) in enumerate(bought):
        for place, line in enumerate(lines):
            back = sum(u for order, at, u in came_back if (order, at) == (number, place))
            units = max(0, line.units_milli - back)
            money = (2 * units * line.price_milli + 1000) // 2000
            days = expected.setdefault(line.product_id, {})
            before = days.get(day, (0, 0))
            days[day] = before[0] + units, before[1] + money
    assert cells(the_ledger(*held, *facts)) == expected


@given(orders)
def test_orders_that_all_came_back_leave_an_empty_profile_and_every_day(bought):
    facts = [an_order(f"o{n}", day, *lines) for n, (day, lines) in enumerate(bought)]
    back = [
        a_return(f"o{n}", line.units_milli, place)
        for n, (_, lines) in enumerate(bought)
        for place, line in enumerate(lines)
    ]
    ledger = the_ledger(*facts, *back)
    assert profile_of(ledger).product_ids == []
    assert all(cell == (0, 0) for days in cells(ledger).values() for cell in days.values())
    assert {day for days in ledger.cells.values() for day in days} == {day for day, _ in bought}


def test_an_order_is_known_by_8_bytes_of_its_id():
    assert 0 < hash_of("o1") < 2**64
    assert hash_of("o1") != hash_of("o2")
