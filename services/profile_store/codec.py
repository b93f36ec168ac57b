"""How ledgers and profiles become the bytes that a repository keeps: handed in, never imported."""

from collections.abc import Callable
from dataclasses import dataclass

from services.profile_store.facts import Order
from services.profile_store.ledger import Ledger
from services.profile_store.profile import Profile
from services.profile_store.repository import Entry, Kept


@dataclass(frozen=True)
class Codec:
    """Turns what is kept into bytes, and back."""

    ledger_from: Callable[[Kept], Ledger]
    """An empty one of a user of whom nothing is known."""
    ledger_to: Callable[[Ledger, Profile], bytes]
    """To bytes that are read together with the profile."""
    profile_to: Callable[[str, int, Profile], bytes]
    """From a user id, a revision and the profile."""
    order_from: Callable[[Entry], Order]
    """An order out of the log."""
