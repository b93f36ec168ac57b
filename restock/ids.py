"""Ids of users, products, events and orders: the same everywhere, on the wire and in files."""

import unicodedata

LONGEST_ID_BYTES = 128
CONTROL = "Cc"


def is_id(name: str) -> bool:
    """Tell whether a text may be an id: 1 to 128 bytes of UTF-8 without control characters."""
    # Nearly all ids are plain: three cheap tests let them through.
    if name.isascii() and name.isprintable():
        return 0 < len(name) <= LONGEST_ID_BYTES
    controls = any(unicodedata.category(character) == CONTROL for character in name)
    return 0 < len(name.encode(errors="replace")) <= LONGEST_ID_BYTES and not controls
