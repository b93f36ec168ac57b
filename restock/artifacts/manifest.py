"""The manifest of a model version: what it was made from, and the digest of each of its files."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from restock.core.replenishment_model import DEFAULT_MODEL, ReplenishmentModel

FORMAT: Literal[5] = 5
"""Layout of a bundle that this release writes and reads."""


class FileEntry(BaseModel):
    """One file of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str
    """Hex digest of the file's bytes."""
    bytes: int = Field(ge=0)
    """Size of the file."""


class IndexChoice(BaseModel):
    """How ALS factors are searched, and the measurements that chose it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["flat", "norm_tiers", "norm_head", "ivf"]
    """flat: exact, all rows. norm_tiers: exact, the rows of largest norm first and the rest only
    when they could still matter. norm_head: approximate, the rows of largest norm only. ivf:
    approximate, the nearest lists only."""
    head_rows: int = Field(default=0, ge=0)
    """norm_tiers and norm_head: rows in the first tier."""
    lists: int = Field(default=0, ge=0)
    """ivf: number of lists."""
    probes: int = Field(default=0, ge=0)
    """ivf: lists searched."""
    recall: float = Field(ge=0, le=1)
    """Measured share of the exact top that it finds, over sampled users."""
    scanned_share: float = Field(ge=0)
    """Measured share of the catalogue that a search reads, over sampled users."""


class RankerFacts(BaseModel):
    """What a ranker's trees mean, and how it was judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    own_slope: float = Field(gt=0, allow_inf_nan=False)
    """Of products bought before: the log odds over the trees' sum."""
    own_intercept: float = Field(allow_inf_nan=False)
    """Log odds where the sum is 0."""
    new_slope: float = Field(gt=0, allow_inf_nan=False)
    """The same of products never bought."""
    new_intercept: float = Field(allow_inf_nan=False)
    """The same."""
    leads: bool
    """Whether it did better than HYBRID: AUTO takes it then."""
    shoppers: int = Field(ge=0)
    """Shoppers whose next basket it had to foretell, in the last window before the training's end."""
    learned_ndcg: float = Field(ge=0, le=1)
    """Its NDCG@10 of them."""
    hybrid_ndcg: float = Field(ge=0, le=1)
    """That of HYBRID without any rule."""
    hybrid_weights: dict[str, float] | None = None
    """HYBRID's weights by knob where they were fitted to the data (`fit_hybrid_weights`) and did better than
    those given on that window; the version's `tuning` holds them too."""


class Manifest(BaseModel):
    """What a bundle says of itself. Holds no time of day: the same input gives the same bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[5] = FORMAT
    """Layout of the bundle."""
    tuning: dict[str, int | float]
    """Every knob that it was made with."""
    input_digest: str
    """SHA-256 over the cleaned purchases and products it was learned from."""
    dated: bool = True
    """False where purchases came as baskets in order: a day of the bundle then stands for a basket."""
    trained_from_day: int
    """First purchase day, counted from 1970-01-01."""
    trained_through_day: int
    """Last purchase day."""
    users: int
    """Users with a purchase."""
    items: int
    """Items in the catalogue."""
    purchases: int
    """User-item-days learned from."""
    segment_cuts: tuple[float, float, float]
    """Spend of an average shopping day at which the next segment begins."""
    median_price: float | None
    """Median unit price over all purchases; None when no price is known."""
    index: IndexChoice
    """How ALS factors are searched."""
    replenishment: ReplenishmentModel = DEFAULT_MODEL
    """Coefficients of when a product is bought again; the built-in ones in bundles that have none."""
    ranker: RankerFacts | None = None
    """The learned ranker; None where there was too little to learn one from."""
    data_quality: dict[str, Any]
    """The data-quality report, as the trainer printed it."""
    files: dict[str, FileEntry]
    """Every other file of the bundle, by its path inside it."""
