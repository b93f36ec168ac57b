from datetime import date, time, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from restock.errors import InvalidFile
from tests.unit.trainer.shop import TODAY, write
from trainer.table import read_distinct, read_table


def days_of(values, timezone, tmp_path):
    pq.write_table(pa.table({"t": values}), tmp_path / "t.parquet")
    return read_table(tmp_path / "t.parquet", ["t"]).days("t", timezone, TODAY).tolist()


def test_an_evening_in_new_york_counts_on_that_day_though_utc_is_a_day_ahead(tmp_path):
    evening = ["1970-01-03T02:00:00Z", "1970-01-03T12:00:00Z"]
    assert days_of(evening, "America/New_York", tmp_path) == [1, 2]
    assert days_of(evening, "UTC", tmp_path) == [2, 2]


def test_timestamps_may_be_text_timestamps_with_and_without_zone_or_dates(tmp_path):
    for values in (
        ["1970-01-03 02:00:00"],
        ["1970-01-03T03:00:00+01:00"],
        pd.to_datetime(["1970-01-03T02:00:00"]),
        pd.to_datetime(["1970-01-03T02:00:00Z"]),
    ):
        assert days_of(values, "America/New_York", tmp_path) == [1]
    assert days_of(["1970-01-03"], None, tmp_path) == [2]
    assert days_of(pa.array([2], pa.date32()), None, tmp_path) == [2]


def test_local_timestamps_keep_their_day(tmp_path):
    assert days_of(["1970-01-03T23:59:59"], None, tmp_path) == [2]


@pytest.mark.parametrize("values", [["1970-01-03T02:00:00Z"], ["1970-01-03T02:00:00+01:00"] * 2])
def test_an_offset_where_local_times_belong_asks_for_a_timezone(tmp_path, values):
    with pytest.raises(InvalidFile, match="need the shop's time zone"):
        days_of(values, None, tmp_path)


def test_seconds_since_1970_are_refused_as_a_timestamp(tmp_path):
    with pytest.raises(InvalidFile, match="column 't': ISO 8601 timestamps or days are allowed"):
        days_of([1_700_000_000], None, tmp_path)


def test_ids_are_sorted_as_text_and_whole_numbers_keep_their_digits(tmp_path):
    pq.write_table(pa.table({"id": [10, 9, 10]}), tmp_path / "t.parquet")
    ids = read_table(tmp_path / "t.parquet", ["id"]).ids("id")
    assert ids.ids == ["10", "9"]
    assert ids.codes.tolist() == [0, 1, 0]


def test_leading_zeros_of_a_csv_id_stay(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "id\n007\n7\n"), ["id"])
    assert table.ids("id").ids == ["007", "7"]


def test_a_csv_may_have_a_byte_order_mark_blank_lines_and_quoted_commas(tmp_path):
    path = write(tmp_path / "t.csv", '\ufeffid,n\n"a,b",1\n\nc,2\n')
    table = read_table(path, ["id", "n"])
    assert table.ids("id").ids == ["a,b", "c"]
    assert table.numbers("n").tolist() == [1, 2]


def test_a_row_after_a_blank_line_keeps_its_line_number(tmp_path):
    table = read_table(write(tmp_path / "t.csv", "id,n\na,1\n\nc,two\n"), ["id", "n"])
    with pytest.raises(InvalidFile, match=r"row 4, column 'n': .*, not 'two'"):
        table.numbers("n")


