"""Names of an answer: its id, and the token by which later events credit it."""

import base64
import binascii
import uuid
from typing import NamedTuple

from restock.errors import InvalidRequest

FORMAT = 1
"""First byte of a token: how the rest is read."""
ID_BYTES = 16


class Attribution(NamedTuple):
    """What made an answer."""

    recommendation_id: str
    """32 hex digits."""
    model_version: str
    """At most 255 bytes."""
    strategy: int
    """As in the proto's Strategy."""
    tuning_revision: str
    """At most 255 bytes."""


def new_id() -> str:
    """Make an answer's id: a random UUID as 32 hex digits."""
    return uuid.uuid4().hex


def token_of(attribution: Attribution) -> str:
    """Encode as opaque base64url without padding."""
    version = attribution.model_version.encode()
    tuning = attribution.tuning_revision.encode()
    packed = b"".join((
        bytes((FORMAT, attribution.strategy)),
        bytes.fromhex(attribution.recommendation_id),
        bytes((len(version),)), version,
        bytes((len(tuning),)), tuning,
    ))  # fmt: skip
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def attribution_of(token: str) -> Attribution:
    """Decode a token.

    Raises:
        InvalidRequest: it is none that a gateway made.
    """
    try:
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        form, strategy = packed[0], packed[1]
        identity = packed[2 : 2 + ID_BYTES]
        version, rest = _prefixed(packed[2 + ID_BYTES :])
        tuning, rest = _prefixed(rest)
    except (binascii.Error, IndexError, ValueError) as error:
        raise InvalidRequest("attribution_token", "a token of a response") from error
    if form != FORMAT or rest or len(identity) != ID_BYTES:
        raise InvalidRequest("attribution_token", "a token of a response")
    return Attribution(identity.hex(), version, strategy, tuning)


def _prefixed(packed: bytes) -> tuple[str, bytes]:
    """Split off a string that follows its length."""
    end = 1 + packed[0]
    if len(packed) < end:
        raise ValueError("cut short")
    return packed[1:end].decode(), packed[end:]
