from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from restock.core.user_hash import user_hash
from restock.days import day_of
from restock.errors import InvalidFile
from tests.unit.trainer.shop import COLUMNS, HEADER, PRODUCTS, TODAY, write
from trainer.columns import Columns, ProductColumns, TransactionColumns
from trainer.deletions import NOBODY, Deletions
from trainer.read import Source, read_products, read_transactions

GOOD = "ann,milk,r1,2024-01-01T10:00:00Z,2,3.98\n"


def read(tmp_path, rows, columns=COLUMNS.transactions, header=HEADER):
    return read_transactions(write(tmp_path / "sales.csv", header + rows), columns, TODAY)


def test_units_and_money_are_kept_in_whole_thousandths(tmp_path):
    lines = read(tmp_path, GOOD)
    assert lines.units_milli.tolist() == [2000]
    assert lines.spend_milli.tolist() == [3980]


def test_a_unit_price_is_multiplied_by_the_quantity(tmp_path):
    columns = TransactionColumns(
        user="customer", product="sku", day="day", quantity="units", unit_price="price"
    )
    lines = read(
        tmp_path, "ann,milk,2024-01-01,3,1.99\n", columns, "customer,sku,day,units,price\n"
    )
    assert lines.spend_milli.tolist() == [5970]


def test_without_a_quantity_each_row_is_one_unit_and_without_a_price_it_costs_nothing(tmp_path):
    columns = TransactionColumns(user="customer", product="sku", day="day")
    lines = read(tmp_path, "ann,milk,2024-01-01\n", columns, "customer,sku,day\n")
    assert (lines.units_milli.tolist(), lines.spend_milli.tolist()) == ([1000], [0])


IN_ORDER = TransactionColumns(user="customer", product="sku", basket_order="n")


def pseudo_days(tmp_path, *rows):
    return read(tmp_path, "\n".join(rows) + "\n", IN_ORDER, "customer,sku,n\n").days.tolist()


def test_baskets_in_order_are_a_pseudo_day_apart_and_end_on_the_same_one(tmp_path):
    """Ann has baskets 1, 4 and 9, bob 100 and 7; the longest history begins on day 0."""
    rows = ("ann,milk,1", "ann,tea,1", "bob,milk,100", "ann,milk,9", "bob,milk,7", "ann,milk,4")
    assert pseudo_days(tmp_path, *rows) == [0, 0, 2, 2, 1, 1]


def test_numbers_of_receipts_may_be_large(tmp_path):
    assert pseudo_days(tmp_path, "ann,milk,9007199254740991", "ann,tea,9007199254740992") == [0, 1]


@pytest.mark.parametrize("number", ["1.5", "", "first", "nan", "inf", "1e300"])
def test_an_order_of_baskets_is_whole_numbers(tmp_path, number):
    with pytest.raises(InvalidFile, match="row 2, column 'n': a whole number, not"):
        pseudo_days(tmp_path, f"ann,milk,{number}")


def test_baskets_in_order_cannot_be_added_up_with_events(tmp_path):
    columns = Columns(transactions=IN_ORDER, products=COLUMNS.products)
    assert Source(tmp_path / "s.csv", tmp_path / "p.csv", columns).in_order
    with pytest.raises(InvalidFile, match="have no dates"):
        Source(tmp_path / "s.csv", tmp_path / "p.csv", columns, tmp_path)


def test_of_a_deleted_user_all_baskets_without_dates_are_forgotten(tmp_path):
    path = write(tmp_path / "sales.csv", "customer,sku,n\nann,milk,1\nbob,milk,1\n")
    lines = read_transactions(path, IN_ORDER, TODAY, Deletions({user_hash("ann"): 1}))
    assert lines.forgotten.tolist() == [True, False]


def test_rows_alike_in_every_column_are_repeats_only_where_there_is_an_order(tmp_path):
    assert read(tmp_path, GOOD + GOOD).repeats.tolist() == [False, True]
    without = COLUMNS.transactions.model_copy(update={"order": None})
    assert read(tmp_path, GOOD + GOOD, without).repeats.tolist() == [False, False]


