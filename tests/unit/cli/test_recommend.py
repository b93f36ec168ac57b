import pytest
from typer.testing import CliRunner

from restock.cli import app

runner = CliRunner()


@pytest.mark.parametrize(
    "arguments",
    [["1", "--page-size", "99999999999"], ["1", "--page-size", "0"], ["\udcff"],
     ["1", "--context", "\udcff"], ["1", "--category", "\udcff"]],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_before_anybody_is_called(arguments):
    result = runner.invoke(app, ["recommend", *arguments, "--address", "127.0.0.1:1"])
    assert result.exit_code == 2
    assert "Invalid value" in result.output
