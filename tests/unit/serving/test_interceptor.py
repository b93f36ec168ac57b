import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from urllib.request import urlopen

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from restock.serving.call_log import FLUSH_SECONDS
from restock.serving.logs import JsonFormatter
from restock.serving.runner import Running
from tests.integration.refusals import field_refused
from tests.unit.serving.echo import SECRET, SERVICE, call, running


@pytest.fixture
async def service() -> AsyncIterator[Running]:
    async with running() as service:
        yield service


@pytest.fixture
async def channel(service: Running) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{service.port}") as channel:
        yield channel


def metrics(service: Running) -> list[str]:
    with urlopen(f"http://127.0.0.1:{service.metrics_port}/metrics") as page:
        return page.read().decode().splitlines()


async def counted(service: Running, line: str) -> None:
    """Wait for a line of the metrics: a caller has its answer before the call is counted."""
    async with asyncio.timeout(5):
        while line not in metrics(service):
            await asyncio.sleep(0.01)


async def failure(channel: grpc.aio.Channel, method: str) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(channel, method)
    return failed.value


async def test_a_call_is_answered(channel):
    assert await call(channel, "Echo", b"hello") == b"hello"


async def test_a_stream_of_requests_is_answered(channel):
    async def three() -> AsyncIterator[bytes]:
        for message in (b"a", b"b", b"c"):
            yield message

    assert await channel.stream_unary(f"/{SERVICE}/Count")(three(), timeout=5) == b"3"


async def answers(stream: AsyncIterator[bytes]) -> list[bytes]:
    return [answer async for answer in stream]


async def test_answers_may_be_a_stream_too_and_count_as_one_call(channel, service):
    assert await answers(channel.unary_stream(f"/{SERVICE}/Repeat")(b"a", timeout=5)) == [
        b"a",
        b"a",
    ]
    words = channel.stream_stream(f"/{SERVICE}/EchoEach")(iter([WORD, WORD]), timeout=5)
    assert await answers(words) == [b"word", b"word"]
    await counted(service, f'{TOTAL}{{code="OK",method="EchoEach",{LABEL}}} 1.0')


async def test_a_stream_of_answers_ends_with_the_error_of_the_domain(channel, service):
    stream = channel.unary_stream(f"/{SERVICE}/Repeat")(b"refuse", timeout=5)
    assert await anext(aiter(stream)) == b"refuse"
    assert await field_refused(answers(stream)) == "number"
    await counted(service, f'{TOTAL}{{code="INVALID_ARGUMENT",method="Repeat",{LABEL}}} 1.0')


async def test_a_crash_in_a_stream_tells_strangers_nothing_of_the_inside(channel, caplog):
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await answers(channel.unary_stream(f"/{SERVICE}/Repeat")(b"crash", timeout=5))
    assert failed.value.code() == grpc.StatusCode.INTERNAL
    assert SECRET not in failed.value.details()
    assert SECRET in caplog.text


async def test_bytes_that_are_no_message_end_a_stream_as_the_callers_fault(channel):
    stream = channel.stream_stream(f"/{SERVICE}/EchoEach")(iter([WORD, CUT_SHORT]), timeout=5)
    assert await field_refused(answers(stream)) == "request"


async def test_an_error_of_the_domain_becomes_its_status_with_details(channel):
    error = await failure(channel, "Refuse")
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert error.details() == "filter.min_price: at least 0"
    detail = error_details_pb2.BadRequest()
    assert rpc_status.from_call(error).details[0].Unpack(detail)
    assert detail.field_violations[0].field == "filter.min_price"


WORD = status_pb2.Status(message="word").SerializeToString()
NOT_UTF8 = b"\x12\x02\xff\xfe"
CUT_SHORT = WORD[:-1]
TOTAL, LABEL = "restock_rpc_total", 'service="EchoService"'


async def test_messages_are_decoded(channel):
    assert await call(channel, "Read", WORD) == b"word"
    stream = channel.stream_unary(f"/{SERVICE}/ReadAll")
    assert await stream(iter([WORD, WORD]), timeout=5) == b"word word"


