import pytest
from pydantic import ValidationError

from services.profile_store.settings import ProfileStoreSettings


def test_defaults_are_those_of_the_design(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    settings = ProfileStoreSettings()
    assert (settings.port, settings.metrics_port) == (50052, 9102)
    assert settings.dedupe_seconds == 7 * 24 * 60 * 60
    assert str(settings.redis_url) == "redis://127.0.0.1:6379/0"


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
