"""Promotions as they stand in a retailer's file."""

import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.days import day_of
from restock.errors import InvalidFile
from tests.unit.trainer.shop import COLUMNS, TODAY, write
from trainer.columns import Columns, PromotionColumns, TransactionColumns, read_columns
from trainer.promotions import read_promotions
from trainer.read import Source, read_records
from trainer.table import read_distinct

SPANS = PromotionColumns(product="sku", first_day="from", last_day="to")
WEEKS = PromotionColumns(
    product="sku", week="week", week_1_begins=datetime.date(2024, 1, 1), store="shop",
    ways=["mailer", "display"], none="0",
)  # fmt: skip
ROW_OF = {"milk": 0, "bread": 1}
JANUARY_1 = day_of(datetime.date(2024, 1, 1))


def spans(tmp_path, *rows):
    path = write(tmp_path / "promotions.csv", "\n".join(["sku,from,to", *rows]) + "\n")
    return read_promotions(path, SPANS, ROW_OF, TODAY)


def weeks(tmp_path, *rows):
    path = write(tmp_path / "promotions.csv", "\n".join(["sku,week,shop,mailer,display", *rows]))
    return read_promotions(path, WEEKS, ROW_OF, TODAY)


def test_a_promotion_has_a_first_and_a_last_day(tmp_path):
    found = spans(tmp_path, "bread,2024-01-03,2024-01-05", "milk,2024-01-01,2024-01-01")
    assert found.products.tolist() == [0, 1]
    assert (found.first_days - JANUARY_1).tolist() == [0, 2]
    assert (found.last_days - JANUARY_1).tolist() == [0, 4]
    assert found.shares.tolist() == [1, 1]
    assert (found.effects > 0).all()


def test_a_week_is_seven_days_from_the_first_day_of_week_1(tmp_path):
    found = weeks(tmp_path, "milk,2,s1,A,0")
    assert (found.first_days[0] - JANUARY_1, found.last_days[0] - JANUARY_1) == (7, 13)


def test_shops_are_added_up_and_the_way_of_most_counts(tmp_path):
    """Of four shops three have milk in the mailer, two of them on page B; bread is on display in one."""
    rows = ["milk,1,s1,A,0", "milk,1,s2,B,0", "milk,1,s3,B,0", "bread,1,s4,0,end", "milk,2,s1,A,0"]
    found = weeks(tmp_path, *rows)
    assert found.products.tolist() == [0, 0, 1]
    assert found.shares.tolist() == [0.75, 0.25, 0.25]
    on_b, on_a, display = found.effects.tolist()
    assert on_b[0] > on_a[0] > 0
    assert on_b[1] == on_a[1] == display[0] == 0
    assert display[1] > 0


def test_what_few_shops_do_is_no_promotion_and_what_many_do_has_an_effect_of_its_own(tmp_path):
    rows = [f"bread,1,s{shop},A,0" for shop in range(100)]
    rows += [
        f"milk,{week},s{shop},A,0" for week, shops in ((1, 2), (2, 10)) for shop in range(shops)
    ]
    found = weeks(tmp_path, *rows)
    assert [(row, day - JANUARY_1) for row, day in zip(found.products, found.first_days, strict=True)] == [
        (0, 7), (1, 0),
    ]  # fmt: skip
    few, many = found.effects[:, 0].tolist()
    assert few != many


def test_promotions_of_products_without_a_record_and_in_no_way_are_left_out(tmp_path):
    assert len(weeks(tmp_path, "wine,1,s1,A,0", "milk,1,s1,0,0", "milk,1,s1,,")) == 0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("milk,2024-01-03,soon", "row 3, column 'to': an ISO 8601 timestamp or day, not 'soon'"),
        ("milk,2024-01-03,2024-01-02", "row 3, column 'to': not before from, not '2024-01-02'"),
        ("milk,1950-01-01,2024-01-02", "row 3, column 'from': a day from 1970-01-01"),
        ("milk,2024-01-01,2999-01-01", "row 3, column 'to': a day from 1970-01-01"),
        (",2024-01-01,2024-01-02", "row 3, column 'sku': an id is 1 to 128 bytes"),
    ],
)
def test_a_span_at_fault_is_refused_by_row_and_column(tmp_path, row, message):
    with pytest.raises(InvalidFile, match=message):
        spans(tmp_path, "bread,2024-01-01,2024-01-02", row)


