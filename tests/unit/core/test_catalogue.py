import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.catalogue import FilterMasks, allowed
from restock.core.product_filter import ProductFilter
from tests.unit.core.shop import a_catalogue

NAN = float("nan")
SHOP = a_catalogue(
    "milk", "brie", "wine", "gift", price=[1.25, 2.3, 9.0, NAN], category=[0, 0, 1, -1]
)  # fmt: skip


def passing(**bounds):
    wanted = ProductFilter(**bounds)
    return [
        item for item, passes in zip(SHOP.item_ids, allowed(SHOP, wanted), strict=True) if passes
    ]


def test_no_filter_lets_all_through():
    assert passing() == ["milk", "brie", "wine", "gift"]
    assert not ProductFilter()


def test_a_filter_of_zero_is_a_filter():
    assert ProductFilter(min_price=0.0)
    assert passing(min_price=0.0) == ["milk", "brie", "wine"]


def test_a_bound_lets_its_own_price_through():
    assert passing(min_price=2.3) == ["brie", "wine"]
    assert passing(max_price=2.3) == ["milk", "brie"]
    assert passing(min_price=2.3, max_price=2.3) == ["brie"]


def test_an_unknown_price_passes_no_price_bound():
    assert "gift" not in passing(min_price=0.0)
    assert "gift" not in passing(max_price=1e9)


def test_a_bound_beyond_all_numbers_is_a_bound():
    assert passing(min_price=1e300) == []
    assert passing(max_price=1e300) == ["milk", "brie", "wine"]


def test_any_of_the_categories_passes_and_an_item_without_one_does_not():
    assert passing(categories=("category 0",)) == ["milk", "brie"]
    assert passing(categories=("category 1", "category 0")) == ["milk", "brie", "wine"]


@pytest.mark.parametrize("name", ["no such", "", "CATEGORY 0"])
def test_a_category_that_the_catalogue_does_not_have_passes_nothing(name):
    assert passing(categories=(name,)) == []


def test_categories_and_prices_both_have_to_pass():
    assert passing(categories=("category 0",), min_price=2.0) == ["brie"]


def test_rows_of_ids_are_minus_one_where_unknown():
    assert SHOP.rows(["wine", "no such", "milk", "wine"]).tolist() == [2, -1, 0, 2]
    assert SHOP.rows([]).dtype == np.int64


def test_unknown_ids_are_told_once_in_the_order_given():
    assert SHOP.unknown(["z", "milk", "a", "z"]) == ["z", "a"]


def test_a_mask_is_made_once_and_none_for_a_filter_that_lets_all_through():
    masks = FilterMasks(SHOP)
    assert masks.get(ProductFilter()) is None
    first = masks.get(ProductFilter(max_price=2.0))
    assert first.tolist() == [True, False, False, False]
    assert masks.get(ProductFilter(max_price=2.0)) is first


def test_no_more_than_the_last_64_masks_are_kept():
    masks = FilterMasks(SHOP)
    made = [masks.get(ProductFilter(max_price=float(price))) for price in range(200)]
    assert len(masks._masks) == FilterMasks.KEPT == 64
    assert masks.get(ProductFilter(max_price=199.0)) is made[199]
    assert masks.get(ProductFilter(max_price=136.0)) is made[136]
    assert masks.get(ProductFilter(max_price=135.0)) is not made[135]
    assert len(masks._masks) == 64


def test_a_mask_that_is_asked_for_again_outlives_one_that_is_not():
    masks = FilterMasks(SHOP)
    first, second = masks.get(ProductFilter(max_price=1.0)), masks.get(ProductFilter(max_price=2.0))
    for price in range(3, 65):
        masks.get(ProductFilter(max_price=float(price)))
    masks.get(ProductFilter(max_price=1.0))
    masks.get(ProductFilter(max_price=65.0))
    assert masks.get(ProductFilter(max_price=1.0)) is first
    assert masks.get(ProductFilter(max_price=2.0)) is not second


@given(
    prices=st.lists(st.one_of(st.just(NAN), st.floats(0, 100, width=32)), min_size=1, max_size=20),
    low=st.none() | st.floats(0, 100, width=32),
    high=st.none() | st.floats(0, 100, width=32),
)
def test_a_price_filter_is_what_it_says(prices, low, high):
    shop = a_catalogue(*(f"i{row}" for row in range(len(prices))), price=prices)
    expected = [
        (low is None or price >= low) and (high is None or price <= high) for price in prices
    ]
    assert allowed(shop, ProductFilter((), low, high)).tolist() == expected
