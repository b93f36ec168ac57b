"""What the fake peers sell."""

from dataclasses import dataclass
from typing import Any

PRICE_STEP = 0.5
FAMILIES = 4


@dataclass(frozen=True)
class FakeCatalogue:
    """Products ``p0``, ``p1`` and so on, the first the most popular, each dearer than the last."""

    products: int = 400

    @property
    def ids(self) -> list[str]:
        """All product ids."""
        return [f"p{place}" for place in range(self.products)]

    def category(self, place: int) -> str:
        """Category of a product: one of four in turn."""
        return f"family{place % FAMILIES}"

    def price(self, place: int) -> float:
        """Price of a product."""
        return PRICE_STEP * (place + 1)

    def popularity(self, place: int) -> float:
        """Popularity of a product, above 0, the first has 1."""
        return 1 - place / self.products

    def passes(self, place: int, message: Any) -> bool:
        """Tell whether a product is inside a filter as it is on the wire."""
        low = message.min_price if message.HasField("min_price") else 0.0
        high = message.max_price if message.HasField("max_price") else float("inf")
        known = not message.categories or self.category(place) in message.categories
        return known and low <= self.price(place) <= high
