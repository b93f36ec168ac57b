"""How far an import has come, in a small file, so that one that was interrupted goes on."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from restock.artifacts.whole_file import whole_file
from restock.v1 import profile_store_pb2 as pb

FOLDER = "imports"
DIGITS = 32
"""Of a digest that name a file."""


class Loaded(BaseModel):
    """How far an import has come."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    users: int = Field(default=0, ge=0)
    """Users done, the first ones in sorted order."""
    imported: int = Field(default=0, ge=0)
    """Users written."""
    kept: int = Field(default=0, ge=0)
    """Users that were there already, of an earlier try of the same portion perhaps."""
    deleted: int = Field(default=0, ge=0)
    """Users left out because they were deleted."""

    def after(self, users: int, answer: pb.ImportProfilesResponse) -> "Loaded":
        """Count a portion, after which so many users are done."""
        return Loaded(
            users=users,
            imported=self.imported + answer.imported,
            kept=self.kept + answer.kept,
            deleted=self.deleted + answer.deleted,
        )


class Checkpoint:
    """The file of one import: of the same purchases, to the same store, in the same way."""

    def __init__(self, home: Path, *import_: str) -> None:
        digest = hashlib.sha256("\n".join(import_).encode()).hexdigest()
        self.path = home / FOLDER / f"{digest[:DIGITS]}.json"

    def read(self, users: int) -> Loaded:
        """How far the import of so many users has come; not at all where nothing sensible says so."""
        try:
            done = Loaded.model_validate_json(self.path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return Loaded()
        return done if done.users <= users else Loaded()

    def write(self, done: Loaded) -> None:
        """Note how far the import has come; it is on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(self.path) as file:
            file.write(f"{done.model_dump_json()}\n".encode())

    def remove(self) -> None:
        """Forget a finished import."""
        self.path.unlink(missing_ok=True)
