"""Where Restock keeps its state."""

from pathlib import Path
from typing import Annotated

import typer

from restock.artifacts.store import BundleStore

MODELS_FOLDER = "models"
STAGES_FOLDER = "stages"
DEFAULT_HOME = Path(".restock")

Home = Annotated[
    Path,
    typer.Option(
        envvar="RESTOCK_HOME",
        file_okay=False,
        help="Folder of Restock's state; model versions are in its folder models, what trainings keep "
        "for later ones in its folder stages.",
    ),
]
"""The option --home of every command that needs one."""


def models_in(home: Path) -> BundleStore:
    """Open the model versions of a home; the folder need not be there yet."""
    return BundleStore(home / MODELS_FOLDER)
