import json
import logging
import sys
from collections.abc import Iterator

import pytest

from restock.serving.logs import REQUEST_ID, JsonFormatter


@pytest.fixture
def request_id() -> Iterator[str]:
    token = REQUEST_ID.set("r-1")
    yield "r-1"
    REQUEST_ID.reset(token)


def formatted(message: str, *values: object, exc_info: object = None, **fields: object) -> str:
    log = logging.getLogger("test")
    record = log.makeRecord(
        "test", logging.WARNING, __file__, 1, message, values, exc_info, extra=fields
    )
    return JsonFormatter("Reranker").format(record)


def test_a_line_has_time_level_service_message_and_the_fields_given():
    line = json.loads(formatted("%s rejected", "bundle", version="v1", rows=3))
    assert line.pop("time") > 1_500_000_000
    assert line == {
        "level": "WARNING", "service": "Reranker", "message": "bundle rejected",
        "version": "v1", "rows": 3,
    }  # fmt: skip


def test_a_line_within_a_request_has_its_id(request_id):
    assert json.loads(formatted("hello"))["request_id"] == request_id


def test_a_line_outside_a_request_has_none():
    assert "request_id" not in json.loads(formatted("hello"))


def test_a_message_of_many_lines_stays_one_line():
    text = formatted("one\ntwo", item='quo"te')
    assert "\n" not in text
    assert json.loads(text)["message"] == "one\ntwo"


def test_an_exception_is_a_field():
    try:
        int("what went wrong")
    except ValueError:
        line = json.loads(formatted("oops", exc_info=sys.exc_info()))
    assert line["exception"].endswith("'what went wrong'")


def test_a_field_that_json_does_not_know_is_written_as_text():
    assert json.loads(formatted("hello", kind={1, 2}))["kind"] == "{1, 2}"
