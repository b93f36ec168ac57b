"""Starts reranker: ``python -m services.reranker``."""

from restock.serving.threads import limit_compute_threads

limit_compute_threads()

from restock.serving.runner import run  # noqa: E402
from restock.serving.settings import read_settings  # noqa: E402
from services.reranker.settings import RerankerSettings  # noqa: E402
from services.reranker.wiring import SERVICE, wiring  # noqa: E402

if __name__ == "__main__":
    run(read_settings(RerankerSettings), SERVICE, wiring)
