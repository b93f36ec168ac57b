import pytest

from restock.artifacts.store import BundleStore
from tests.unit.trainer.an_export import an_export, an_order
from tests.unit.trainer.shop import a_source, many_rows, write
from trainer.__main__ import main

COLUMNS = """
[transactions]
user = "customer"
product = "sku"
timestamp = "sold_at"
timezone = "Europe/Berlin"
quantity = "units"
amount = "total"
[products]
product = "sku"
"""


@pytest.fixture
def arguments(tmp_path):
    source = a_source(tmp_path, many_rows())
    columns = write(tmp_path / "columns.toml", COLUMNS)
    tuning = write(tmp_path / "tuning.toml", "als_factors = 4\n")
    given = {
        "transactions": source.transactions,
        "products": source.products,
        "columns": columns,
        "tuning": tuning,
        "home": tmp_path,
    }
    return [f"--{name}={value}" for name, value in given.items()]


def test_the_job_activates_when_asked(arguments, tmp_path):
    store = BundleStore(tmp_path / "models")
    assert main(arguments) == 0
    assert store.active() is None
    assert main([*arguments, "--activate"]) == 0
    assert [store.active()] == store.versions()


def test_a_file_at_fault_is_one_line_on_stderr_and_exit_code_2(arguments, tmp_path, capsys):
    write(tmp_path / "sales.csv", "customer\nann\n")
    assert main(arguments) == 2
    assert "column 'sku': no such column" in capsys.readouterr().err


def test_the_job_learns_from_events_with_or_without_transactions(arguments, tmp_path):
    events = an_export(tmp_path / "events", {19_800: an_order(19_800, "z", "o", ("milk", 1, 1))})
    store = BundleStore(tmp_path / "models")
    alone = [given for given in arguments if not given.startswith("--transactions")]
    assert main([*alone, f"--events={events}"]) == 0
    assert main([*arguments, f"--events={events}", "--time-zone=Asia/Tokyo"]) == 0
    users = [store.manifest(version).users for version in store.versions()]
    assert sorted(users) == [1, 13]


def test_neither_transactions_nor_events_is_refused(arguments, capsys):
    assert main([given for given in arguments if not given.startswith("--transactions")]) == 2
    assert "--transactions, --events or both are needed" in capsys.readouterr().err


def test_a_zone_that_is_none_is_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        main([*arguments, "--time-zone=Berlin"])
    assert "'Berlin' is no time zone" in capsys.readouterr().err
