"""What lists and numbers on the wire may be. Errors name the field as in the proto."""

from collections.abc import Sequence

from restock.errors import InvalidRequest
from restock.ids import LONGEST_ID_BYTES
from restock.serving.convert import check_id

MILLI = 1000
"""Units and money are kept in whole thousandths."""


def check_many_ids(values: Sequence[str], path: str) -> None:
    """Check ids, all at once where all are plain.

    Raises:
        InvalidRequest: one is not an id; the field is that one's.
    """
    together = "".join(values)
    lengths = [len(value) for value in values] or [1]
    plain = together.isascii() and together.isprintable()
    if plain and min(lengths) > 0 and max(lengths) <= LONGEST_ID_BYTES:
        return
    for position, value in enumerate(values):
        check_id(value, f"{path}[{position}]")


def check_size(count: int, most: int, path: str, least: int = 1) -> None:
    """Check the length of a list.

    Raises:
        InvalidRequest: it is not `least` to `most`.
    """
    if not least <= count <= most:
        raise InvalidRequest(path, f"{least} to {most:,} entries, not {count:,}")


def milli(value: float, low: float, high: float, path: str) -> int:
    """Turn a number into whole thousandths, halves rounded to even.

    Raises:
        InvalidRequest: it is not a number from `low` to `high`.
    """
    if not low <= value <= high:
        raise InvalidRequest(path, f"a number from {low:,} to {high:,}, not {value}")
    return round(value * MILLI)
