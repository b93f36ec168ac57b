import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from restock.errors import InvalidFile
from tests.unit.trainer.shop import write
from trainer.analysis.prices import read_discounts
from trainer.columns import ReportColumns, TransactionColumns, read_columns

COLUMNS = TransactionColumns(user="who", product="what", day="day", quantity="units", amount="paid")
BOTH = ReportColumns(discount=["card", "coupon"])
HEADER = "who,what,day,units,paid,card,coupon\n"


def read(folder, rows, report=BOTH):
    return read_discounts(write(folder / "sales.csv", HEADER + rows), COLUMNS, report).tolist()


def test_columns_are_added_up_whatever_their_sign_and_an_empty_cell_is_nothing(tmp_path):
    rows = "ann,milk,2024-01-01,1,1,0.5,0.25\nann,milk,2024-01-02,1,1,-0.5,\n"
    assert read(tmp_path, rows) == [0.75, 0.5]


def test_a_line_that_is_blank_but_for_its_discount_is_no_line(tmp_path):
    rows = "ann,milk,2024-01-01,1,1,0.5,\n,,,,,9,\n,,,,,,\nbob,milk,2024-01-01,1,1,,\n"
    assert read(tmp_path, rows) == [0.5, 0]


def test_a_discount_that_is_no_number_is_refused_by_row_and_column(tmp_path):
    with pytest.raises(InvalidFile, match=r"row 2, column 'coupon': empty or a number.*'much'"):
        read(tmp_path, "ann,milk,2024-01-01,1,1,0.5,much\n")


def test_a_column_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidFile, match="no such column"):
        read(tmp_path, "ann,milk,2024-01-01,1,1,0,0\n", ReportColumns(discount=["rebate"]))


def test_a_parquet_file_may_hold_nulls(tmp_path):
    table = pa.table(
        {"who": ["a", "b"], "what": ["m", "m"], "day": ["2024-01-01"] * 2, "units": [1, 1],
         "paid": [1.0, 1.0], "card": [None, -2.0]}
    )  # fmt: skip
    pq.write_table(table, tmp_path / "sales.parquet")
    found = read_discounts(tmp_path / "sales.parquet", COLUMNS, ReportColumns(discount=["card"]))
    assert np.array_equal(found, [0, 2])


def test_the_sample_names_its_discounts_and_a_mistyped_key_is_refused(tmp_path):
    assert read_columns().report.discount == ["retail_disc", "coupon_match_disc"]
    text = '[products]\nproduct = "sku"\n[report]\ndiscounts = ["x"]\n'
    with pytest.raises(InvalidFile, match="no such key; the keys are: discount"):
        read_columns(write(tmp_path / "columns.toml", text))
