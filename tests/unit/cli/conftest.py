"""The commands on events, asked of a small profile store."""

import pytest
from typer.testing import CliRunner

from restock.cli import app
from tests.unit.cli.a_profile_store import ListedEvents, serving

runner = CliRunner()


@pytest.fixture
def store():
    return ListedEvents()


@pytest.fixture
def address(store):
    with serving(store) as address:
        yield address


@pytest.fixture
def root(tmp_path):
    return tmp_path / "events"


@pytest.fixture
def export(address, root):
    def run(*arguments):
        return runner.invoke(app, ["events", "export", str(root), "--address", address, *arguments])

    return run


@pytest.fixture
def forget(address, root):
    return lambda: runner.invoke(app, ["events", "forget", str(root), "--address", address])
