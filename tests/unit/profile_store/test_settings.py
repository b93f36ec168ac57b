import pytest
from pydantic import ValidationError

from restock.serving.settings import read_settings
from services.profile_store.settings import ProfileStoreSettings


def test_defaults_are_those_of_the_design(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    found = ProfileStoreSettings()
    assert (found.port, found.metrics_port) == (50052, 9102)
    assert found.dedupe_seconds == 7 * 24 * 60 * 60
    assert str(found.redis_url) == "redis://127.0.0.1:6379/0"


@pytest.mark.parametrize("name", ["REDIS_URL", "RESTOCK_PROFILE_STORE_REDIS_URL"])
def test_redis_is_named_by_either_variable(monkeypatch, name):
    monkeypatch.setenv(name, "rediss://user:secret@redis.shop:6380/2")
    assert str(ProfileStoreSettings().redis_url) == "rediss://user:secret@redis.shop:6380/2"


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Mars/Olympus"), ("redis_url", "http://x"), ("redis_timeout_seconds", 0)],
)
def test_a_wrong_setting_is_refused_by_name(field, value):
    with pytest.raises(ValidationError, match=field):
        ProfileStoreSettings(**{field: value})


@pytest.mark.parametrize(
    "url", ["http://shopkeeper:secret@redis.shop", "redis://shopkeeper:secret@redis.shop:99999/0"]
)
def test_a_wrong_address_ends_the_service_with_one_line_that_does_not_tell_it(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(SystemExit) as ended:
        read_settings(ProfileStoreSettings)
    said = str(ended.value)
    assert said.startswith("profile_store cannot start: RESTOCK_PROFILE_STORE_REDIS_URL: ")
    assert "\n" not in said
    assert not [part for part in ("shopkeeper", "secret", "redis.shop") if part in said]


def test_settings_that_are_right_are_read(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://redis.shop/3")
    assert str(read_settings(ProfileStoreSettings).redis_url) == "redis://redis.shop:6379/3"
