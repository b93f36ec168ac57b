"""JSON logs on standard error: one object a line, with the service and the request's id.

The line of each call is `restock.serving.call_log`'s, but for calls whose handler adds fields to it.
"""

import json
import logging
import sys
from contextvars import ContextVar
from typing import Any

REQUEST_ID: ContextVar[str] = ContextVar("restock_request_id", default="")
"""Id of the request under way; the gateway makes it, metadata carries it on."""
REQUEST_ID_KEY = "x-request-id"
"""Metadata key that carries it."""

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_encode = json.JSONEncoder(default=str, ensure_ascii=False).encode


class JsonFormatter(logging.Formatter):
    """Turns a record and its `extra` fields into one line of JSON."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        """Encode one record."""
        line: dict[str, Any] = {
            "time": round(record.created, 3),
            "level": record.levelname,
            "service": self.service,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        for key, value in record.__dict__.items():
            if key not in _PLAIN:
                line[key] = value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encode(line)


def configure(service: str, level: str) -> None:
    """Send all logs of this process to standard error as JSON."""
    # A line in the log needs neither the thread nor the process it came from: not looked up.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)
