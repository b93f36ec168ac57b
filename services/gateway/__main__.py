"""Starts the gateway: ``python -m services.gateway``."""

from restock.serving.threads import limit_compute_threads

limit_compute_threads()

from restock.serving.runner import run  # noqa: E402
from services.gateway.settings import GatewaySettings  # noqa: E402
from services.gateway.wiring import SERVICE, wiring  # noqa: E402

if __name__ == "__main__":
    run(GatewaySettings(), SERVICE, wiring)
