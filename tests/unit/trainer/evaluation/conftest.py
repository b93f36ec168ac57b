import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread():
    """As experiments run; on a busy machine threads would wait for each other."""
    with threadpool_limits(1):
        yield
