"""Prometheus metrics of a service's calls, served on a port of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app

LATENCY_BUCKETS_SECONDS = (
    0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 4,
)  # fmt: skip
TURN_SECONDS = 0.02


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """Answers each scrape in a thread of its own, that nobody waits for at the end."""

    daemon_threads = True


class SilentHandler(WSGIRequestHandler):
    """Leaves no line in the log for a scrape."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class ServiceMetrics:
    """What every service counts. One registry a service, so that tests can run several."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "restock_rpc_seconds", "Time a call took, by method.", ["service", "method"],
            buckets=LATENCY_BUCKETS_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.calls = Counter(
            "restock_rpc_total", "Calls answered, by method and status code.",
            ["service", "method", "code"], registry=self.registry,
        )  # fmt: skip
        self.model = Gauge(
            "restock_model_info", "1 for the model version that answers now.",
            ["service", "version"], registry=self.registry,
        )  # fmt: skip
        self.service = service
        self._children: dict[tuple[str, str], tuple[Histogram, Counter]] = {}

    def observe(self, method: str, code: str, seconds: float) -> None:
        """Count one call."""
        children = self._children.get((method, code))
        if children is None:
            # Looking a labelled child up costs more than counting: it is done once.
            children = (
                self.seconds.labels(self.service, method),
                self.calls.labels(self.service, method, code),
            )
            self._children[method, code] = children
        children[0].observe(seconds)
        children[1].inc()

    def model_version(self, version: str) -> None:
        """Say which model version answers now."""
        self.model.clear()
        self.model.labels(self.service, version).set(1)

    @contextmanager
    def exposed(self, host: str, port: int) -> Iterator[int]:
        """Serve ``/metrics`` from a thread until left; give the port."""
        app = make_wsgi_app(self.registry)
        server = make_server(host, port, app, ThreadingServer, SilentHandler)
        # Stopping waits for a turn of the thread: the library's own takes half a second each.
        thread = Thread(target=server.serve_forever, args=(TURN_SECONDS,), daemon=True)
        thread.start()
        try:
            yield int(server.server_port)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
