"""Settings of the profile store."""

from pydantic import AliasChoices, Field, RedisDsn
from pydantic_settings import SettingsConfigDict

from restock.serving.settings import ServiceSettings


class ProfileStoreSettings(ServiceSettings):
    """Read from ``RESTOCK_PROFILE_STORE_<NAME>``; the address of Redis also from ``REDIS_URL``."""

    model_config = SettingsConfigDict(env_prefix="RESTOCK_PROFILE_STORE_")

    port: int = Field(default=50052, ge=0, le=65535)
    """gRPC port; 0 takes a free one."""
    metrics_port: int = Field(default=9102, ge=0, le=65535)
    """Port of Prometheus' ``/metrics``; 0 takes a free one."""
    redis_url: RedisDsn = Field(
        default=RedisDsn("redis://127.0.0.1:6379/0"),
        validation_alias=AliasChoices("RESTOCK_PROFILE_STORE_REDIS_URL", "REDIS_URL"),
    )
    """Where Redis or Valkey (6.2 or later) answers: ``redis://``, or ``rediss://`` for TLS."""
    redis_timeout_seconds: float = Field(default=0.25, gt=0, le=60)
    """How long one connect, and one answer, of Redis may take before calls are UNAVAILABLE."""
    redis_import_timeout_seconds: float = Field(default=5.0, gt=0, le=600)
    """How long Redis may take to store a portion of an import: nobody waits in front of a page."""
    redis_write_connections: int = Field(default=16, ge=1, le=1000)
    """Writes that may be under way in Redis at once; further ones wait their turn."""
    ping_seconds: float = Field(default=1.0, gt=0, le=60)
    """How often Redis is asked whether it is there: how soon readiness follows it."""
    dedupe_seconds: int = Field(default=7 * 86_400, ge=60, le=366 * 86_400)
    """How long an event id is remembered; the proto promises 7 days."""
    write_attempts: int = Field(default=64, ge=1, le=1000)
    """How often a write is tried while other writers of the same user come first."""
    compaction_seconds: float = Field(default=3_600, gt=0, le=30 * 86_400)
    """How often, at most, Redis is asked to write its append-only file anew after a deletion."""
    max_clock_skew_seconds: int = Field(default=86_400, ge=0, le=366 * 86_400)
    """How far ahead of this machine's clock an event may lie; the proto promises a day."""
