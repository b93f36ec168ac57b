"""docs/operating.md names every setting with its default."""

import re
from collections.abc import Iterator
from pathlib import Path

from restock.serving.settings import ServiceSettings
from services.candidate_gen.settings import CandidateGenSettings
from services.gateway.settings import GatewaySettings
from services.profile_store.settings import ProfileStoreSettings
from services.reranker.settings import RerankerSettings

PAGE = (Path(__file__).parents[3] / "docs" / "operating.md").read_text()
MOST_LINES = 80
KINDS: list[type[ServiceSettings]] = [
    GatewaySettings, ProfileStoreSettings, CandidateGenSettings, RerankerSettings,
]  # fmt: skip


def told() -> dict[str, str]:
    """Defaults on the page, by the variable's name."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.partition("## Settings")[2].splitlines()]
    found: dict[str, str] = {}
    for names, defaults, *_ in (row for row in rows if len(row) == 3):
        variables = re.findall(r"`([A-Z_]+)`", names)
        found |= zip(variables, defaults.replace("`", "").split(", "), strict=True)
    del found["RESTOCK_"]
    return {f"RESTOCK_{name}": default for name, default in found.items()}


def real(kind: type[ServiceSettings]) -> Iterator[tuple[str, str]]:
    """A service's variables and their defaults."""
    for name, field in kind.model_fields.items():
        own = f"{kind.model_config['env_prefix']}{name.upper()}"
        alias = field.validation_alias
        default = field.default
        plain = f"{default:g}" if isinstance(default, float) else str(default)
        yield alias if isinstance(alias, str) else own, "none" if default is None else plain


def test_the_page_has_every_setting_of_every_service_with_its_default_and_no_other() -> None:
    assert told() == dict(pair for kind in KINDS for pair in real(kind))


def test_the_page_stays_short() -> None:
    assert len(PAGE.splitlines()) <= MOST_LINES
