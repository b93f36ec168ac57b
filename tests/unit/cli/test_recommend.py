from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from typer.testing import CliRunner

from restock.artifacts.store import BundleStore
from restock.cli import app
from restock.cli.recommend import names
from restock.v1 import gateway_pb2 as pb
from restock.v1 import gateway_pb2_grpc, types_pb2
from tests.unit.artifacts.drafts import a_draft

runner = CliRunner()


@pytest.mark.parametrize(
    "arguments",
    [["1", "--page-size", "99999999999"], ["1", "--page-size", "0"], ["\udcff"],
     ["1", "--context", "\udcff"], ["1", "--category", "\udcff"], ["1", "--exclude", "\udcff"],
     ["1", "--min-price", "-1"], ["1", "--max-price", "-0.01"]],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_before_anybody_is_called(arguments):
    result = runner.invoke(app, ["recommend", *arguments, "--address", "127.0.0.1:1"])
    assert result.exit_code == 2
    assert "Invalid value" in result.output


class Echo(gateway_pb2_grpc.RecommendationServiceServicer):
    def __init__(self, answer=None):
        self.answer = answer
        self.asked = []

    def Recommend(self, request, context):  # noqa: N802
        self.asked.append(request)
        return self.answer or pb.RecommendResponse(
            results=[pb.Recommendation(product_id="p[/]")],
            degradations=[pb.Degradation(kind=pb.DEGRADATION_KIND_NO_RERANKING, reason="[/red]")],
            strategy_used=types_pb2.STRATEGY_HYBRID,
            missing_ids=request.context_product_ids,
        )


def asked(gateway, *arguments, columns="80"):
    """Run `restock recommend` against a gateway."""
    server = grpc.server(ThreadPoolExecutor(1))
    gateway_pb2_grpc.add_RecommendationServiceServicer_to_server(gateway, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        given = ["recommend", *arguments, "--address", address]
        return runner.invoke(app, given, env={"COLUMNS": columns})
    finally:
        server.stop(None)


def test_lists_and_prices_are_asked_for():
    gateway = Echo()
    lists = ["--exclude", "a", "--exclude", "b", "--include", "c", "--include", "d"]
    result = asked(gateway, "1", *lists, "--min-price", "0", "--max-price", "2.5")
    assert result.exit_code == 0, result.output
    (request,) = gateway.asked
    assert [*request.exclude_product_ids] == ["a", "b"]
    assert [*request.include_product_ids] == ["c", "d"]
    assert request.filter.HasField("min_price")
    assert (request.filter.min_price, request.filter.max_price) == (0, 2.5)


def test_without_prices_none_bounds_the_answer():
    gateway = Echo()
    asked(gateway, "1")
    bounds = gateway.asked[0].filter
    assert not (bounds.HasField("min_price") or bounds.HasField("max_price"))


def test_names_are_those_of_the_version_that_answered_else_of_the_active_one(tmp_path):
    store = BundleStore(tmp_path / "models")
    older, newer = (store.publish(a_draft("p1", *more)) for more in (["p2"], ["p2", "p3"]))
    catalogue = store.root / older / "item_names.txt"
    assert catalogue.read_text().splitlines() == ["the p1", "the p2"]
    store.activate(newer)
    for version, name in ((older, "the p2"), (newer, "the p3"), ("20240101-0", "the p3")):
        found = names(tmp_path, version)
        assert [*found.values()][-1] == name
    assert names(tmp_path / "nowhere", older) == {}


def test_where_there_is_no_terminal_names_and_reasons_have_46_columns():
    reason = "bought before, last 10 days ago, and so on"
    answer = pb.RecommendResponse(
        results=[pb.Recommendation(product_id="p" * 40, reasons=[pb.Reason(text=reason)])],
        strategy_used=types_pb2.STRATEGY_HYBRID,
    )
    lines = asked(Echo(answer), "1").output.splitlines()
    assert any("p" * 40 in line for line in lines)
    assert any(line.strip() == reason for line in lines)


def test_nobody_at_the_address_is_one_line_and_exit_code_2():
    result = runner.invoke(app, ["recommend", "1", "--address", "127.0.0.1:1"])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "asked the gateway at 127.0.0.1:1; is the suite up? start it with: restock up" in line


def test_what_looks_like_markup_in_an_id_is_printed_as_it_is():
    result = asked(Echo(), "[/]", "--context", "[/bold]")
    assert result.exit_code == 0, result.exception
    for shown in ("User [/]", "p[/]", "[/red]", "[/bold]"):
        assert shown in result.output
