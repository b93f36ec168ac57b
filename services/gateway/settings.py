"""Settings of the gateway, from the environment."""

from datetime import date
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from restock.days import day_of
from restock.limits import LAST_DAY, MAX_POPULAR
from restock.serving.settings import ServiceSettings

ADDRESS = r"^\S+:\d{1,5}$"


class GatewaySettings(ServiceSettings):
    """Read from ``RESTOCK_GATEWAY_*``, shared ones from ``RESTOCK_*``."""

    model_config = SettingsConfigDict(env_prefix="RESTOCK_GATEWAY_")

    port: int = Field(default=50051, ge=0, le=65535)
    """gRPC port; 0 takes a free one."""
    metrics_port: int = Field(default=9101, ge=0, le=65535)
    """Port of ``/metrics``; 0 takes a free one."""

    profile_store_address: str = Field(default="127.0.0.1:50052", pattern=ADDRESS)
    """Where profile_store listens, ``host:port`` or a gRPC name such as ``dns:///profiles:50052``."""
    candidate_gen_address: str = Field(default="127.0.0.1:50053", pattern=ADDRESS)
    """Where candidate_gen listens."""
    reranker_address: str = Field(default="127.0.0.1:50054", pattern=ADDRESS)
    """Where reranker listens."""

    default_deadline_ms: int = Field(default=1000, ge=1, le=600_000)
    """Time for a call whose caller set no deadline."""
    reserve_ms: int = Field(default=60, ge=0, le=10_000)
    """Kept back from every hop, so that a degraded answer still gets out in time: gRPC notices a
    deadline 3 to 7 ms late, a busy machine more. At most a quarter of what the caller gave."""
    profile_store_ms: int = Field(default=200, ge=1, le=600_000)
    """Most time that reading a profile may take. All three together fit the default deadline."""
    candidate_gen_ms: int = Field(default=300, ge=1, le=600_000)
    """Most time that finding candidates may take."""
    reranker_ms: int = Field(default=300, ge=1, le=600_000)
    """Most time that re-ranking may take."""
    batch_concurrency: int = Field(default=8, ge=1, le=100)
    """Shoppers of one batch that are worked on at once."""
    batch_deadline_ms: int = Field(default=20, ge=0, le=10_000)
    """More time for each request of a batch but the first, when its caller set no deadline."""
    batch_reserve_ms: float = Field(default=1.5, ge=0, le=100)
    """More kept back for each page of a batch: a degraded one takes 1 ms with a thousand own products.
    At most half of what the caller gave is kept back for a batch."""
    batch_reserve_result_ms: float = Field(default=0.03, ge=0, le=10)
    """More kept back for each result that a batch asks for: a page of 100 takes that much longer to write."""

    cache_entries: int = Field(default=2_000, ge=0, le=1_000_000)
    """Answers kept for equal requests on an unchanged profile; 0 turns the cache off."""
    cache_seconds: float = Field(default=30.0, gt=0, le=86_400)
    """How long an answer is kept, at most. A fresh answer or the popular list of another model version ends
    all that are kept. So a page of an old version can be answered until `popular_refresh_seconds`, and the
    time to fetch that list, after the last process of candidate_gen and reranker took the new one; while
    the list cannot be fetched, for as long as this."""

    popular_count: int = Field(default=MAX_POPULAR, ge=1, le=MAX_POPULAR)
    """Popular products kept for the time when candidate_gen is away. Fewer than there are find less inside a
    filter, and cannot tell which ids are unknown."""
    popular_refresh_seconds: float = Field(default=5.0, gt=0, le=86_400)
    """How often candidate_gen is asked whether there are others: a new model version has. While there are
    none its answer is a few bytes."""
    popular_retry_seconds: float = Field(default=1.0, gt=0, le=3_600)
    """How long to wait after asking in vain."""

    tuning: Path | None = None
    """TOML file of knobs changed for this deployment; only those of the proto's TuningOverrides."""
    as_of_day: int | None = Field(default=None, ge=1, le=LAST_DAY)
    """A fixed "now", for replaying historical data: days from 1970-01-01, or a date such as
    ``2017-12-31``. A request's own as_of_time comes first."""

    @field_validator("as_of_day", mode="before")
    @classmethod
    def as_day(cls, value: object) -> object:
        """Read a date as the number of its day."""
        if isinstance(value, str) and "-" in value:
            return day_of(date.fromisoformat(value))
        return value

    @property
    def popular_file(self) -> Path:
        """Where the popular products outlive a restart."""
        return self.home / "gateway" / "popular.pb"
