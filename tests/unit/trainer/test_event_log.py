import pyarrow as pa
import pytest

from restock.artifacts.event_files import table_of
from restock.days import EPOCH, day_of
from restock.errors import InvalidFile
from tests.unit.trainer.an_export import a_return, a_view, an_export, an_order, micros, write_part
from tests.unit.trainer.shop import TODAY
from trainer.event_log import read_event_log

DAY = 19_800  # 2024-03-18
TODAYS = day_of(TODAY)


def changed(column: str, values: list, kind: pa.DataType | None = None) -> pa.Table:
    """Build two lines of an order, one column of which holds something else."""
    table = table_of(an_order(DAY, "ann", "o1", ("milk", 2, 1.5), ("bread", 1, 3.0)))
    place = table.schema.get_field_index(column)
    return table.set_column(place, column, pa.array(values, kind or table.schema.field(place).type))


def test_lines_of_orders_and_returns_are_read_and_the_rest_is_counted(tmp_path):
    bought = an_order(DAY, "bob", "o1", ("milk", 2, 1.5), ("bread", 0.25, 3.0))
    back = a_return(DAY + 1, "ann", "o2", 1, 0.5)
    folder = an_export(tmp_path, {DAY: bought + a_view(DAY, "eve", "tea"), DAY + 1: back})
    rows = read_event_log(folder, TODAY)
    assert rows.count == 4
    assert rows.is_order.tolist() == [True, True, False]
    assert rows.users.ids == ["ann", "bob"]
    assert rows.users.codes.tolist() == [1, 1, 0]
    assert rows.products.ids == ["bread", "milk"]
    assert rows.products.codes.tolist() == [1, 0, -1]
    assert rows.lines.tolist() == [0, 1, 1]
    assert rows.days.tolist() == [DAY, DAY, DAY + 1]
    assert rows.moments.tolist() == [micros(DAY), micros(DAY), micros(DAY + 1)]
    assert rows.units_milli.tolist() == [2000, 250, 500]
    assert rows.price_milli.tolist() == [1500, 3000, 0]


def test_the_day_is_that_of_the_folder_whatever_the_day_in_utc(tmp_path):
    folder = an_export(tmp_path, {DAY: an_order(DAY + 1, "ann", "o1", ("milk", 1, 1), hour=2)})
    assert read_event_log(folder, TODAY).days.tolist() == [DAY]


def test_what_begins_with_an_underscore_or_a_dot_is_not_read(tmp_path):
    folder = an_export(tmp_path, {DAY: an_order(DAY, "ann", "o1", ("milk", 1, 1))})
    for name in ("_lock", ".part-0.parquet.unfinished", "_part-1.parquet"):
        (folder / f"day={EPOCH.replace(year=2024)}").mkdir(exist_ok=True)
        (folder / f"day={EPOCH.replace(year=2024)}" / name).write_bytes(b"no parquet")
        (folder / name).write_bytes(b"no parquet")
    assert read_event_log(folder, TODAY).count == 1


def test_an_export_of_no_events_yet_has_no_rows(tmp_path):
    rows = read_event_log(an_export(tmp_path, {}), TODAY)
    assert (rows.count, rows.units_milli.tolist(), rows.users.ids) == (0, [], [])


def test_a_folder_that_is_no_export_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "not there"):
        with pytest.raises(InvalidFile, match="restock events export"):
            read_event_log(folder, TODAY)


@pytest.mark.parametrize("name", ["day=2024-13-01", "day=", "day=1969-12-31", "day=2024-07-02"])
def test_a_folder_of_no_possible_day_is_refused(tmp_path, name):
    path = write_part(tmp_path, DAY, table_of(an_order(DAY, "ann", "o1", ("milk", 1, 1))))
    path.parent.rename(tmp_path / name)
    with pytest.raises(InvalidFile, match=name):
        read_event_log(tmp_path, TODAY)