@pytest.mark.parametrize("week", ["0", "1.5", "-1", "x", "", "99999"])
def test_a_week_is_a_whole_number_from_1(tmp_path, week):
    with pytest.raises(InvalidFile, match="column 'week'"):
        weeks(tmp_path, f"milk,{week},s1,A,0")


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"first_day": "a"},
        {"week": "w"},
        {"first_day": "a", "last_day": "b", "week": "w"},
        {"first_day": "a", "week_1_begins": datetime.date(2024, 1, 1)},
    ],
)
def test_a_columns_file_says_in_one_way_when_a_promotion_is(keys):
    with pytest.raises(ValueError, match="set either first_day and last_day, or week"):
        PromotionColumns(product="sku", **keys)


def test_the_sample_names_its_week_1_by_its_monday():
    assert read_columns().promotions.week_1_begins == datetime.date(2016, 12, 26)


def test_a_plan_ends_where_nobody_knows_further(tmp_path):
    found = spans(
        tmp_path, *(f"milk,2024-01-{day:02d},2024-01-{day:02d}" for day in (1, 8, 15, 16))
    )
    assert len(found.known_on(JANUARY_1 + 1, 13)) == 2
    assert len(found.known_on(JANUARY_1 + 1, 14)) == 3


def test_products_can_be_picked_and_numbered_anew(tmp_path):
    found = spans(tmp_path, "milk,2024-01-01,2024-01-01", "bread,2024-01-02,2024-01-02")
    turned = found.of([1, 0], 2)
    assert turned.products.tolist() == [0, 1]
    assert (turned.first_days - JANUARY_1).tolist() == [1, 0]
    assert len(found.of([1], 2)) == 1


def test_records_come_with_their_promotions(tmp_path):
    path = write(tmp_path / "promotions.csv", "sku,from,to\nmilk,2024-01-01,2024-01-07\n")
    products = write(tmp_path / "products.csv", "sku,group\nbread,bakery\nmilk,dairy\n")
    named = Columns(
        transactions=COLUMNS.transactions,
        products={"product": "sku", "category": "group"},
        promotions=SPANS,
    )
    source = Source(None, products, named, promotions=path)
    assert read_records(source, TODAY).promotions.products.tolist() == [1]
    without = named.model_copy(update={"promotions": None})
    with pytest.raises(InvalidFile, match=r"needs a section \[promotions\]"):
        read_records(Source(None, products, without, promotions=path), TODAY)


def test_baskets_in_order_have_no_days_to_promote_anything_on(tmp_path):
    in_order = TransactionColumns(user="customer", product="sku", basket_order="n")
    columns = Columns(transactions=in_order, products=COLUMNS.products, promotions=SPANS)
    with pytest.raises(InvalidFile, match="have no dates"):
        Source(tmp_path / "s.csv", tmp_path / "p.csv", columns, promotions=tmp_path / "q.csv")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1, 2, None])), min_size=1))
def test_distinct_rows_of_a_long_file_are_those_of_the_whole(tmp_path_factory, rows):
    """Read in portions of three rows, texts numbered anew in each."""
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    frame = pd.DataFrame(rows, columns=["text", "number"]).astype({"number": "Int64"})
    frame.to_parquet(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("trainer.parquet_files.PORTION_ROWS", 3)
        table, counts = read_distinct(path, ["text", "number"])
    expected = [row for place, row in enumerate(rows) if row not in rows[:place]]
    found = [
        (text, None if pd.isna(number) else number)
        for text, number in table.frame.itertuples(index=False)
    ]
    assert found == expected
    assert counts.tolist() == [rows.count(row) for row in expected]
    assert table.frame.index.tolist() == [rows.index(row) + 1 for row in expected]


def test_a_csv_file_and_a_parquet_file_with_the_same_rows_are_the_same_promotions(tmp_path):
    rows = [
        ("milk", 1, "s1", "A", "0"),
        ("milk", 1, "s2", "0", "end"),
        ("bread", 3, "s1", "B", "0"),
    ]
    one = weeks(tmp_path, *(",".join(map(str, row)) for row in rows))
    path = tmp_path / "promotions.parquet"
    pd.DataFrame(rows, columns=["sku", "week", "shop", "mailer", "display"]).to_parquet(path)
    other = read_promotions(path, WEEKS, ROW_OF, TODAY)
    for name, column in vars(one).items():
        assert column.tolist() == vars(other)[name].tolist(), name
