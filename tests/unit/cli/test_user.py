import json
from datetime import date

import pytest
from typer.testing import CliRunner

from restock.artifacts.store import BundleStore
from restock.cli import app
from restock.v1 import profile_store_pb2 as pb
from tests.unit.artifacts.drafts import a_draft
from tests.unit.cli.a_profile_store import ListedEvents, an_event, serving

runner = CliRunner()
DUE_DAY = 19_702


@pytest.fixture
def store():
    store = ListedEvents()
    store.log = [an_event("e1", 19_700), an_event("e2", 19_701, "bob"), an_event("e3", 19_702)]
    return store


@pytest.fixture
def restock(store):
    with serving(store) as address:
        yield lambda *arguments, columns="120", **more: runner.invoke(
            app, ["user", *arguments, "--address", address], env={"COLUMNS": columns}, **more
        )


def test_export_prints_one_json_object_a_line(restock):
    result = restock("export", "ann")
    assert result.exit_code == 0
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["e1", "e3"]


def test_export_to_a_file_is_there_whole(restock, tmp_path):
    path = tmp_path / "ann.jsonl"
    path.write_text("of an earlier time")
    result = restock("export", "ann", "--output", str(path))
    assert (result.exit_code, result.stdout) == (0, "")
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["e1", "e3"]
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "ann.jsonl"
    path.write_text("of an earlier time")
    arguments = ["user", "export", "ann", "--output", str(path), "--address", "127.0.0.1:1"]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 2
    assert "asked the profile store at 127.0.0.1:1" in result.stderr
    assert path.read_text() == "of an earlier time"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_not_replaced(restock):
    result = restock("export", "ann", "--output", "/dev/null")
    assert result.exit_code == 2
    assert "/dev/null is not an ordinary file" in result.output


def test_of_an_unknown_user_nothing_is_held(restock):
    result = restock("export", "nobody")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Nothing is held of this user.\n"


def test_delete_asks_first(restock, store):
    result = restock("delete", "ann", input="n\n")
    assert result.exit_code == 1
    assert "holds of user 'ann'? [y/N]" in result.output
    assert len(store.events()) == 3


def test_delete_without_anybody_to_ask_deletes_nothing(restock, store):
    assert restock("delete", "ann").exit_code == 1
    assert len(store.events()) == 3


@pytest.mark.parametrize("told", [{"input": "y\n"}, {"yes": "--yes"}])
def test_delete_prints_the_receipt(restock, store, told):
    arguments = ["--yes"] if "yes" in told else []
    result = restock("delete", "ann", *arguments, input=told.get("input"))
    assert result.exit_code == 0
    assert [event.event_id for event in store.events()] == ["e2"]
    table = result.stdout[result.stdout.index("Deleted: user ann") :].splitlines()
    assert [line.split() for line in table[1:6]] == [
        ["profiles", "1"],
        ["events", "2"],
        ["event", "ids", "2"],
        ["time", "2023-11-14", "22:13:20", "UTC"],
        ["hash", "kept", next(iter(store.deleted))],
    ]
    assert "restock events forget DIR" in result.stdout


def test_of_whom_nothing_was_held_no_exported_file_is_spoken_of(restock):
    result = restock("delete", "nobody", "--yes")
    assert "Nothing was held of this user." in result.stdout
    assert "Exported files" not in result.stdout


def test_a_user_who_bought_nothing_is_quoted(restock):
    assert restock("replenishment", "nobody").stdout == "Nothing that 'nobody' bought is known.\n"


@pytest.mark.parametrize("command", ["export", "delete", "replenishment"])
def test_what_is_no_text_is_refused_before_anybody_is_called(restock, command):
    result = restock(command, "\udcff")
    assert result.exit_code == 2
    assert "an id is UTF-8 text" in result.output


def a_product(**changes):
    fields = {
        "product_id": "p0", "state": pb.REPLENISHMENT_STATE_OVERDUE, "probability": 0.625,
        "cycle_days": 14.04, "cycle_days_low": 10, "cycle_days_high": 19.5, "gaps": 6,
        "last_day": DUE_DAY - 14, "due_day": DUE_DAY, "suggested_units": 2.5,
    }  # fmt: skip
    return pb.Replenishment(**{**fields, **changes})


@pytest.fixture
def home(tmp_path):
    """Folder of a model version, of which products have names."""
    store = BundleStore(tmp_path / "home" / "models")
    store.root.mkdir(parents=True)
    store.activate(store.publish(a_draft()))
    return tmp_path / "home"


def test_replenishment_is_a_table_with_names_dates_and_intervals(restock, store, home):
    name = BundleStore(home / "models").item_names(BundleStore(home / "models").active())
    first = next(iter(name))
    store.replenishment = pb.GetReplenishmentResponse(
        products=[
            a_product(product_id=first),
            a_product(
                product_id="new", state=pb.REPLENISHMENT_STATE_INSUFFICIENT_DATA,
                probability=float("nan"), cycle_days=float("nan"), due_day=0, gaps=0,
                suggested_units=1,
            ),
        ],
        as_of_day=DUE_DAY + 1,
        model_version="v1",
    )  # fmt: skip
    result = restock("replenishment", "ann", "--horizon", "14", "--home", str(home))
    title, _, known, unknown, *_ = result.stdout.splitlines()
    assert title.strip() == "User ann · 14 days from 2023-12-12 · model v1"
    assert known.split() == [
        *f"{first} {name[first]}".split(), "overdue", "2023-12-11", "62%",
        "14.0", "(10.0–19.5)", "6", "2.5",
    ]  # fmt: skip
    assert unknown.split() == ["new", "few", "data", "–", "–", "–", "0", "1"]
    assert store.asked[0].horizon_days == 14
    assert not store.asked[0].HasField("as_of_time")


def test_replenishment_looks_from_the_day_asked(restock, store):
    restock("replenishment", "ann", "--as-of", "2023-12-10")
    assert store.asked[0].as_of_time.ToDatetime().date() == date(2023, 12, 10)


@pytest.mark.parametrize("days", ["0", "91"])
def test_a_horizon_outside_the_range_is_refused(restock, days):
    assert restock("replenishment", "ann", "--horizon", days).exit_code == 2


def test_no_figure_is_cut_in_a_pipe_of_80_columns(restock, store):
    store.replenishment = pb.GetReplenishmentResponse(
        products=[a_product(product_id="x" * 60)], as_of_day=DUE_DAY + 1
    )
    (line,) = [
        one
        for one in restock("replenishment", "ann", columns="80").stdout.splitlines()
        if "xx" in one
    ]
    assert "–" in line
    assert line.count("…") <= 1, "only the product's name may be cut"