def test_another_receipt_is_no_repeat(tmp_path):
    assert not read(tmp_path, GOOD + GOOD.replace("r1", "r2")).repeats.any()


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("ann,milk,r,2024-01-01,two,3", "units", "a number up to 1,000,000,000 either way, not 't"),
        ("ann,milk,r,2024-01-01,,3", "units", "not empty"),
        ("ann,milk,r,2024-01-01,nan,3", "units", "a number"),
        ("ann,milk,r,2024-01-01,inf,3", "units", "a number"),
        ("ann,milk,r,2024-01-01,1,NaN", "total", "a number"),
        ("ann,milk,r,2024-01-01,1,-inf", "total", "a number"),
        ("ann,milk,r,2024-01-01,1,1e10", "total", "up to 1,000,000,000"),
        (",milk,r,2024-01-01,1,3", "customer", "1 to 128 bytes without control characters, not e"),
        ("a\tb,milk,r,2024-01-01,1,3", "customer", r"not 'a\tb'"),
        ("ann," + "ü" * 65 + ",r,2024-01-01,1,3", "sku", "1 to 128 bytes"),
        ("ann,milk,r,yesterday,1,3", "sold_at", "an ISO 8601 timestamp or day, not 'yesterday'"),
        ("ann,milk,r,,1,3", "sold_at", "not empty"),
        ("ann,milk,r,2024-07-02,1,3", "sold_at", "a day from 1970-01-01 to 2024-06-30"),
        ("ann,milk,r,1969-12-30,1,3", "sold_at", "a day from 1970-01-01"),
    ],
)
def test_a_bad_value_names_file_row_column_and_what_is_allowed(tmp_path, row, column, said):
    with pytest.raises(InvalidFile) as refused:
        read(tmp_path, GOOD + row + "\n" + GOOD)
    error = refused.value
    assert (error.path, error.row, error.column) == (tmp_path / "sales.csv", 3, column)
    assert said in str(error)


LOCAL = COLUMNS.transactions.model_copy(update={"timezone": None})


def day_of_row(tmp_path, *moments, zone="America/New_York", columns=LOCAL, deletions=NOBODY):
    """Read the purchases of these moments, Ann's."""
    rows = "".join(f"ann,milk,r{place},{at},1,2\n" for place, at in enumerate(moments))
    path = write(tmp_path / "sales.csv", HEADER + rows)
    return read_transactions(path, columns, TODAY, deletions, zone)


@pytest.mark.parametrize("moment", ["2024-01-02T02:00:00Z", "2024-01-02T03:00:00+01:00"])
def test_a_moment_with_an_offset_counts_on_the_shops_day_where_the_columns_name_no_zone(
    tmp_path, moment
):
    """Two in the morning of January 2 in UTC is January 1 in New York."""
    january_1 = day_of(date(2024, 1, 1))
    assert day_of_row(tmp_path, moment).days.tolist() == [january_1]
    assert day_of_row(tmp_path, moment, zone="Europe/Berlin").days.tolist() == [january_1 + 1]


def test_a_column_of_days_may_hold_moments_with_an_offset_as_well(tmp_path):
    columns = TransactionColumns(user="customer", product="sku", day="sold_at")
    lines = day_of_row(tmp_path, "2024-01-02T02:00:00Z", columns=columns)
    assert lines.days.tolist() == [day_of(date(2024, 1, 1))]


def test_the_zone_of_the_columns_file_counts_before_the_shops(tmp_path):
    lines = day_of_row(tmp_path, "2024-01-02T02:00:00Z", columns=COLUMNS.transactions)
    assert lines.days.tolist() == [day_of(date(2024, 1, 2))]


@pytest.mark.parametrize("moment", ["2024-01-02T02:00:00", "2024-01-02 02:00", "2024-01-02"])
def test_a_local_moment_counts_on_its_own_day_whatever_the_shops_zone(tmp_path, moment):
    assert day_of_row(tmp_path, moment).days.tolist() == [day_of(date(2024, 1, 2))]


def test_offsets_of_summer_and_winter_may_stand_in_one_file(tmp_path):
    lines = day_of_row(tmp_path, "2024-01-02T23:30:00-05:00", "2024-06-02T23:30:00-04:00")
    assert lines.days.tolist() == [day_of(date(2024, 1, 2)), day_of(date(2024, 6, 2))]


def test_moments_with_and_without_an_offset_in_one_file_are_refused(tmp_path):
    with pytest.raises(
        InvalidFile, match=r"row 3, column 'sold_at': a timestamp with a UTC offset"
    ):
        day_of_row(tmp_path, "2024-01-02T02:00:00Z", "2024-01-02T02:00:00")


