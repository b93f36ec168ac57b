import asyncio

import pytest

from services.profile_store.coalesced_reads import MAX_KEYS, CoalescedReads


class Echo:
    """Answers a key with itself, and remembers what it was asked at once."""

    def __init__(self):
        self.asked = []
        self.fails = False

    async def read_many(self, keys):
        self.asked.append(list(keys))
        await asyncio.sleep(0)
        if self.fails:
            raise ConnectionError("gone")
        return [key.encode() for key in keys]


async def test_a_lone_read_goes_out_alone():
    echo = Echo()
    assert await CoalescedReads(echo.read_many).get("a") == b"a"
    assert echo.asked == [["a"]]


async def test_reads_of_one_moment_share_a_round_trip_and_get_each_their_own():
    echo = Echo()
    reads = CoalescedReads(echo.read_many)
    assert await asyncio.gather(*map(reads.get, "abca")) == [b"a", b"b", b"c", b"a"]
    assert echo.asked == [["a", "b", "c", "a"]]


async def test_a_round_trip_has_an_end():
    echo = Echo()
    reads = CoalescedReads(echo.read_many)
    await asyncio.gather(*(reads.get(str(n)) for n in range(MAX_KEYS + 1)))
    assert [len(keys) for keys in echo.asked] == [MAX_KEYS, 1]


async def test_a_failure_reaches_every_caller_and_the_next_read_is_tried():
    echo = Echo()
    echo.fails = True
    reads = CoalescedReads(echo.read_many)
    found = await asyncio.gather(*map(reads.get, "ab"), return_exceptions=True)
    assert [str(error) for error in found] == ["gone", "gone"]
    echo.fails = False
    assert await reads.get("c") == b"c"


async def test_a_caller_that_leaves_takes_nobody_along():
    echo = Echo()
    reads = CoalescedReads(echo.read_many)
    leaving = asyncio.create_task(reads.get("a"))
    staying = asyncio.create_task(reads.get("b"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == b"b"
    with pytest.raises(asyncio.CancelledError):
        await leaving
