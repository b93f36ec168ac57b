"""What a caller may restrict an answer to. Apart, so that the gateway need not load any arrays for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProductFilter:
    """Which items may be answered. The default lets all through."""

    categories: tuple[str, ...] = ()
    """Allowed categories; empty allows all."""
    min_price: float | None = None
    """Lowest price, in the shop's currency."""
    max_price: float | None = None
    """Highest price, in the shop's currency."""

    def __bool__(self) -> bool:
        """Say whether anything is filtered."""
        return bool(self.categories) or self.min_price is not None or self.max_price is not None
