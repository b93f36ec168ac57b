"""Starts profile_store: ``python -m services.profile_store``."""

from restock.serving.threads import limit_compute_threads

limit_compute_threads()

from restock.serving.runner import run  # noqa: E402
from restock.serving.settings import read_settings  # noqa: E402
from services.profile_store.settings import ProfileStoreSettings  # noqa: E402
from services.profile_store.wiring import SERVICE, wiring  # noqa: E402

if __name__ == "__main__":
    run(read_settings(ProfileStoreSettings), SERVICE, wiring)
