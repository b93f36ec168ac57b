import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from restock.serving.endings import ENDINGS, undisturbed


@pytest.fixture
def told():
    """What happened, in order; an ending signal only says that it came."""
    happened = []
    before = {name: signal.signal(name, lambda *_: happened.append("ended")) for name in ENDINGS}
    yield happened
    for name, handler in before.items():
        signal.signal(name, handler)


@pytest.mark.parametrize("name", ENDINGS)
def test_a_signal_that_comes_inside_counts_once_it_is_left(told, name):
    with undisturbed():
        signal.raise_signal(name)
        signal.raise_signal(name)
        told.append("started")
    assert told == ["started", "ended"]
    signal.raise_signal(name)
    assert told == ["started", "ended", "ended"], "as before"


def test_a_signal_counts_also_when_what_is_inside_fails(told):
    with pytest.raises(OSError, match="no such program"), undisturbed():
        signal.raise_signal(signal.SIGTERM)
        raise OSError("no such program")
    assert told == ["ended"]


def test_in_another_thread_nothing_has_to_wait(told):
    def body():
        with undisturbed():
            return "through"

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(body).result() == "through"
