import dataclasses
import os
import signal
import subprocess
import sys
import threading

import pytest
from rich.progress import Progress
from typer.testing import CliRunner

from restock.cli import app
from restock.cli.import_purchases import Files, carried_out, how_to_go_on, planned
from restock.cli.profile_import import Manner
from restock.errors import StoreUnavailable
from restock.v1 import profile_store_pb2 as pb
from tests.unit.cli.a_profile_store import serving
from tests.unit.cli.an_import_store import ImportedHistories
from tests.unit.trainer.shop import COLUMNS, a_source, many_rows, write
from tests.unit.trainer.test_main import COLUMNS as COLUMNS_TEXT

SMALL = Manner(portion_purchases=40, first_pause_seconds=0, give_up_seconds=0.2)
"""192 purchases of 12 users: four portions of three users."""
ONE_TRY = dataclasses.replace(SMALL, give_up_seconds=0, first_pause_seconds=0.001)
runner = CliRunner()


@pytest.fixture
def files(tmp_path):
    source = a_source(tmp_path, many_rows())
    write(tmp_path / "columns.toml", COLUMNS_TEXT)
    return Files(source.transactions, source.products, COLUMNS)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def bars():
    return Progress(disable=True)


def arguments(files, home, address):
    given = {"transactions": files.transactions, "address": address, "home": home,
             "columns": files.transactions.parent / "columns.toml"}  # fmt: skip
    return ["import", *(f"--{name}={value}" for name, value in given.items())]


def notes(home):
    return list((home / "imports").glob("*")) if (home / "imports").exists() else []


def test_purchases_of_a_file_are_brought_into_the_store(files, home):
    store = ImportedHistories()
    with serving(store) as address:
        result = runner.invoke(app, arguments(files, home, address))
    assert result.exit_code == 0, result.output
    assert "12 users: imported 12, kept 0 that were there already" in result.output
    assert "192 purchases (product and day) in " in result.output
    assert "rows kept" in result.output
    history = pb.PurchaseHistory.FromString(store.histories["u1"])
    assert sorted(history.product_ids) == ["bread", "milk", "oat milk"]
    assert (len(history.days), sum(history.spend_milli)) == (17, 17 * 2500)
    assert notes(home) == []


def test_users_that_exist_are_kept_unless_they_are_to_be_replaced(files, home):
    store = ImportedHistories()
    store.histories = {"u1": b"", "u2": b""}
    with serving(store) as address:
        kept = runner.invoke(app, arguments(files, home, address))
        replaced = runner.invoke(app, [*arguments(files, home, address), "--replace"])
    assert "imported 10, kept 2" in kept.output
    assert "imported 12, kept 0" in replaced.output
    assert store.histories["u1"]


def test_with_products_what_they_exclude_is_left_out_as_in_training(files, home):
    store = ImportedHistories()
    write(files.transactions, files.transactions.read_text().replace("oat milk", "bag"))
    with serving(store) as address:
        given = arguments(files, home, address)
        runner.invoke(app, given)
        assert "bag" in pb.PurchaseHistory.FromString(store.histories["u1"]).product_ids
        excluded = "[products.excluded]\ncategory = ['bags']\n"
        write(files.transactions.parent / "columns.toml", COLUMNS_TEXT + excluded)
        result = runner.invoke(app, [*given, f"--products={files.products}", "--replace"])
    assert "products not to be recommended" in result.output
    assert "bag" not in pb.PurchaseHistory.FromString(store.histories["u1"]).product_ids


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(("portions", "messages"), [(0, 0), (0, 1), (1, 0), (1, 1), (3, 1)])
def test_an_import_that_was_given_up_goes_on_and_ends_as_if_nothing_had_been(
    files, home, bars, portions, messages, replace
):
    store, whole = ImportedHistories(), ImportedHistories()
    with serving(whole) as address:
        carried_out(planned(files, None, home / "other", address, replace), bars, SMALL)
    with serving(store) as address:
        plan = planned(files, None, home, address, replace)
        store.fails_after = [*([None] * portions), messages]
        with pytest.raises(StoreUnavailable, match=r"of 12 users are loaded; the same command"):
            carried_out(plan, bars, ONE_TRY)
        assert len(notes(home)) == bool(portions)
        before, done = carried_out(plan, bars, SMALL)
    assert before.users == 3 * portions
    assert (done.users, done.imported + done.kept) == (12, 12)
    assert store.histories == whole.histories
    assert notes(home) == []


