import pytest

from restock.artifacts.store import BundleStore
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
