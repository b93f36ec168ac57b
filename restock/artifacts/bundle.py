"""A model version in memory."""

from dataclasses import dataclass

from restock.artifacts.manifest import IndexChoice, Manifest
from restock.core.arrays import Floats, Ints
from restock.core.catalogue import Catalogue
from restock.core.learned.item_table import ItemTable
from restock.core.learned.ranker import Ranker
from restock.tuning_config import TuningConfig


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Level 1's arrays; row i belongs to the catalogue's item i."""

    item_factors: Floats
    """(items, factors) float32, ALS."""
    neighbours: Ints
    """(items, neighbours) int32: rows of similar items, most similar first, -1 where there are fewer."""
    neighbour_weights: Floats
    """(items, neighbours) float32: their similarity, 0 to 1."""
    index: IndexChoice
    """How the factors are searched."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """One immutable model version."""

    version: str
    """Its name, which is also its folder's: last training day and digest."""
    manifest: Manifest
    """What it says of itself."""
    tuning: TuningConfig
    """What it was made with, and what serves unless a request changes it."""
    catalogue: Catalogue
    """Item facts."""
    retrieval: Retrieval
    """Level 1's arrays."""
    table: ItemTable
    """What the ranker knows of items."""
    ranker: Ranker | None
    """The learned ranker; None where there is none."""
