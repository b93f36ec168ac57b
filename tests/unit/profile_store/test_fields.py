import math

import pytest

from restock.errors import InvalidRequest
from services.profile_store.fields import check_many_ids, check_size, milli


def refused(check, *arguments):
    with pytest.raises(InvalidRequest) as error:
        check(*arguments)
    return error.value


@pytest.mark.parametrize("wrong", ["", "x" * 129, "ü" * 65, "a\nb", "a\x7fb", "a\x85b"])
def test_the_one_id_among_many_that_is_none_is_named(wrong):
    assert refused(check_many_ids, ["milk", "tea", wrong], "ids").field == "ids[2]"


def test_ids_of_any_script_with_spaces_and_128_bytes_pass():
    check_many_ids([], "ids")
    check_many_ids(["a b", "牛奶", "ü" * 64, "x" * 128], "ids")


@pytest.mark.parametrize("count", [0, 1001])
def test_a_list_of_another_size_is_refused(count):
    error = refused(check_size, count, 1000, "events")
    assert (error.field, error.allowed) == ("events", f"1 to 1,000 entries, not {count:,}")


@pytest.mark.parametrize("count", [1, 1000])
def test_a_list_of_1_to_1_000_passes(count):
    check_size(count, 1000, "events")


@pytest.mark.parametrize(
    ("value", "thousandths"),
    [(0.001, 1), (1, 1000), (1_000_000, 10**9), (0.0015, 2), (0.0025, 2), (0.1 + 0.2, 300)],
)
def test_a_number_is_kept_in_whole_thousandths(value, thousandths):
    assert milli(value, 0.001, 1_000_000, "quantity") == thousandths


@pytest.mark.parametrize(
    "value", [0.0, -0.001, 0.000999, 1_000_000.001, 1e308, math.nan, math.inf, -math.inf]
)
def test_a_number_outside_its_range_is_refused_and_shown(value):
    error = refused(milli, value, 0.001, 1_000_000, "quantity")
    assert (error.field, error.allowed) == (
        "quantity", f"a number from 0.001 to 1,000,000, not {value}"
    )  # fmt: skip


def test_minus_0_is_0():
    assert milli(-0.0, 0, 10, "price") == 0
