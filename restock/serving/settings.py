"""Settings that every service has, from the environment. A service's own settings extend them."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from restock.time_zone import known_zone


class ServiceSettings(BaseSettings):
    """Shared settings. A subclass sets its own ports and its prefix, such as ``RESTOCK_GATEWAY_``.

    Fields with an alias are read from ``RESTOCK_<NAME>`` by every service.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    host: str = Field(default="127.0.0.1", validation_alias="RESTOCK_HOST")
    """Address to listen on; 0.0.0.0 in a container."""
    port: int = Field(ge=0, le=65535)
    """gRPC port; 0 takes a free one."""
    metrics_port: int = Field(ge=0, le=65535)
    """Port of Prometheus' ``/metrics``; 0 takes a free one."""
    home: Path = Field(default=Path(".restock"), validation_alias="RESTOCK_HOME")
    """Folder of all state; model versions lie in ``models`` below it."""
    model_poll_seconds: float = Field(
        default=1.0, gt=0, le=3600, validation_alias="RESTOCK_MODEL_POLL_SECONDS"
    )
    """How often the pointer to the active model version is read."""
    drain_seconds: float = Field(
        default=2.0, ge=0, le=600, validation_alias="RESTOCK_DRAIN_SECONDS"
    )
    """From saying NOT_SERVING to refusing new calls: time for load balancers to look away."""
    grace_seconds: float = Field(
        default=10.0, ge=0, le=600, validation_alias="RESTOCK_GRACE_SECONDS"
    )
    """How long calls under way may take to finish after that."""
    time_zone: str = Field(default="UTC", validation_alias="RESTOCK_TIME_ZONE")
    """The shop's time zone, such as ``Europe/Berlin``: it says which day "now" is, and on which day an
    event falls."""
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", validation_alias="RESTOCK_LOG_LEVEL"
    )
    """Least level to log. INFO has one line a call."""
    max_message_mebibytes: int = Field(
        default=16, ge=1, le=1024, validation_alias="RESTOCK_MAX_MESSAGE_MEBIBYTES"
    )
    """Largest gRPC message to take."""

    @field_validator("time_zone")
    @classmethod
    def check_zone(cls, name: str) -> str:
        """Refuse a name that is no time zone."""
        return known_zone(name)

    @property
    def models(self) -> Path:
        """Folder of the model versions."""
        return self.home / "models"


S = TypeVar("S", bound=ServiceSettings)


def read_settings(kind: type[S]) -> S:
    """Read a service's settings from the environment.

    Raises:
        SystemExit: a variable is outside what is allowed; says which and why in one line, and not its
            value, which may hold a password.
    """
    from_environment: dict[str, Any] = {}
    try:
        return kind(**from_environment)
    except ValidationError as error:
        prefix = kind.model_config["env_prefix"]
        names = [str(fault["loc"][0]) for fault in error.errors()]
        variables = [prefix + name.upper() if name in kind.model_fields else name for name in names]
        reasons = [fault["msg"] for fault in error.errors()]
        faults = "; ".join(map(": ".join, zip(variables, reasons, strict=True)))
        service = prefix.removeprefix("RESTOCK_").rstrip("_").lower()
        raise SystemExit(f"{service} cannot start: {faults}") from None
