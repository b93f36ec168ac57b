"""The suite's processes: where they listen, and what is told of one that ended."""

import pytest

from restock.cli.suite import Service, Suite, check_ports, environment, services
from restock.errors import NotReady
from restock.serving.local_redis import free_ports

SECONDS = 60


@pytest.mark.parametrize(
    ("host", "near"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("10.1.2.3", "10.1.2.3")],
)
def test_services_listen_where_they_are_told_and_are_reached_from_this_machine(
    tmp_path, host, near
):
    members = services(50_051, 9101, host)
    found = environment(members, tmp_path, "redis://")
    assert found["RESTOCK_HOST"] == host
    assert members[0].address == f"{near}:50051"
    assert found["RESTOCK_GATEWAY_RERANKER_ADDRESS"] == f"{near}:50054"


def test_an_address_that_this_machine_does_not_have_is_refused():
    # 192.0.2.0/24 is for documentation: nobody has it.
    with pytest.raises(NotReady, match=r"192\.0\.2\.1:\d+ cannot be listened on"):
        check_ports(services(*free_ports(2), "192.0.2.1"))


@pytest.fixture
def suite(tmp_path):
    """One service that ends at once: there is no such module. An earlier run has left a log."""
    (tmp_path / "nowhere.log").write_text("of an earlier run\n")
    return Suite([Service("nowhere", "restock.v1.Nowhere", 1, 2)], {}, tmp_path)


def test_of_a_service_that_ended_only_what_it_wrote_itself_is_told(suite, tmp_path):
    suite.start(suite.members[0])
    with pytest.raises(NotReady, match=r"nowhere ended with code 1; .*nowhere\.log") as ended:
        suite.wait_ready(SECONDS)
    assert "No module named services.nowhere" in str(ended.value)
    assert "of an earlier run" not in str(ended.value)
    assert "of an earlier run" in (tmp_path / "nowhere.log").read_text()


def test_how_a_service_ended_is_known_after_it_was_started_again(suite):
    suite.start(suite.members[0])
    suite.processes["nowhere"].wait(SECONDS)
    assert suite.restart_ended() == ["nowhere"]
    assert suite.exit_codes == {"nowhere": 1}
    suite.stop()