def test_another_file_content_begins_at_the_beginning(files, home, bars):
    store = ImportedHistories()
    with serving(store) as address:
        store.fails_after = [None, 0]
        with pytest.raises(StoreUnavailable):
            carried_out(planned(files, None, home, address, False), bars, ONE_TRY)
        write(files.transactions, files.transactions.read_text() + "u9,milk,r,2024-01-01,1,2\n")
        before, _ = carried_out(planned(files, None, home, address, False), bars, SMALL)
    assert before.users == 0


def test_nobody_at_the_address_is_one_line_that_says_how_to_go_on(files, home, bars):
    plan = planned(files, None, home, "127.0.0.1:1", False)
    with pytest.raises(StoreUnavailable) as refused:
        carried_out(plan, bars, SMALL)
    assert "asked the profile store at 127.0.0.1:1" in str(refused.value)
    assert str(refused.value).endswith(how_to_go_on(plan))
    assert how_to_go_on(plan).startswith("0 of 12 users are loaded; the same command goes on")


def test_what_the_store_refuses_is_one_line_and_exit_code_2(files, home):
    store = ImportedHistories(fails_after=[0])
    store.status = store.status.RESOURCE_EXHAUSTED
    with serving(store) as address:
        result = runner.invoke(app, arguments(files, home, address))
    assert result.exit_code == 2
    assert "RESOURCE_EXHAUSTED: Redis does not answer" in result.stderr
    assert "Traceback" not in result.output


AS_FROM_A_TERMINAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from restock.cli import app
app()
"""
"""Whoever starts a process in the background may have it ignore Ctrl-C, and so the processes it starts."""


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_importer_that_is_stopped_anywhere_can_be_run_again(files, home, signum, code):
    store = ImportedHistories()
    store.blocked = threading.Event()
    with serving(store) as address:
        given = arguments(files, home, address)
        command = [sys.executable, "-c", AS_FROM_A_TERMINAL, *given]
        with subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ)) as importer:
            assert store.reached.wait(30)
            importer.send_signal(signum)
            said = importer.stderr.read().decode()
            assert importer.wait(30) == code
        if signum == signal.SIGINT:
            assert "the same command goes on from there" in said
            assert "Traceback" not in said
        store.blocked.set()
        store.blocked = None
        result = runner.invoke(app, given)
    assert result.exit_code == 0
    assert len(store.histories) == 12


@pytest.mark.parametrize(
    "given", [[], ["--sample", "--transactions", "t.csv"], ["--products", "p.csv"]]
)
def test_either_the_sample_or_a_file_must_be_given(given):
    result = runner.invoke(app, ["import", *given])
    assert result.exit_code == 2
    assert "either --sample or --transactions" in result.output


def test_a_bad_row_is_one_line_and_exit_code_2(files, home):
    write(files.transactions, "customer,sku,sold_at,units,total\nann,milk,2024-01-01,many,1\n")
    result = runner.invoke(app, arguments(files, home, "127.0.0.1:1"))
    assert result.exit_code == 2
    assert "row 2, column 'units': a number" in result.stderr


def test_a_zone_that_is_none_is_refused(files, home):
    given = [*arguments(files, home, "127.0.0.1:1"), "--time-zone", "Berlin"]
    result = runner.invoke(app, given)
    assert result.exit_code == 2
    assert "is no time zone of this machine" in " ".join(result.output.split())
