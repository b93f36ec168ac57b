"""Settings of reranker, from the environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from restock.serving.settings import ServiceSettings


class RerankerSettings(ServiceSettings):
    """Read from ``RESTOCK_RERANKER_*``, shared ones from ``RESTOCK_*``."""

    model_config = SettingsConfigDict(env_prefix="RESTOCK_RERANKER_")

    port: int = Field(default=50054, ge=0, le=65535)
    """gRPC port."""
    metrics_port: int = Field(default=9104, ge=0, le=65535)
    """Port of ``/metrics``."""
