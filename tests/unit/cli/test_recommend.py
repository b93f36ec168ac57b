from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from typer.testing import CliRunner

from restock.cli import app
from restock.v1 import gateway_pb2 as pb
from restock.v1 import gateway_pb2_grpc, types_pb2

runner = CliRunner()


@pytest.mark.parametrize(
    "arguments",
    [["1", "--page-size", "99999999999"], ["1", "--page-size", "0"], ["\udcff"],
     ["1", "--context", "\udcff"], ["1", "--category", "\udcff"]],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_before_anybody_is_called(arguments):
    result = runner.invoke(app, ["recommend", *arguments, "--address", "127.0.0.1:1"])
    assert result.exit_code == 2
    assert "Invalid value" in result.output


class Echo(gateway_pb2_grpc.RecommendationServiceServicer):
    def Recommend(self, request, context):  # noqa: N802
        return pb.RecommendResponse(
            results=[pb.Recommendation(product_id="p[/]")],
            degradations=[pb.Degradation(kind=pb.DEGRADATION_KIND_NO_RERANKING, reason="[/red]")],
            strategy_used=types_pb2.STRATEGY_HYBRID,
            missing_ids=request.context_product_ids,
        )


def test_what_looks_like_markup_in_an_id_is_printed_as_it_is():
    server = grpc.server(ThreadPoolExecutor(1))
    gateway_pb2_grpc.add_RecommendationServiceServicer_to_server(Echo(), server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        arguments = ["recommend", "[/]", "--context", "[/bold]", "--address", address]
        result = runner.invoke(app, arguments)
    finally:
        server.stop(None)
    assert result.exit_code == 0, result.exception
    for shown in ("User [/]", "p[/]", "[/red]", "[/bold]"):
        assert shown in result.output
