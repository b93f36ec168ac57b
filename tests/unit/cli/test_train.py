import pytest
from typer.testing import CliRunner

from restock.artifacts.event_files import table_of
from restock.artifacts.store import BundleStore
from restock.cli import app
from tests.unit.trainer.an_export import a_return, a_view, an_export, an_order, write_part
from tests.unit.trainer.shop import a_source, many_rows, write
from tests.unit.trainer.test_main import COLUMNS

runner = CliRunner()


@pytest.fixture
def options(tmp_path):
    source = a_source(tmp_path, many_rows())
    columns = write(tmp_path / "columns.toml", COLUMNS)
    files = ["--transactions", str(source.transactions), "--products", str(source.products)]
    return [*files, "--columns", str(columns), "--home", str(tmp_path / "home")]


def test_train_reports_the_quality_and_activates_the_version(options, tmp_path):
    result = runner.invoke(app, ["train", *options])
    assert result.exit_code == 0
    assert "100.00%" in result.output
    store = BundleStore(tmp_path / "home" / "models")
    assert f"{store.active()} is active" in result.output


def test_no_activate_leaves_the_version_ready(options, tmp_path):
    result = runner.invoke(app, ["train", *options, "--no-activate"])
    assert "is ready in" in result.output
    assert BundleStore(tmp_path / "home" / "models").active() is None


def test_results_are_kept_for_the_next_training_unless_told_otherwise(options, tmp_path):
    kept = tmp_path / "home" / "stages"
    for refusal in (["--no-cache"], ["--cache-gib", "0"]):
        assert runner.invoke(app, ["train", *options, *refusal]).exit_code == 0
        assert not kept.exists()
    assert runner.invoke(app, ["train", *options]).exit_code == 0
    stages = {path.name.partition("-")[0] for path in kept.iterdir()}
    assert stages == {"als", "item", "index", "ranker", "replenishment", "window"}
    result = runner.invoke(app, ["train", *options])
    assert "ALS (cached)" in result.output
    assert len(BundleStore(tmp_path / "home" / "models").versions()) == 1


def test_a_bad_row_is_one_line_and_exit_code_2(options, tmp_path):
    write(
        tmp_path / "sales.csv", "customer,sku,sold_at,units,total\nann,milk,2024-01-01,many,1.99\n"
    )
    result = runner.invoke(app, ["train", *options])
    assert result.exit_code == 2
    assert "row 2, column 'units': a number" in result.stderr
    assert "Traceback" not in result.output + result.stderr


def test_an_unknown_knob_is_refused_by_name(options, tmp_path):
    tuning = write(tmp_path / "tuning.toml", "upsel_factor = 0.3\n")
    result = runner.invoke(app, ["train", *options, "--tuning", str(tuning)])
    assert result.exit_code == 2
    assert "tuning.upsel_factor: no such knob" in result.stderr


def test_events_are_learned_from_beside_the_files_or_alone(options, tmp_path):
    rows = an_order(19_800, "zoe", "o1", ("milk", 1, 1.5)) + a_return(19_801, "zoe", "o2", 0, 1)
    events = an_export(tmp_path / "events", {19_800: rows})
    both = runner.invoke(app, ["train", *options, "--events", str(events)])
    assert both.exit_code == 0
    assert "returns without their order, left out" in both.output
    alone = runner.invoke(app, ["train", *options[2:], "--events", str(events)])
    store = BundleStore(tmp_path / "home" / "models")
    assert store.profiles(store.active()).user_ids == ["zoe"], alone.output
    assert sorted(store.manifest(version).users for version in store.versions()) == [1, 13]


def test_a_corrupt_part_is_one_line_and_exit_code_2(options, tmp_path):
    events = an_export(tmp_path / "events", {})
    path = write_part(events, 19_800, table_of(a_view(19_800, "ann", "tea")))
    path.write_bytes(path.read_bytes()[:-5])
    result = runner.invoke(app, ["train", *options, "--events", str(events)])
    assert result.exit_code == 2
    assert f"{path}: not readable as Parquet" in result.stderr
    assert "Traceback" not in result.output + result.stderr


def test_an_export_that_is_not_there_is_named(options, tmp_path):
    result = runner.invoke(app, ["train", *options, "--events", str(tmp_path / "nolog")])
    assert result.exit_code == 2
    assert f"{tmp_path}/nolog: there is no such folder" in result.stderr


def test_the_option_names_the_zone_that_a_columns_file_leaves_out(options, tmp_path):
    """At 23:30 in UTC on February 24 it is February 25 in Berlin."""
    columns = write(tmp_path / "columns.toml", COLUMNS.replace('timezone = "Europe/Berlin"\n', ""))
    assert "timezone" not in columns.read_text()
    sales = tmp_path / "sales.csv"
    write(sales, sales.read_text().replace("2024-02-24T10:00:00Z", "2024-02-24T23:30:00Z"))
    refused = runner.invoke(app, ["train", *options])
    assert "`timezone` in the columns file, or --time-zone" in refused.stderr
    result = runner.invoke(app, ["train", *options, "--time-zone", "Europe/Berlin"])
    assert result.exit_code == 0, result.output
    store = BundleStore(tmp_path / "home" / "models")
    assert store.active().startswith("20240225-")


def test_a_zone_that_is_none_is_refused(options):
    result = runner.invoke(app, ["train", *options, "--time-zone", "Berlin"])
    assert result.exit_code == 2
    assert "is no time zone of this machine" in " ".join(result.output.split())


@pytest.mark.parametrize(
    "arguments",
    [[], ["--sample", "--products", "p.csv"], ["--products", "p.csv"], ["--events", "e"]],
)
def test_either_the_sample_or_both_files_must_be_given(arguments):
    result = runner.invoke(app, ["train", *arguments])
    assert result.exit_code == 2
    assert "either --sample" in result.stderr
