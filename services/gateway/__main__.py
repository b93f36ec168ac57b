"""Starts the gateway: ``python -m services.gateway``."""

from restock.serving.threads import limit_compute_threads

limit_compute_threads()

import sys  # noqa: E402

from restock.errors import InvalidTuning  # noqa: E402
from restock.serving.runner import run  # noqa: E402
from restock.serving.settings import read_settings  # noqa: E402
from services.gateway.settings import GatewaySettings  # noqa: E402
from services.gateway.wiring import SERVICE, terms_of, wiring  # noqa: E402

if __name__ == "__main__":
    settings = read_settings(GatewaySettings)
    try:
        terms_of(settings)
    except InvalidTuning as error:
        sys.exit(f"RESTOCK_GATEWAY_TUNING={settings.tuning}: {error}")
    run(settings, SERVICE, wiring)