@pytest.mark.parametrize("wrong", [NOT_UTF8, CUT_SHORT, b"\xff" * 50])
async def test_bytes_that_are_no_message_are_the_callers_fault(channel, wrong):
    assert await field_refused(call(channel, "Read", wrong)) == "request"
    stream = channel.stream_unary(f"/{SERVICE}/ReadAll")
    assert await field_refused(stream(iter([WORD, wrong]), timeout=5)) == "request"


async def test_an_unexpected_error_tells_strangers_nothing_of_the_inside(channel, caplog):
    error = await failure(channel, "Crash")
    assert error.code() == grpc.StatusCode.INTERNAL
    assert SECRET not in error.details()
    assert SECRET in caplog.text


async def test_a_deliberate_abort_keeps_its_code(channel, service):
    error = await failure(channel, "Abort")
    assert error.code() == grpc.StatusCode.OUT_OF_RANGE
    assert error.details() == "past the end"
    labels = 'restock_rpc_total{code="OUT_OF_RANGE",method="Abort",service="EchoService"}'
    await counted(service, f"{labels} 1.0")


async def test_calls_are_counted_and_timed_by_method_and_code(channel, service):
    for _ in range(3):
        await call(channel, "Echo")
    await failure(channel, "Wait")

    totals = 'restock_rpc_total{{code="{}",method="{}",service="EchoService"}} {}'
    await counted(service, totals.format("OK", "Echo", "3.0"))
    await counted(service, totals.format("UNAVAILABLE", "Wait", "1.0"))
    await counted(service, 'restock_rpc_seconds_count{method="Echo",service="EchoService"} 3.0')


async def lines_of(capsys) -> list[dict]:
    """The lines that calls left on standard error, once they are out."""
    await asyncio.sleep(2 * FLUSH_SECONDS)
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_the_callers_request_id_is_carried(channel, capsys):
    await call(channel, "Echo", metadata=(("x-request-id", "r-42"),))
    assert [line["request_id"] for line in await lines_of(capsys)] == ["r-42"]


async def test_a_call_without_a_request_id_gets_one_of_its_own(channel, capsys):
    await call(channel, "Echo")
    await call(channel, "Echo")
    first, second = [line["request_id"] for line in await lines_of(capsys)]
    assert len(first) == len(second) == 32
    assert first != second


async def test_a_huge_request_id_is_cut(channel, capsys):
    await call(channel, "Echo", metadata=(("x-request-id", "x" * 1000),))
    assert [line["request_id"] for line in await lines_of(capsys)] == ["x" * 128]


async def test_a_request_id_cannot_break_out_of_its_line(channel, capsys):
    await call(channel, "Echo", metadata=(("x-request-id", 'a"}, "level": "ERROR'),))
    (line,) = await lines_of(capsys)
    assert line["request_id"] == 'a"}, "level": "ERROR'
    assert line["level"] == "INFO"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the interceptor's logger writes, in the form that a running service gives it."""
    text = io.StringIO()
    handler, logger = logging.StreamHandler(text), logging.getLogger("restock.rpc")
    handler.setFormatter(JsonFormatter("EchoService"))
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield text
    logger.removeHandler(handler)
    logger.setLevel(level)


async def test_what_a_handler_adds_is_in_the_one_line_of_its_call_and_of_no_other(
    channel, capsys, log
):
    for method in ("Echo", "Note", "Echo"):
        await call(channel, method, b"late", metadata=(("x-request-id", f"r-{method}"),))
    plain = await lines_of(capsys)
    assert [line["method"] for line in plain] == ["Echo", "Echo"]
    (line,) = [json.loads(text) for text in log.getvalue().splitlines()]
    assert (line["request_id"], line["method"], line["code"]) == ("r-Note", "Note", "OK")
    assert (line["words"], line["pages"]) == (["late"], 3)
    assert set(line) == {*plain[0], "words", "pages"}
    assert line["ms"] > 0


async def test_a_call_is_one_line_of_the_log(channel, capsys):
    await call(channel, "Echo")
    await failure(channel, "Refuse")
    lines = await lines_of(capsys)
    assert [(line["method"], line["code"]) for line in lines] == [
        ("Echo", "OK"), ("Refuse", "INVALID_ARGUMENT"),
    ]  # fmt: skip
    assert all(line["ms"] > 0 for line in lines)
    assert {line["service"] for line in lines} == {"EchoService"}
