import pytest

from tests.unit.profile_store.shop import DAY, a_line, a_word


@pytest.mark.parametrize(
    ("units_milli", "price_milli", "spend_milli"),
    [(2000, 1500, 3000), (1, 1499, 1), (1, 1500, 2), (1, 499, 0), (1, 500, 1), (0, 1500, 0)],
)
def test_money_of_units_is_rounded_with_halves_up(units_milli, price_milli, spend_milli):
    assert a_line(price_milli=price_milli).spend_milli(units_milli) == spend_milli


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (a_word(day=DAY + 1, units_milli=1), a_word(day=DAY, units_milli=0)),
        (a_word(units_milli=0), a_word(units_milli=9000)),
        (a_word(units_milli=2000), a_word(units_milli=1000)),
    ],
    ids=["the later", "of two at once the removal", "of two at once the larger"],
)
def test_of_two_words_on_the_cart_one_counts(newer, older):
    assert newer.is_newer_than(older)
    assert not older.is_newer_than(newer)


def test_a_word_is_not_newer_than_itself():
    assert not a_word().is_newer_than(a_word())
