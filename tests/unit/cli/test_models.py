from dataclasses import replace

import pytest
from typer.testing import CliRunner

from restock.artifacts.store import BundleStore
from restock.cli import app
from tests.unit.trainer.shop import COLUMNS, SMALL, TODAY, a_source, many_rows
from trainer.columns import TransactionColumns
from trainer.progress import Quiet
from trainer.train import train

runner = CliRunner()


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def version(tmp_path, home):
    store = BundleStore(home / "models")
    return train(a_source(tmp_path, many_rows()), SMALL, store, TODAY, Quiet())


def restock(home, *arguments):
    return runner.invoke(app, ["models", *arguments, "--home", str(home)], env={"COLUMNS": "120"})


def test_without_a_version_it_says_how_to_make_one(home):
    assert "restock train --sample" in " ".join(restock(home).output.split())


def test_versions_are_listed_with_what_they_were_made_from(home, version):
    for arguments in ([], ["list"]):
        line = restock(home, *arguments).output.splitlines()[1].split()
        assert line == [version, "2024-02-24", "12", "3", "flat", "1.000"]


@pytest.mark.parametrize("behind", [False, True])
def test_a_home_counts_in_front_of_a_subcommand_and_behind_it(home, version, tmp_path, behind):
    front = tmp_path / "elsewhere" if behind else home
    own = ["--home", str(home)] if behind else []
    for subcommand in (["list"], ["show", version], ["activate", version]):
        arguments = ["models", "--home", str(front), *subcommand, *own]
        result = runner.invoke(app, arguments, env={"COLUMNS": "120"})
        assert version in result.output, result.output


def test_the_active_version_has_a_mark(home, version):
    assert restock(home, "activate", version).exit_code == 0
    assert restock(home).output.splitlines()[1].split()[:2] == [version, "*"]


def test_a_broken_version_is_listed_as_broken(home, version):
    (home / "models" / version / "manifest.json").write_text("{}")
    assert restock(home).output.splitlines()[1].split() == [version, "broken"]


def test_a_version_of_another_format_is_listed_as_such(home, version):
    path = home / "models" / version / "manifest.json"
    path.write_text(path.read_text().replace('"format": 5', '"format": 4'))
    line = restock(home).output.splitlines()[1]
    assert line.rstrip().split(maxsplit=1) == [version, "of another release's format"]


def test_a_version_of_baskets_in_order_has_no_dates(tmp_path, home):
    baskets = a_source(tmp_path, many_rows())
    # The receipt 3-5 becomes two columns, of which the second counts the shopper's baskets.
    sales = baskets.transactions.read_text().replace("receipt", "shopper,number").splitlines()
    rows = [sales[0], *(row.replace("-", ",", 1) for row in sales[1:])]
    baskets.transactions.write_text("\n".join(rows) + "\n")
    columns = TransactionColumns(user="customer", product="sku", basket_order="number")
    source = replace(baskets, columns=COLUMNS.model_copy(update={"transactions": columns}))
    version = train(source, SMALL, BundleStore(home / "models"), TODAY, Quiet())
    assert restock(home).output.splitlines()[1].split()[:3] == [version, "no", "dates"]
    assert restock(home, "show", version).output.count("no dates") == 2


def test_show_prints_the_manifest_with_dates(home, version):
    output = restock(home, "show", version).output
    assert "2024-01-01" in output
    assert "data_quality.raw_rows" in output


@pytest.mark.parametrize("command", ["show", "activate"])
def test_an_unknown_version_is_one_line_and_exit_code_2(home, version, command):
    result = restock(home, command, "20240101-000000000000")
    assert result.exit_code == 2
    assert f"no model version '20240101-000000000000' in {home}/models" in result.stderr


def test_a_damaged_version_cannot_be_activated(home, version):
    with (home / "models" / version / "price.npy").open("ab") as file:
        file.write(b"x")
    result = restock(home, "activate", version)
    assert result.exit_code == 2
    assert "price.npy: its bytes are not what the manifest says" in result.stderr
    assert BundleStore(home / "models").active() is None


def test_a_pointer_that_is_no_text_points_at_no_version(home, version):
    (home / "models" / "ACTIVE").write_bytes(b"\xff\xfe")
    assert restock(home).output.splitlines()[1].split()[:2] == [version, "2024-02-24"]


def test_what_the_file_system_refuses_is_one_line(home, version):
    (home / "models" / "ACTIVE").mkdir()
    result = restock(home)
    assert result.exit_code == 2
    assert "directory" in result.output
    assert "Traceback" not in result.output
