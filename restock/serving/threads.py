"""One compute thread a service process: import this before numpy."""

import os

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def limit_compute_threads() -> None:
    """Give numpy, FAISS and numba one thread each unless the environment says otherwise.

    A request is small: handing a 64-wide product to a thread pool costs 8 ms where the work takes
    0.5 (docs/adr/0002). Takes effect only before numpy is first imported.
    """
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
