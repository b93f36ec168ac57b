"""What the fake peers sell."""

from dataclasses import dataclass
from typing import Any

import numpy as np

PRICE_STEP = 0.5
PRICE_POINT = 0.01
"""What a price ends short of: as shops have it, and no such price is the same as float32."""
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
        """Price of a product: 0.49, 0.99 and so on."""
        return PRICE_STEP * (place + 1) - PRICE_POINT

    @property
    def median_price(self) -> float:
        """Price that half of the products do not exceed."""
        return self.price(self.products // 2)

    def popularity(self, place: int) -> float:
        """Popularity of a product, above 0, the first has 1."""
        return 1 - place / self.products

    def passes(self, place: int, message: Any) -> bool:
        """Tell whether a product is inside a filter as it is on the wire."""
        low = message.min_price if message.HasField("min_price") else 0.0
        high = message.max_price if message.HasField("max_price") else float("inf")
        wanted = [" ".join(name.split()) for name in message.categories]
        known = not wanted or self.category(place) in wanted
        return known and bool(np.float32(low) <= np.float32(self.price(place)) <= np.float32(high))
