from hypothesis import given
from hypothesis import strategies as st

from restock.core.item_lookup import ItemLookup

IDS = st.lists(st.text(max_size=8), unique=True, max_size=60)


def test_ids_have_the_rows_of_their_list_and_unknown_ones_minus_one():
    lookup = ItemLookup(["milk", "bread", "eggs"])
    assert lookup.rows(["eggs", "wine", "milk", "eggs"]).tolist() == [2, -1, 0, 2]


def test_an_empty_catalogue_knows_nothing():
    assert ItemLookup([]).rows(["milk"]).tolist() == [-1]
    assert ItemLookup(["milk"]).rows([]).tolist() == []


@given(held=IDS, asked=IDS)
def test_it_answers_as_a_dict_does(held, asked):
    rows = {item: row for row, item in enumerate(held)}
    asked += held
    assert ItemLookup(held).rows(asked).tolist() == [rows.get(item, -1) for item in asked]
