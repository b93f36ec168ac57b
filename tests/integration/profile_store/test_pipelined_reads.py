import asyncio

import pytest
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as Disconnected

from restock.serving.local_redis import free_port
from services.profile_store.pipelined_reads import PipelinedReads


@pytest.fixture
async def reads_of():
    """Make reads of a URL, closed in the end."""
    made = []

    def make(url):
        made.append(PipelinedReads(ConnectionPool.from_url(url, protocol=2), 1.0))
        return made[-1]

    yield make
    for reads in made:
        await reads.close()


@pytest.fixture
def reads(redis, own_redis_url, reads_of):
    return reads_of(own_redis_url)


def readers(redis):
    return [client for client in redis.client_list() if client["cmd"] == "get"]


async def test_a_value_a_missing_one_and_an_empty_one(redis, reads):
    redis.mset({"milk": b"\r\n\0", "empty": b""})
    assert await asyncio.gather(*map(reads.get, ("milk", "tea", "empty"))) == [b"\r\n\0", None, b""]


async def test_a_thousand_reads_at_once_share_a_connection_and_get_each_their_own(redis, reads):
    redis.mset({f"k{number}": number for number in range(1000)})
    found = await asyncio.gather(*(reads.get(f"k{number}") for number in range(1000)))
    assert found == [str(number).encode() for number in range(1000)]
    assert len(readers(redis)) == 1


async def test_a_caller_that_leaves_does_not_shift_the_others_answers(redis, reads):
    redis.mset({"a": 1, "b": 2})
    await reads.get("a")
    leaving, staying = (asyncio.create_task(reads.get(key)) for key in "ab")
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"2"
    assert await reads.get("a") == b"1"


async def test_a_connection_that_redis_closed_is_made_anew(redis, reads):
    redis.set("a", 1)
    await reads.get("a")
    redis.client_kill_filter(_id=readers(redis)[0]["id"])
    assert await reads.get("a") == b"1"


async def test_a_refusal_is_told_and_the_next_read_is_answered(redis, reads):
    redis.lpush("list", 1)
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await reads.get("list")
    assert await reads.get("a") is None


async def test_the_url_says_database_and_password(redis, own_redis_url, reads_of):
    redis.execute_command("ACL", "SETUSER", "shop", "on", ">secret", "~*", "+@all")
    at = own_redis_url.removeprefix("redis://").removesuffix("/0")
    database_3 = reads_of(f"redis://shop:secret@{at}/3")
    redis.set("a", "of 0")
    redis.execute_command("MOVE", "a", 3)
    assert await database_3.get("a") == b"of 0"
    with pytest.raises(AuthenticationError):
        await reads_of(f"redis://shop:wrong@{at}/3").get("a")


async def test_nobody_there_is_told(reads_of):
    with pytest.raises(Disconnected):
        await reads_of(f"redis://127.0.0.1:{free_port()}").get("a")
