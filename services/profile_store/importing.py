"""Loads purchases of the past, whole users at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from restock.errors import InvalidRequest, StoreUnavailable
from services.profile_store.bounds import Bounds, within_days
from services.profile_store.codec import Codec
from services.profile_store.ledger import Cells, Ledger
from services.profile_store.profile import profile_of
from services.profile_store.recording import pause
from services.profile_store.repository import Change, ProfileRepository, Snapshot
from services.profile_store.turns import Turns
from services.profile_store.user_locks import UserLocks


@dataclass(frozen=True)
class History:
    """Past purchases of one user, found valid."""

    path: str
    """Where they stood in the request, such as ``histories[3]``."""
    user_id: str
    """Whose."""
    cells: Cells
    """By product and day."""
    first_day: int = 0
    """Days before it were forgotten."""


@dataclass
class Loaded:
    """What became of users."""

    imported: int = 0
    """Written."""
    kept: int = 0
    """Left as they were, because something was known of them."""
    deleted: int = 0
    """Left out, because they were deleted."""


class Importer:
    """Loads users in a repository.

    Args:
        repository: where.
        codec: to and from its bytes.
        bounds: most entries of each kind in a ledger.
        attempts: how often a write is tried while writers in other processes come first.
        locks: shared by all writers of this process.
    """

    def __init__(
        self,
        repository: ProfileRepository,
        codec: Codec,
        bounds: Bounds,
        attempts: int,
        locks: UserLocks,
    ) -> None:
        self._repository = repository
        self._codec = codec
        self._bounds = bounds
        self._attempts = attempts
        self._locks = locks

    async def load(self, histories: Sequence[History], replacing: bool, loaded: Loaded) -> None:
        """Load users, each whole or not at all, and count them.

        Args:
            histories: of different users.
            replacing: whether the purchases of users of whom anything is known are replaced.
            loaded: counts on.

        Raises:
            InvalidRequest: a user bought too much on one day.
            StoreUnavailable: the repository does not answer, or other writers kept coming first.
            StoreFull: it takes no more.
        """
        valid, fault = self._within_bounds(histories)
        pending: dict[str, History] = {}
        for history in valid:
            pending.setdefault(history.user_id, history)
        loaded.kept += len(valid) - len(pending)
        await self._load(pending, replacing, loaded)
        if fault is not None:
            raise fault

    def _within_bounds(
        self, histories: Sequence[History]
    ) -> tuple[list[History], InvalidRequest | None]:
        """Forget the oldest days of those who bought too much, up to the first who did in one day."""
        valid: list[History] = []
        most = self._bounds.product_days
        for history in histories:
            products = Counter(day for days in history.cells.values() for day in days)
            if max(products.values(), default=0) > most:
                allowed = f"at most {most:,} products on one day (user {history.user_id})"
                return valid, InvalidRequest(f"{history.path}.days", allowed)
            ledger = within_days(Ledger(cells=history.cells), most)
            valid.append(replace(history, cells=ledger.cells, first_day=ledger.first_day))
        return valid, None

    async def _load(self, pending: dict[str, History], replacing: bool, loaded: Loaded) -> None:
        attempt = 0
        while pending:
            if attempt == self._attempts:
                raise StoreUnavailable(f"other writers came first {attempt} times")
            await pause(attempt)
            async with self._locks.held(pending):
                pending = await self._attempt(pending, replacing, loaded)
            attempt += 1

    async def _attempt(
        self, pending: dict[str, History], replacing: bool, loaded: Loaded
    ) -> dict[str, History]:
        snapshot = await self._repository.snapshot([*pending], [])
        wanted = [history for user, history in pending.items() if user not in snapshot.deletions]
        fresh = [
            history for history in wanted
            if replacing or not snapshot.kept[history.user_id].ledger
        ]  # fmt: skip
        turns, changes = Turns(), []
        for history in fresh:
            changes.append(self._change(history, snapshot))
            await turns.give()
        stored = await self._repository.commit(changes)
        loaded.deleted += len(pending) - len(wanted)
        loaded.kept += len(wanted) - len(fresh)
        loaded.imported += sum(stored)
        pairs = zip(fresh, stored, strict=True)
        return {history.user_id: history for history, whole in pairs if not whole}

    def _change(self, history: History, snapshot: Snapshot) -> Change:
        kept = snapshot.kept[history.user_id]
        before = self._codec.ledger_from(kept)
        ledger = replace(
            before, cells=history.cells, first_day=history.first_day, revision=before.revision + 1
        )
        profile = profile_of(ledger)
        return Change(
            user_id=history.user_id,
            read_commit=kept.commit,
            ledger=self._codec.ledger_to(ledger, profile),
            profile=self._codec.profile_to(history.user_id, ledger.revision, profile),
        )
