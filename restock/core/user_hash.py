"""What is left of a deleted user's id: the one place that says how it is made."""

from hashlib import sha256


def user_hash(user_id: str) -> str:
    """SHA-256 of a user id in UTF-8, in lower-case hexadecimal."""
    return sha256(user_id.encode()).hexdigest()
