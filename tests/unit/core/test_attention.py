import numpy as np
import pytest

from restock.core.attention import NO_VIEWS, Views, attention
from tests.unit.core.shop import DAY, TUNING

MILK, BREAD, EGGS, WINE = range(4)


def rows(*values):
    return np.array(values, np.int64)


def views(*rows_and_ages):
    """Views by row, so many days ago."""
    return Views(
        rows(*(row for row, _ in rows_and_ages)), rows(*(DAY - a for _, a in rows_and_ages))
    )


def heard(context, seen=NO_VIEWS, **knobs):
    """Row, strength and position of everything that speaks."""
    now = attention(rows(*context), seen, DAY, TUNING.changed(knobs))
    return list(zip(now.rows.tolist(), now.strengths.tolist(), now.positions.tolist(), strict=True))


def test_context_speaks_loudly_and_views_softly():
    assert heard([WINE], views((MILK, 0)), context_strength=10.0, view_weight=0.25) == [
        (WINE, 10.0, 0),
        (MILK, 0.25, 1),
    ]


def test_a_view_says_less_than_an_average_purchase_unless_tuned_otherwise():
    assert 0 < TUNING.view_weight < np.log(2) < TUNING.context_strength


@pytest.mark.parametrize(("age", "speaks"), [(-1, True), (0, True), (7, True), (8, False)])
def test_a_view_counts_for_seven_days(age, speaks):
    assert bool(heard([], views((MILK, age)))) is speaks


def test_a_view_of_1970_and_one_of_2200_are_only_days():
    seen = Views(rows(MILK, BREAD), rows(0, 84_006))
    assert [row for row, _, _ in heard([], seen)] == [BREAD]


def test_how_long_a_view_counts_can_be_tuned():
    seen = views((MILK, 0), (BREAD, 1), (EGGS, 2))
    assert [row for row, _, _ in heard([], seen, view_days=1)] == [MILK, BREAD]
    assert [row for row, _, _ in heard([], seen, view_days=0)] == [MILK]


def test_views_without_a_weight_say_nothing():
    assert heard([WINE], views((MILK, 0)), view_weight=0.0) == [(WINE, 10.0, 0)]


def test_unknown_products_keep_their_place_and_say_nothing():
    assert [place for _, _, place in heard([-1, WINE], views((-1, 0), (MILK, 0)))] == [1, 3]


def test_a_product_speaks_once_at_its_first_place():
    found = heard([WINE, BREAD, WINE], views((BREAD, 0), (MILK, 1), (MILK, 2)))
    assert [(row, place) for row, _, place in found] == [(WINE, 0), (BREAD, 1), (MILK, 4)]


def test_an_old_view_does_not_silence_a_newer_one_of_the_same_product():
    assert [place for _, _, place in heard([], views((MILK, 30), (MILK, 1)))] == [1]


def test_nothing_at_all_says_nothing():
    assert heard([]) == []
