import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from restock.artifacts.event_folder import EventFolder, ExportState
from restock.cli import app
from tests.unit.cli.a_profile_store import (
    an_event,
    contents,
    counted,
    events_in,
    parts,
    rows_in,
    some_events,
)

runner = CliRunner()


def test_every_event_is_there_once_on_its_day(store, export, root):
    store.log = some_events(0, 100)
    result = export()
    assert result.exit_code == 0
    assert "Wrote 100 events of 3 days, from the beginning." in result.stdout
    assert events_in(root) == counted(store.log)
    assert {row["day"] for row in rows_in(root)} == {"2023-12-09", "2023-12-10", "2023-12-11"}
    assert all(row["day"] == str(row["event_time"].date()) for row in rows_in(root))


def test_portions_are_cut_by_rows_and_lose_nothing(store, export, root):
    store.log = some_events(0, 100)
    export("--portion-rows", "30")
    assert events_in(root) == counted(store.log)
    names = {path.name for path in parts(root)}
    assert names == {f"part-{portion:010}.parquet" for portion in range(1, 6)}


def test_an_export_without_new_events_writes_none(store, export, root):
    store.log = some_events(0, 50)
    export()
    before = contents(root)
    result = export()
    assert "Wrote 0 events of 0 days, after cursor at-50." in result.stdout
    assert contents(root) == before


def test_new_events_go_into_new_parts_also_those_of_an_old_day(store, export, root):
    store.log = [an_event("e1", 19_700), an_event("e2", 19_701)]
    export()
    before = contents(root)
    store.log.append(an_event("late", 19_700.5))
    result = export()
    assert "Wrote 1 events of 1 days, after cursor at-2." in result.stdout
    assert events_in(root) == counted(store.log)
    old = [path for path in parts(root) if path.parent.name == "day=2023-12-09"]
    assert [path.name for path in old] == ["part-0000000001.parquet", "part-0000000002.parquet"]
    assert before[old[0]] == old[0].read_bytes()


def test_the_day_is_the_shops_and_the_shop_does_not_move(store, export, root):
    store.log = [an_event("e1", 19_700.99)]
    export("--time-zone", "Europe/Berlin")
    assert {row["day"] for row in rows_in(root)} == {"2023-12-10"}
    result = export("--time-zone", "UTC")
    assert result.exit_code == 2
    assert "its days are of the time zone Europe/Berlin, not UTC" in result.stderr


def test_an_unknown_time_zone_is_refused(export):
    result = export("--time-zone", "Mars/Olympus")
    assert result.exit_code == 2
    assert "'Mars/Olympus' is no time zone of this machine" in result.output


def test_an_empty_log_makes_an_empty_export_that_goes_on_later(store, export, root):
    assert "Wrote 0 events of 0 days, from the beginning." in export().stdout
    store.log = some_events(0, 3)
    assert export().exit_code == 0
    assert events_in(root) == counted(store.log)


def test_columns_are_as_agreed(store, export, root):
    store.log = [an_event("e1", 19_700)]
    export()
    schema = pq.ParquetFile(parts(root)[0]).schema_arrow
    assert [(field.name, str(field.type), field.nullable) for field in schema] == [
        ("event_id", "string", False),
        ("user_id", "string", False),
        ("event_time", "timestamp[us, tz=UTC]", False),
        ("kind", "string", False),
        ("order_id", "string", True),
        ("line", "int32", True),
        ("product_id", "string", True),
        ("quantity", "double", True),
        ("unit_price", "double", True),
        ("unit_discount", "double", True),
        ("recommendation_id", "string", True),
    ]


def test_deleted_users_are_listed_at_each_run(store, export, root):
    store.log = [an_event("e1", 19_700)]
    export()
    path = root / "deleted_users.parquet"
    assert pq.read_table(path).num_rows == 0
    receipt = store.delete("ann", 1_702_200_000)
    assert "Users deleted so far: 1." in export().stdout
    table = pq.read_table(path)
    assert table.column("user_hash").to_pylist() == [receipt.user_hash]
    assert table.schema.field("deleted_time").type == pa.timestamp("us", tz="UTC")
    assert table.column("deleted_time").to_pylist()[0].timestamp() == 1_702_200_000


def test_the_end_of_a_portion_of_events_deleted_since_is_passed(store, export, root):
    store.log = [an_event("e1", 19_700), *[None] * 50]
    export()
    assert ExportState.model_validate_json((root / "_export.json").read_bytes()).cursor == "at-51"


def test_a_portion_begun_is_ended_at_the_same_place_without_users_deleted_since(
    store, export, root
):
    """As after a crash between the last part file and the line that says that it is done."""
    store.log = [an_event("e1", 19_700), an_event("e2", 19_701, "bob")]
    export()
    EventFolder(root).save(ExportState(time_zone="UTC", intended="at-2"))
    store.delete("bob", 1_702_300_000)
    store.log.append(an_event("e3", 19_702))
    result = export()
    assert "Wrote 2 events of 2 days, from the beginning." in result.stdout
    assert events_in(root) == counted(store.events())
    assert [str(path.relative_to(root)) for path in parts(root)] == [
        "day=2023-12-09/part-0000000001.parquet",
        "day=2023-12-11/part-0000000002.parquet",
    ]
    assert not (root / "day=2023-12-10").exists()


def test_what_a_crash_left_half_written_is_swept_up(store, export, root):
    store.log = [an_event("e1", 19_700)]
    export()
    halves = [root / "._export.json.1.unfinished", parts(root)[0].parent / ".part.1.unfinished"]
    for half in halves:
        half.write_bytes(b"PAR1")
    export()
    assert not any(half.exists() for half in halves)


def test_a_second_exporter_is_refused(store, export, root):
    store.log = [an_event("e1", 19_700)]
    export()
    with EventFolder(root).locked():
        result = export()
    assert result.exit_code == 2
    assert f"{root}: another export or forget is at work here" in result.stderr
    assert export().exit_code == 0


def test_a_folder_of_another_store_is_refused(store, export, root):
    store.log = [an_event("e1", 19_700)]
    export()
    before = contents(root)
    store.prefix = "elsewhere-"
    result = export()
    assert result.exit_code == 2
    assert f"{root}: ends at a place that this store's log does not have (at-1)" in result.stderr
    assert contents(root) == before


def test_a_folder_of_another_store_with_cursors_alike_is_refused(store, export, root):
    store.log = some_events(0, 20)
    export()
    before = contents(root)
    store.log = some_events(20, 10)
    assert "ends at a place that this store's log does not have (at-20)" in export().stderr
    assert contents(root) == before


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "not there beside exported days; export into a new folder"),
        ("{", "file: Invalid JSON"),
        ('{"time_zone": "UTC", "portions": -1}', "portions: Input should be greater than"),
        ('{"format": 2, "time_zone": "UTC"}', "format: Input should be 1"),
    ],
)
def test_a_folder_whose_state_is_lost_is_refused(store, export, root, state, said):
    store.log = [an_event("e1", 19_700)]
    export()
    path = root / "_export.json"
    path.unlink() if state is None else path.write_text(state)
    result = export()
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_nobody_there_is_one_line_that_says_who_was_asked(root):
    result = runner.invoke(app, ["events", "export", str(root), "--address", "127.0.0.1:1"])
    assert result.exit_code == 2
    assert "UNAVAILABLE" in result.stderr
    assert "asked the profile store at 127.0.0.1:1; is the suite up?" in result.stderr


@pytest.mark.parametrize("command", ["export", "forget"])
def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch, command):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = runner.invoke(app, ["events", command, str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "this wants pyarrow, which is in Restock's extra `train`: restock[train]"
    ]