def test_a_parquet_row_counts_from_one(tmp_path):
    pq.write_table(pa.table({"n": [1.0, float("inf")]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match=r"row 2, column 'n'"):
        read_table(tmp_path / "t.parquet", ["n"]).numbers("n")


def test_a_missing_whole_number_in_parquet_names_its_row(tmp_path):
    pq.write_table(pa.table({"id": [1, None]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match=r"row 2, column 'id': .*not empty"):
        read_table(tmp_path / "t.parquet", ["id"]).ids("id")


def test_dictionary_columns_of_parquet_read_like_text(tmp_path):
    column = pa.array(["b", "a", "b"]).dictionary_encode()
    pq.write_table(pa.table({"id": column}), tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", ["id"]).ids("id").codes.tolist() == [1, 0, 1]


def test_fractions_are_no_ids(tmp_path):
    pq.write_table(pa.table({"id": [1.5]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match="ids are text or whole numbers, not float64"):
        read_table(tmp_path / "t.parquet", ["id"]).ids("id")


def test_days_are_no_ids(tmp_path):
    pq.write_table(pa.table({"id": [date(2017, 1, 2)]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match="column 'id': ids are text or whole numbers, not dateti"):
        read_table(tmp_path / "t.parquet", ["id"]).ids("id")


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary()])
def test_text_that_a_writer_left_as_bytes_reads_as_text(tmp_path, kind):
    column = pa.array([b"b", "ä".encode(), None], kind)
    pq.write_table(pa.table({"t": column}), tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet", ["t"]).texts(["t"]) == ["b", "ä", ""]
    table, counts = read_distinct(tmp_path / "t.parquet", ["t"])
    assert (table.texts(["t"]), counts.tolist()) == (["b", "ä", ""], [1, 1, 1])


@pytest.mark.parametrize("read", [read_table, read_distinct])
@pytest.mark.parametrize(
    "kind",
    [pa.binary(2), pa.dictionary(pa.int32(), pa.binary()), pa.dictionary(pa.int8(), pa.binary(2))],
)
def test_ids_of_bytes_read_as_text_however_they_are_stored(tmp_path, read, kind):
    value_type = kind.value_type if pa.types.is_dictionary(kind) else kind
    column = pa.array([b"p1", b"p2"], value_type)
    stored = column.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else column
    pq.write_table(pa.table({"id": stored}), tmp_path / "t.parquet")
    found = read(tmp_path / "t.parquet", ["id"])
    table = found[0] if isinstance(found, tuple) else found
    assert table.ids("id").ids == ["p1", "p2"]


@pytest.mark.parametrize("read", [read_table, read_distinct])
def test_bytes_that_are_no_text_name_their_row(tmp_path, read):
    pq.write_table(pa.table({"t": [b"a", None, b"\xff"]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match=r"row 3, column 't': UTF-8 text is allowed"):
        read(tmp_path / "t.parquet", ["t"])


@pytest.mark.parametrize("read", [read_table, read_distinct])
@pytest.mark.parametrize("value", [["a", "b"], {"a": 1}])
def test_a_column_of_lists_or_records_is_refused(tmp_path, read, value):
    pq.write_table(pa.table({"t": [value]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match=r"column 't': text, numbers, .* are allowed, not (l|s)"):
        read(tmp_path / "t.parquet", ["t"])


@pytest.mark.parametrize("read", [read_table, read_distinct])
@pytest.mark.parametrize("value", [time(8, 30), timedelta(days=1)])
def test_a_time_of_day_or_a_duration_is_neither_an_id_nor_a_moment(tmp_path, read, value):
    pq.write_table(pa.table({"t": [value]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match=r"column 't': text, numbers, .* are allowed, not (t|d)"):
        read(tmp_path / "t.parquet", ["t"])


@pytest.mark.parametrize("read", [read_table, read_distinct])
@pytest.mark.parametrize("zone", ["UTC", None])
def test_a_moment_that_no_calendar_holds_names_its_row(tmp_path, read, zone):
    microseconds_as_milliseconds = 1_500_000_000_000_000
    moments = pa.array([0, microseconds_as_milliseconds], pa.timestamp("ms", zone))
    pq.write_table(pa.table({"t": moments}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match="row 2, column 't': a moment of the years 1 to 9999"):
        read(tmp_path / "t.parquet", ["t"])


@pytest.mark.parametrize("read", [read_table, read_distinct])
def test_a_time_zone_that_nobody_knows_is_refused_by_name(tmp_path, read):
    moments = pa.array([0], pa.timestamp("us", "Mars/Olympus"))
    pq.write_table(pa.table({"t": moments}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match=r"column 't': a time zone .* not 'Mars/Olympus'"):
        read(tmp_path / "t.parquet", ["t"])


@pytest.mark.parametrize("read", [read_table, read_distinct])
def test_a_parquet_file_without_rows_is_empty(tmp_path, read):
    pq.write_table(pa.table({"t": pa.array([], pa.string())}), tmp_path / "t.parquet")
    with pytest.raises(InvalidFile, match="empty: at least one row is needed"):
        read(tmp_path / "t.parquet", ["t"])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_distinct_rows_may_have_columns_named_count_and_min(tmp_path, kind):
    rows = pa.table({"count": ["b", "a", "b"], "min": ["1", "2", "1"]})
    writer = {"csv": arrow_csv.write_csv, "parquet": pq.write_table}[kind]
    writer(rows, tmp_path / f"t.{kind}")
    table, counts = read_distinct(tmp_path / f"t.{kind}", ["count", "min"])
    assert table.texts(["count", "min"]) == ["b 1", "a 2"]
    assert counts.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.xlsx", b"", "a .csv or .parquet file is needed"),
        ("t.csv", b"", "empty"),
        ("t.csv", b"id\n", "empty"),
        (
            "t.csv",
            b"id\na\n\xff\xfe\n",
            "row 3: not readable as CSV: CSV conversion error to string: inv",
        ),
        (
            "t.csv",
            b"id,n\na,1\nb,2,3\n",
            "row 3: not readable as CSV: Expected 2 columns, got 3: b,2,3",
        ),
        ("t.csv", b"id,n\na,1\nb\n", "row 3: not readable as CSV: Expected 2 columns, got 1: b"),
        ("t.csv", b"id,id\na,b\n", "column 'id': each column has a name of its own"),
        (
            "t.csv",
            b"id;n\na;1\n",
            "row 1: not readable as CSV: columns are separated by commas, not",
        ),
        ("t.csv", b"name\na\n", "column 'id': no such column; a columns file says which"),
        ("t.parquet", b"PAR1 and no more", "not readable as Parquet"),
        ("t.parquet", b"", "not readable as Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidFile) as refused:
        read_table(tmp_path / name, ["id"])
    assert str(tmp_path / name) in str(refused.value)
    assert said in str(refused.value)
