"""Settings of candidate_gen, from the environment."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from restock.serving.settings import ServiceSettings


class CandidateGenSettings(ServiceSettings):
    """Read from ``RESTOCK_CANDIDATE_GEN_*``, shared ones from ``RESTOCK_*``."""

    model_config = SettingsConfigDict(env_prefix="RESTOCK_CANDIDATE_GEN_")

    port: int = Field(default=50053, ge=0, le=65535)
    """gRPC port."""
    metrics_port: int = Field(default=9103, ge=0, le=65535)
    """Port of ``/metrics``."""