def test_without_any_zone_an_offset_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(InvalidFile, match="`timezone` in the columns file, or --time-zone"):
        day_of_row(tmp_path, "2024-01-02T02:00:00Z", zone=None)


def test_moments_of_parquet_in_utc_count_on_the_shops_day(tmp_path):
    moment = datetime(2024, 1, 2, 2, tzinfo=UTC)
    sold_at = pa.array([moment], pa.timestamp("us", "UTC"))
    columns = TransactionColumns(user="u", product="p", timestamp="sold_at")
    path = tmp_path / "sales.parquet"
    pq.write_table(pa.table({"u": ["ann"], "p": ["milk"], "sold_at": sold_at}), path)
    lines = read_transactions(path, columns, TODAY, shop_zone="America/New_York")
    assert lines.days.tolist() == [day_of(date(2024, 1, 1))]


def test_a_deletion_is_compared_with_the_moment_that_an_offset_says(tmp_path):
    """Ann was deleted at 3 in the morning of January 2 in UTC."""
    deleted_at = int(datetime(2024, 1, 2, 3, tzinfo=UTC).timestamp()) * 1_000_000
    deletions = Deletions({user_hash("ann"): deleted_at}, "America/New_York")
    moments = ("2024-01-02T02:59:00Z", "2024-01-01T22:30:00-05:00")
    lines = day_of_row(tmp_path, *moments, deletions=deletions)
    assert lines.forgotten.tolist() == [True, False]


def test_a_column_that_is_not_there_is_told_with_the_entry_that_names_it(tmp_path):
    path = write(tmp_path / "products.csv", "sku\nmilk\n")
    with pytest.raises(InvalidFile) as refused:
        read_products(path, ProductColumns(product="sku", kind="product_type"))
    assert "column 'product_type': no such column; [products].kind of the columns file" in str(
        refused.value
    )
    assert "and may be left out; the file has: sku" in str(refused.value)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (
            "client,sku,receipt,sold_at,units,total\n",
            "[transactions].user of the columns file names",
        ),
        ("customer,sku,receipt,at,units,total\n", "[transactions].timestamp of the columns file n"),
    ],
)
def test_what_must_be_there_is_not_said_to_be_dispensable(tmp_path, header, said):
    with pytest.raises(InvalidFile) as refused:
        read(tmp_path, GOOD, header=header)
    assert said in str(refused.value)
    assert "may be left out" not in str(refused.value)


def test_an_id_of_128_bytes_is_allowed(tmp_path):
    row = GOOD.replace("milk", "ü" * 64)
    assert read(tmp_path, row).products.ids == ["ü" * 64]


def test_a_huge_price_times_quantity_is_refused(tmp_path):
    columns = TransactionColumns(
        user="customer", product="sku", day="day", quantity="units", unit_price="price"
    )
    with pytest.raises(InvalidFile, match=r"row 2, column 'price': quantity times price up to"):
        read(tmp_path, "ann,milk,2024-01-01,1e6,1e6\n", columns, "customer,sku,day,units,price\n")


def test_product_names_are_joined_without_gaps_and_excluded_ones_marked(tmp_path):
    products = read_products(write(tmp_path / "products.csv", PRODUCTS), COLUMNS.products)
    assert products.names == ["Alp Whole milk", "Oat drink", "Korn Rye bread", "Carrier bag"]
    assert products.categories == ["dairy", "dairy", "bakery", "bags"]
    assert products.excluded.tolist() == [False, False, False, True]


def test_products_need_no_category_and_no_name(tmp_path):
    path = write(tmp_path / "products.csv", PRODUCTS)
    products = read_products(path, ProductColumns(product="sku"))
    assert products.row_of["bread"] == 2
    assert set(products.names + products.categories) == {""}


def test_a_line_break_in_a_name_becomes_a_space(tmp_path):
    text = 'sku,category,brand,title\nmilk,dairy,Alp,"Whole\nmilk"\n'
    products = read_products(write(tmp_path / "products.csv", text), COLUMNS.products)
    assert products.names == ["Alp Whole milk"]


def test_a_product_with_two_records_is_refused_at_the_second(tmp_path):
    path = write(tmp_path / "products.csv", PRODUCTS + "milk,dairy,Alp,Milk\n")
    with pytest.raises(InvalidFile, match=r"row 6, column 'sku': each product has one row"):
        read_products(path, COLUMNS.products)
