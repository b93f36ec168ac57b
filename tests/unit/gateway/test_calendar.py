"""Days are the shop's, wherever the machine stands."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.gateway.calendar import Calendar
from services.gateway.settings import GatewaySettings

HALF_PAST_11_PM_UTC = 1_000 * 86_400 + 23.5 * 3600


@pytest.mark.parametrize(("zone", "day"), [
    ("UTC", 1000), ("Europe/Berlin", 1001), ("America/New_York", 1000)])  # fmt: skip
def test_the_day_turns_at_the_shops_midnight(zone: str, day: int) -> None:
    assert Calendar(zone, clock=lambda: HALF_PAST_11_PM_UTC).today() == day


def test_a_fixed_day_stands_still() -> None:
    assert Calendar("UTC", fixed_day=17_531).today() == 17_531


@pytest.mark.parametrize("value", ["2017-12-31", "17531", 17531])
def test_a_fixed_day_is_a_date_or_a_number(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTOCK_GATEWAY_AS_OF_DAY", str(value))
    assert GatewaySettings().as_of_day == 17_531


@pytest.mark.parametrize("field", [
    {"time_zone": "Mars/Base"}, {"as_of_day": "yesterday-"}, {"as_of_day": 0},
    {"reranker_address": "nowhere"}, {"cache_entries": -1}])  # fmt: skip
def test_a_setting_that_makes_no_sense_is_refused(field: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        GatewaySettings(**field)  # type: ignore[arg-type]


def test_popular_products_lie_under_home() -> None:
    assert GatewaySettings(home=Path("/x")).popular_file == Path("/x/gateway/popular.pb")
