from pathlib import Path

import pytest
from pydantic import Field, ValidationError
from pydantic_settings import SettingsConfigDict

from restock.serving.settings import ServiceSettings, read_settings


def settings(**given: object) -> ServiceSettings:
    return ServiceSettings(**{"port": 1, "metrics_port": 2} | given)


def test_defaults_listen_on_this_machine_only():
    assert settings().host == "127.0.0.1"


def test_shared_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("RESTOCK_HOME", "/data")
    monkeypatch.setenv("RESTOCK_DRAIN_SECONDS", "7.5")
    monkeypatch.setenv("RESTOCK_LOG_LEVEL", "WARNING")
    given = settings()
    assert given.models == Path("/data/models")
    assert given.drain_seconds == 7.5
    assert given.log_level == "WARNING"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RESTOCK_DRAIN_SECONDS", "-1"),
        ("RESTOCK_MODEL_POLL_SECONDS", "0"),
        ("RESTOCK_LOG_LEVEL", "LOUD"),
        ("RESTOCK_MAX_MESSAGE_MEBIBYTES", "0"),
    ],
)
def test_a_setting_out_of_range_stops_the_start(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name):
        settings()


class PantrySettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="RESTOCK_PANTRY_")

    port: int = Field(default=1, ge=0, le=65_535)
    metrics_port: int = 2


def test_a_service_that_cannot_start_names_every_variable_at_fault_in_one_line(monkeypatch):
    monkeypatch.setenv("RESTOCK_PANTRY_PORT", "99999")
    monkeypatch.setenv("RESTOCK_TIME_ZONE", "Mars/Olympus")
    with pytest.raises(SystemExit) as ended:
        read_settings(PantrySettings)
    said = str(ended.value)
    assert said.startswith("pantry cannot start: ")
    assert "RESTOCK_PANTRY_PORT: Input should be less than or equal to 65535" in said
    assert "RESTOCK_TIME_ZONE: " in said
    assert "\n" not in said


def test_settings_cannot_be_changed_under_way():
    with pytest.raises(ValidationError, match="frozen"):
        settings().port = 3
