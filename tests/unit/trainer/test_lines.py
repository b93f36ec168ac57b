from pathlib import Path

import pytest

from restock.errors import InvalidFile
from tests.unit.trainer.an_export import a_return, an_export, an_order, micros
from tests.unit.trainer.shop import COLUMNS, HEADER, PRODUCTS, TODAY, a_source, write
from trainer.columns import Columns
from trainer.lines import read_lines, read_purchases
from trainer.read import Source

DAY = 19_800  # 2024-03-18
SOLD = "ann,milk,r1,2024-03-18T08:00:00Z,1,2\nann,milk,r2,2024-03-18T12:00:00Z,1,2\n"


def by_day_only() -> Columns:
    """Columns of a file that knows days, or local times, and no time zone."""
    names = COLUMNS.transactions.model_copy(update={"timezone": None})
    return COLUMNS.model_copy(update={"transactions": names})


def test_purchases_of_the_file_and_of_the_events_are_added(tmp_path):
    events = an_export(tmp_path / "events", {DAY: an_order(DAY, "bob", "o1", ("tea", 2, 1.5))})
    files = a_source(tmp_path, SOLD)
    source = Source(files.transactions, files.products, COLUMNS, events)
    lines, counts = read_lines(source, TODAY)
    assert lines.users.ids == ["ann", "bob"]
    assert lines.users.codes.tolist() == [1, 0, 0]
    assert lines.products.ids == ["milk", "tea"]
    assert lines.products.codes.tolist() == [1, 0, 0]
    assert lines.spend_milli.tolist() == [3000, 2000, 2000]
    assert counts.orders == 1


def test_without_events_nothing_is_said_of_them(tmp_path):
    lines, counts = read_lines(a_source(tmp_path, SOLD), TODAY)
    assert (len(lines), counts) == (2, None)


def test_events_alone_need_no_columns_of_purchases(tmp_path):
    events = an_export(tmp_path / "events", {DAY: an_order(DAY, "bob", "o1", ("tea", 2, 1.5))})
    columns = Columns(products=COLUMNS.products)
    lines, _ = read_lines(Source(None, tmp_path / "products.csv", columns, events), TODAY)
    assert lines.users.ids == ["bob"]
    files = a_source(tmp_path, SOLD)
    with pytest.raises(InvalidFile, match=r"no section \[transactions\]"):
        read_lines(Source(files.transactions, files.products, columns), TODAY)


def test_events_of_returns_only_add_nothing(tmp_path):
    events = an_export(tmp_path / "events", {DAY: a_return(DAY, "bob", "o1", 0, 1)})
    files = a_source(tmp_path, SOLD)
    lines, counts = read_lines(Source(files.transactions, files.products, COLUMNS, events), TODAY)
    assert (len(lines), counts.returns_without_order) == (2, 1)


def forgotten(tmp_path: Path, rows: str, columns: Columns, hour: float, zone: str | None = None):
    """Say which rows of a file are forgotten when Ann was deleted at that hour of the day, in UTC."""
    events = an_export(tmp_path / "events", {}, deleted={"ann": micros(DAY, hour)})
    files = a_source(tmp_path, rows)
    source = Source(files.transactions, files.products, columns, events, zone)
    return read_lines(source, TODAY)[0].forgotten.tolist()


@pytest.mark.parametrize(
    ("hour", "wanted"), [(7.9, [False, False]), (8, [True, False]), (12, [True, True])]
)
def test_a_timestamp_up_to_the_deletion_is_forgotten_to_the_second(tmp_path, hour, wanted):
    assert forgotten(tmp_path, SOLD, COLUMNS, hour) == wanted


def test_a_local_time_is_meant_in_the_shops_zone(tmp_path):
    rows = SOLD.replace("Z", "")  # 08:00 in Tokyo is 23:00 UTC of the day before, 12:00 is 03:00
    assert forgotten(tmp_path, rows, by_day_only(), 2.9, "Asia/Tokyo") == [True, False]
    assert forgotten(tmp_path, rows, by_day_only(), 3, "Asia/Tokyo") == [True, True]
    assert forgotten(tmp_path, rows, by_day_only(), 8) == [True, False]


def test_of_a_day_the_beginning_counts_so_that_the_day_of_the_deletion_is_forgotten(tmp_path):
    rows = "ann,milk,r1,2024-03-18,1,2\nann,milk,r2,2024-03-19,1,2\n"
    assert forgotten(tmp_path, rows, by_day_only(), 0) == [True, False]
    assert forgotten(tmp_path, rows, by_day_only(), 23.9) == [True, False]


def test_an_hour_that_the_clock_skips_or_shows_twice_is_no_obstacle(tmp_path):
    rows = "ann,milk,r1,2024-03-31T02:30:00,1,2\nann,milk,r1,2023-10-29T02:30:00,1,2\n"
    assert forgotten(tmp_path, rows, by_day_only(), 0, "Europe/Berlin") == [False, True]


def test_a_user_without_a_deletion_is_kept(tmp_path):
    assert forgotten(tmp_path, SOLD.replace("ann", "bob"), COLUMNS, 23) == [False, False]


def test_purchases_are_read_without_products_by_the_same_rules(tmp_path):
    rows = SOLD + "ann,ghost,r3,2024-03-18T08:00:00Z,1,2\nann,milk,r3,2024-03-18T08:00:00Z,-1,2\n"
    sales = write(tmp_path / "sales.csv", HEADER + rows)
    purchases, quality = read_purchases(sales, None, COLUMNS, None)
    assert purchases.item_ids == ["milk", "ghost"]
    assert (quality.raw_rows, quality.returns, quality.unknown_product) == (4, 1, 0)
    products = write(tmp_path / "products.csv", PRODUCTS)
    purchases, quality = read_purchases(sales, products, COLUMNS, None)
    assert (purchases.item_ids, quality.unknown_product) == (["milk"], 1)
