import os
import re
from dataclasses import replace
from datetime import datetime

import pytest
from typer.testing import CliRunner

from restock.artifacts.store import BundleStore
from restock.cli import app
from restock.cli.models import auto_strategy
from tests.a_bundle import a_draft as with_ranker
from tests.a_ranker import a_ranker
from tests.unit.artifacts.drafts import a_draft
from tests.unit.trainer.shop import COLUMNS, SMALL, TODAY, a_source, many_rows
from trainer.columns import TransactionColumns
from trainer.progress import Quiet
from trainer.train import train

runner = CliRunner()
WRITTEN = ["2024-03-01", "10:05"]
WRITTEN_SECONDS = datetime.fromisoformat(" ".join(WRITTEN)).timestamp()
"""Local time, as the table has it."""


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def version(tmp_path, home):
    store = BundleStore(home / "models")
    version = train(a_source(tmp_path, many_rows()), SMALL, store, TODAY, Quiet())
    set_written(home, version, WRITTEN_SECONDS)
    return version


def set_written(home, version, seconds):
    """Let a version count as trained at a moment."""
    os.utime(home / "models" / version / "manifest.json", (seconds, seconds))


def restock(home, *arguments):
    return runner.invoke(app, ["models", *arguments, "--home", str(home)], env={"COLUMNS": "120"})


def test_without_a_version_it_says_how_to_make_one(home):
    assert "restock train --sample" in " ".join(restock(home).output.split())


def test_versions_are_listed_with_what_they_were_made_from(home, version):
    for arguments in ([], ["list"]):
        line = restock(home, *arguments).output.splitlines()[1].split()
        assert line == [version, *WRITTEN, "2024-02-24", "12", "3", "flat", "1.000", "HYBRID"]


def test_the_columns_say_when_a_version_was_trained_and_what_auto_takes(home, version):
    heads = re.split(r"  +", restock(home).output.splitlines()[0].strip())
    assert heads == [
        "version", "active", "trained at", "trained to", "users", "items", "index", "index recall",
        "AUTO takes",
    ]  # fmt: skip


def test_auto_takes_learned_where_the_ranker_did_better(home):
    store = BundleStore(home / "models")
    for leads, taken in ((True, "LEARNED"), (False, "HYBRID")):
        version = store.publish(with_ranker(ranker=a_ranker(leads=leads)))
        assert auto_strategy(store.manifest(version)) == taken


def test_versions_of_one_training_day_are_listed_oldest_first_however_they_are_named(home):
    store = BundleStore(home / "models")
    versions = [store.publish(a_draft(name)) for name in ("milk", "bread", "tea", "salt")]
    for hour, version in enumerate(versions):
        set_written(home, version, WRITTEN_SECONDS + 3600 * hour)
    lines = [line.split() for line in restock(home).output.splitlines()[1:]]
    assert [line[0] for line in lines] == versions
    assert [line[2] for line in lines] == ["10:05", "11:05", "12:05", "13:05"]


def test_nothing_in_the_list_is_cut_in_80_columns(home, version):
    result = runner.invoke(app, ["models", "--home", str(home)], env={"COLUMNS": "80"})
    assert "…" not in result.output
    assert version in result.output


def test_show_lists_the_knobs_that_differ_from_their_defaults(home, version):
    lines = " ".join(restock(home, "show", version).output.split())
    assert "│ knobs changed │ 3 │" in lines
    assert "│ tuning.als_factors │ 4 (default 64) │" in lines
    assert "│ tuning.item_cf_neighbours │ 5 (default" in lines
    assert "tuning.upsell_factor" not in lines


def test_show_takes_the_active_version_where_none_is_named_and_cuts_nothing(home, version):
    refused = restock(home, "show")
    assert refused.exit_code == 2
    assert "no model version is active" in refused.stderr
    restock(home, "activate", version)
    result = runner.invoke(app, ["models", "show", "--home", str(home)], env={"COLUMNS": "60"})
    assert result.output.strip().startswith(version)
    assert "…" not in result.output


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
    assert restock(home).output.splitlines()[1].split()[-1] == "broken"


def test_a_version_of_another_format_is_listed_as_such(home, version):
    path = home / "models" / version / "manifest.json"
    path.write_text(path.read_text().replace('"format": 5', '"format": 4'))
    line = restock(home).output.splitlines()[1]
    assert line.startswith(version)
    assert line.rstrip().endswith("of another release's format")


def test_a_version_of_baskets_in_order_has_no_dates(tmp_path, home):
    baskets = a_source(tmp_path, many_rows())
    # The receipt 3-5 becomes two columns, of which the second counts the shopper's baskets.
    sales = baskets.transactions.read_text().replace("receipt", "shopper,number").splitlines()
    rows = [sales[0], *(row.replace("-", ",", 1) for row in sales[1:])]
    baskets.transactions.write_text("\n".join(rows) + "\n")
    columns = TransactionColumns(user="customer", product="sku", basket_order="number")
    source = replace(baskets, columns=COLUMNS.model_copy(update={"transactions": columns}))
    version = train(source, SMALL, BundleStore(home / "models"), TODAY, Quiet())
    assert restock(home).output.splitlines()[1].split()[3:5] == ["no", "dates"]
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
    assert restock(home).output.splitlines()[1].split()[:2] == [version, WRITTEN[0]]


def test_what_the_file_system_refuses_is_one_line(home, version):
    (home / "models" / "ACTIVE").mkdir()
    result = restock(home)
    assert result.exit_code == 2
    assert "directory" in result.output
    assert "Traceback" not in result.output
