import pytest
from typer.testing import CliRunner

from restock.artifacts.store import BundleStore
from restock.cli import app
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


@pytest.mark.parametrize("arguments", [[], ["--sample", "--products", "p.csv"]])
def test_either_the_sample_or_both_files_must_be_given(arguments):
    result = runner.invoke(app, ["train", *arguments])
    assert result.exit_code == 2
    assert "either --sample" in result.stderr
