from pathlib import Path

import pytest

from restock.errors import InvalidFile
from tests.unit.trainer.shop import write
from trainer.columns import read_columns

TRANSACTIONS = '[transactions]\nuser="u"\nproduct="p"\nquantity="q"\n'
PRODUCTS = '[products]\nproduct="p"\n'
WHEN_AND_MONEY = 'day="d"\namount="a"\n'


def test_the_sample_counts_on_new_york_days_and_leaves_fuel_out():
    columns = read_columns()
    assert columns.transactions.timezone == "America/New_York"
    assert "FUEL" in columns.products.excluded["department"]


def test_the_shipped_example_is_valid_and_names_every_column_once():
    columns = read_columns(Path("examples/columns.toml"))
    assert columns.transactions.names() == [
        "customer_id",
        "sku",
        "sold_at",
        "quantity",
        "line_total",
        "receipt_id",
    ]
    assert columns.products.names() == [
        "sku",
        "category",
        "product_type",
        "brand",
        "title",
        "size",
    ]


def test_the_shipped_example_tells_promotions_by_span_and_store():
    promotions = read_columns(Path("examples/columns.toml")).promotions
    assert promotions.apart == ["sku", "starts_on", "ends_on", "leaflet_page", "display"]
    assert promotions.store == "store_id"


def test_category_names_and_order_are_optional(tmp_path):
    columns = read_columns(write(tmp_path / "c.toml", TRANSACTIONS + WHEN_AND_MONEY + PRODUCTS))
    assert columns.products.names() == ["p"]
    assert columns.transactions.order is None


def test_users_products_and_the_order_of_baskets_are_enough(tmp_path):
    text = '[transactions]\nuser="u"\nproduct="p"\nbasket_order="n"\n' + PRODUCTS
    columns = read_columns(write(tmp_path / "c.toml", text))
    assert columns.transactions.names() == ["u", "p", "n"]
    assert (columns.transactions.moment, columns.transactions.money) == ("n", None)


def test_purchases_need_no_columns_where_the_event_log_has_them(tmp_path):
    columns = read_columns(write(tmp_path / "c.toml", PRODUCTS))
    assert (columns.transactions, columns.timezone) == (None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[transactions", "not a TOML file"),
        (
            TRANSACTIONS + WHEN_AND_MONEY,
            "products: missing; the keys are: transactions, products",
        ),
        (TRANSACTIONS + WHEN_AND_MONEY + 'colour="c"\n' + PRODUCTS, "transactions.colour: no such"),
        (
            TRANSACTIONS + WHEN_AND_MONEY + 'unit_price="c"\n' + PRODUCTS,
            "set either amount or unit_price, or neither",
        ),
        (
            TRANSACTIONS + WHEN_AND_MONEY + 'basket_order="n"\n' + PRODUCTS,
            "set either timestamp or day, or, without dates, basket_order",
        ),
        (TRANSACTIONS + 'amount="a"\n' + PRODUCTS, "set either timestamp or day"),
        (
            TRANSACTIONS + WHEN_AND_MONEY + 'timestamp="t"\n' + PRODUCTS,
            "set either timestamp or day",
        ),
        (TRANSACTIONS + WHEN_AND_MONEY + 'timezone="UTC"\n' + PRODUCTS, "not to day"),
        (
            TRANSACTIONS + 'timestamp="t"\namount="a"\ntimezone="Berlin"\n' + PRODUCTS,
            "an IANA name such as Europe/Berlin, not 'Berlin'",
        ),
        (TRANSACTIONS + WHEN_AND_MONEY + "[products]\nproduct=1\n", "products.product: "),
        (TRANSACTIONS + WHEN_AND_MONEY + '[products]\nproduct=""\n', "products.product: "),
    ],
)
def test_a_columns_file_at_fault_says_which_key_and_what_is_allowed(tmp_path, text, said):
    path = write(tmp_path / "columns.toml", text)
    with pytest.raises(InvalidFile) as refused:
        read_columns(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_a_columns_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidFile, match="No such file"):
        read_columns(tmp_path / "columns.toml")
