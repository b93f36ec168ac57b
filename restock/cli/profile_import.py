"""Purchases brought into the profile store, a whole user at a time.

Users are sent in sorted order by portions, each acknowledged at its end. A portion that is sent again
changes nothing: users that exist are kept, or replaced by the same.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import grpc
import numpy as np
from rich.progress import Progress
from rich.text import Text

from restock.artifacts.profiles import ProfileTable
from restock.cli.histories import MESSAGE_PURCHASES, MESSAGE_USERS, Histories
from restock.cli.import_checkpoint import Loaded
from restock.cli.profile_store import TIMEOUT_SECONDS
from restock.core.user_hash import user_hash
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub

SAMPLED_USERS = 100
PORTION_SECONDS = 120.0
"""Time that a portion may take before it counts as lost."""
MAY_HEAL = frozenset(
    (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.CANCELLED,
    )
)
"""What a store says, or what is said for it, while it restarts."""


@dataclass(frozen=True)
class Manner:
    """How an import goes about it."""

    portion_purchases: int = 100_000
    """Purchases from which on a portion ends: about a second's work, which an interruption repeats."""
    first_pause_seconds: float = 0.25
    """From a try that failed to the next; doubles each time."""
    longest_pause_seconds: float = 5.0
    """Where it stops growing."""
    give_up_seconds: float = 60.0
    """From the first failure to the last try: then the store counts as gone."""


Answer = TypeVar("Answer")
USUAL = Manner()
NOTHING = Loaded()
IMPORTING = "import purchases"
WAITING = "waiting for the profile store"


class ProfileImport:
    """An import under way: knows the store, what it sends, and how long it waits."""

    def __init__(
        self,
        store: ProfileStoreServiceStub,
        histories: Histories,
        progress: Progress,
        manner: Manner = USUAL,
    ) -> None:
        self._store = store
        self._histories = histories
        self._progress = progress
        self._manner = manner
        self._task = progress.add_task(IMPORTING, total=int(histories.ends[-1]))
        self.before = NOTHING
        """Where `run` went on from."""

    def run(
        self, done: Loaded = NOTHING, keep: Callable[[Loaded], object] = lambda _: None
    ) -> Loaded:
        """Send all users from those on that are done.

        Args:
            done: where an earlier run ended; if the store has lost any of it since, all are sent.
            keep: is told how far it has come, after each portion that the store acknowledged.

        Raises:
            grpc.RpcError: the store refuses, or does not answer for too long.
        """
        if self._patiently(lambda: missing_profiles(self._store, self._histories, done.users)):
            done = NOTHING
        self.before = done
        self._progress.reset(self._task, completed=int(self._histories.ends[done.users]))
        rest = range(done.users, len(self._histories.fits))
        for users in self._histories.parts(rest, self._manner.portion_purchases, len(rest)):
            done = done.after(users.stop, self._portion(users))
            self._show(users.stop)
            keep(done)
        return done

    def _portion(self, users: range) -> pb.ImportProfilesResponse:
        if not self._histories.fits[users.start : users.stop].any():
            return pb.ImportProfilesResponse()
        return self._patiently(
            lambda: self._store.ImportProfiles(self._requests(users), timeout=PORTION_SECONDS)
        )

    def _patiently(self, call: Callable[[], Answer]) -> Answer:
        pause = self._manner.first_pause_seconds
        give_up: float | None = None
        while True:
            try:
                return call()
            except grpc.RpcError as error:
                now = time.monotonic()
                last_try = give_up or now + self._manner.give_up_seconds
                if error.code() not in MAY_HEAL or now + pause > last_try:
                    raise
                if give_up is None:
                    self._tell(error)
                give_up = last_try
            self._progress.update(self._task, description=WAITING)
            time.sleep(pause)
            pause = min(2 * pause, self._manner.longest_pause_seconds)

    def _tell(self, error: grpc.RpcError) -> None:
        seconds = self._manner.give_up_seconds
        told = f"{error.code().name}: {error.details()}; trying again for up to {seconds:.0f} s"
        self._progress.console.print(Text(told, style="yellow"), soft_wrap=True)

    def _requests(self, users: range) -> Iterator[pb.ImportProfilesRequest]:
        self._show(users.start)
        for part in self._histories.parts(users, MESSAGE_PURCHASES, MESSAGE_USERS):
            request = self._histories.request(part)
            if request.histories:
                yield request
            self._show(part.stop)

    def _show(self, users: int) -> None:
        purchases = int(self._histories.ends[users])
        self._progress.update(self._task, completed=purchases, description=IMPORTING)


def missing_profiles(
    store: ProfileStoreServiceStub, histories: Histories, users: int | None = None
) -> bool:
    """Say whether any of a hundred evenly spaced users has no profile in the store.

    Users that the store does not take, and users deleted since, are not missing.

    Args:
        store: whom to ask.
        histories: whose.
        users: look among the first so many only, the last of these included.

    Raises:
        grpc.RpcError: the store does not answer.
    """
    among = np.flatnonzero(histories.fits[:users])
    if not among.size:
        return False
    places = np.linspace(0, len(among) - 1, min(SAMPLED_USERS, len(among))).astype(int)
    sampled = [histories.profiles.user_ids[user] for user in among[places].tolist()]
    request = pb.BatchGetProfilesRequest(user_ids=sampled)
    answer = store.BatchGetProfiles(request, timeout=TIMEOUT_SECONDS)
    found = zip(sampled, answer.profiles, strict=True)
    unknown = [user for user, profile in found if profile.revision == 0]
    return bool(unknown) and not deleted_hashes(store).issuperset(map(user_hash, unknown))


def deleted_hashes(store: ProfileStoreServiceStub) -> set[str]:
    """Hashes of the users deleted.

    Raises:
        grpc.RpcError: the store does not answer.
    """
    answers = store.ListDeletedUsers(pb.ListDeletedUsersRequest(), timeout=TIMEOUT_SECONDS)
    return {user.user_hash for answer in answers for user in answer.users}


def most_loyal(profiles: ProfileTable) -> str:
    """User with the most shopping days; the first of several."""
    return profiles.user_ids[int(np.argmax(profiles.shopping_days))]