def test_a_day_ahead_of_today_is_allowed_as_by_the_profile_store(tmp_path):
    rows = an_order(TODAYS + 1, "ann", "o1", ("milk", 1, 1))
    folder = an_export(tmp_path, {TODAYS + 1: rows})
    assert read_event_log(folder, TODAY).days.tolist() == [TODAYS + 1]


def test_a_part_cut_short_is_refused_by_name(tmp_path):
    path = write_part(tmp_path, DAY, table_of(an_order(DAY, "ann", "o1", ("milk", 1, 1))))
    whole = path.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(InvalidFile) as refused:
            read_event_log(tmp_path, TODAY)
        assert refused.value.path == path


@pytest.mark.parametrize(
    "column",
    ["event_id", "user_id", "event_time", "kind", "order_id", "line", "product_id", "quantity",
     "unit_price"],
)  # fmt: skip
def test_a_part_that_lacks_a_column_is_refused_by_its_name(tmp_path, column):
    table = table_of(an_order(DAY, "ann", "o1", ("milk", 1, 1))).drop_columns([column])
    path = write_part(tmp_path, DAY, table)
    with pytest.raises(InvalidFile) as refused:
        read_event_log(tmp_path, TODAY)
    assert (refused.value.path, refused.value.column) == (path, column)


@pytest.mark.parametrize(
    ("column", "values", "kind", "said"),
    [
        ("event_id", ["e", None], None, "not empty"),
        ("user_id", ["ann", None], None, "not empty"),
        ("user_id", ["ann", "a\nb"], None, "1 to 128 bytes without control characters"),
        ("product_id", ["milk", ""], None, "1 to 128 bytes"),
        ("product_id", ["milk", "x" * 129], None, "1 to 128 bytes"),
        ("product_id", ["milk", None], None, "every line of an order has one, not empty"),
        ("event_time", [0, None], None, "not empty"),
        ("order_id", ["o1", None], None, "not empty"),
        ("line", [0, None], None, "not empty"),
        ("line", [0, -1], None, "counted from 0, not -1"),
        ("quantity", [1, None], None, "not empty"),
        ("quantity", [1, -1], None, "a number from 0 to 1,000,000, not -1.0"),
        ("quantity", [1, float("nan")], None, "not nan"),
        ("quantity", [1, 1e7], None, "a number from 0 to 1,000,000"),
        ("unit_price", [1, float("inf")], None, "a number from 0 to 10,000,000, not inf"),
        ("unit_price", [1, None], None, "not empty"),
    ],
)
def test_a_bad_value_names_file_row_and_column(tmp_path, column, values, kind, said):
    path = write_part(tmp_path, DAY, changed(column, values, kind))
    with pytest.raises(InvalidFile) as refused:
        read_event_log(tmp_path, TODAY)
    error = refused.value
    assert (error.path, error.row, error.column) == (path, 2, column)
    assert said in str(error)


def test_rows_are_counted_in_the_file_though_others_lie_between(tmp_path):
    rows = a_view(DAY, "ann", "tea") + an_order(DAY, "ann", "o1", ("milk", -1, 1))
    write_part(tmp_path, DAY, table_of(rows))
    with pytest.raises(InvalidFile, match="row 2, column 'quantity'"):
        read_event_log(tmp_path, TODAY)


def test_a_column_of_another_type_is_refused_by_its_name(tmp_path):
    write_part(tmp_path, DAY, changed("quantity", ["two", "three"], pa.string()))
    with pytest.raises(InvalidFile, match="column 'quantity': double is allowed, not string"):
        read_event_log(tmp_path, TODAY)


def test_text_may_be_dictionary_encoded_and_whole_numbers_wide(tmp_path):
    table = changed("line", [0, 1], pa.int64())
    place = table.schema.get_field_index("user_id")
    table = table.set_column(place, "user_id", table["user_id"].dictionary_encode())
    write_part(tmp_path, DAY, table)
    assert read_event_log(tmp_path, TODAY).lines.tolist() == [0, 1]
