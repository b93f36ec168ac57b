"""A gateway that cannot start says why in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

START_SECONDS = 60


def the_end_of_a_start(tuning: Path) -> subprocess.CompletedProcess[str]:
    """Start a gateway that is to end at once, and wait for it."""
    return subprocess.run(
        [sys.executable, "-m", "services.gateway"],
        env={**os.environ, "RESTOCK_GATEWAY_TUNING": str(tuning)},
        capture_output=True, text=True, timeout=START_SECONDS, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        ("due_boost = ", "is not a TOML file"),
        ("due_boost = 1000.0\n", "tuning.due_boost: "),
    ],
)
def test_a_tuning_file_that_cannot_be_used_is_named_with_its_setting_in_one_line(
    content: str | None, reason: str, tmp_path: Path
) -> None:
    file = tmp_path / "knobs.toml"
    if content is not None:
        file.write_text(content)
    ended = the_end_of_a_start(file)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"RESTOCK_GATEWAY_TUNING={file}: ")
    assert reason in line
