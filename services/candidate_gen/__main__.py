"""Starts candidate_gen: ``python -m services.candidate_gen``."""

from restock.serving.threads import limit_compute_threads

limit_compute_threads()

from restock.serving.runner import run  # noqa: E402
from restock.serving.settings import read_settings  # noqa: E402
from services.candidate_gen.settings import CandidateGenSettings  # noqa: E402
from services.candidate_gen.wiring import SERVICE, wiring  # noqa: E402

if __name__ == "__main__":
    run(read_settings(CandidateGenSettings), SERVICE, wiring)
