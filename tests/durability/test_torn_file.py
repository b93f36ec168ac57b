"""A crash may tear the end of the append-only file off, anywhere: also inside a command of a commit."""

import os
import random
import shutil
from pathlib import Path

import pytest

from restock.serving.local_redis import running_server
from restock.v1 import profile_store_pb2 as pb
from tests.durability.conftest import Scale
from tests.durability.servers import RedisServer, a_redis, a_stub
from tests.durability.shop import Shop
from tests.integration.stores.servers import PACKED, Packed

SLOWLY = "rdb-key-save-delay"
"""How many microseconds Redis rests behind each key, so that a rewrite lasts."""


@pytest.mark.parametrize("server", PACKED, ids=lambda server: server.name)
async def test_a_torn_commit_is_there_whole_or_not_at_all_after_the_next_start_and_the_one_after_it(
    tmp_path: Path, server: Packed, scale: Scale, seed: int
):
    draw, binary = random.Random(seed), server.path()
    shop = Shop(f"{seed}", draw, users=["ann"])
    with a_redis(tmp_path / "redis", binary=binary) as redis:
        await written(tmp_path, redis, shop)
        start, before = redis.file.stat().st_size, redis.content()
        await written(tmp_path, redis, shop)
        end, after = redis.file.stat().st_size, redis.content()
    assert before != after
    cuts = [start, start + 1, end - 1, end, *draw.sample(range(start, end), scale.rounds)]
    for number, cut in enumerate(cuts):
        torn = tmp_path / f"torn {number}"
        shutil.copytree(redis.folder, torn)
        os.truncate(RedisServer(torn, 0).file, cut)
        with a_redis(torn, binary=binary) as again:
            assert again.content() == (after if cut == end else before)
            await written(tmp_path, again, shop)
            expected = again.content()
            again.kill()
            again.start()
            again.wait()
            assert again.content() == expected, f"cut {cut - start} of {end - start} bytes behind"


@pytest.mark.parametrize("server", PACKED, ids=lambda server: server.name)
async def test_a_redis_killed_while_it_writes_a_torn_file_anew_starts_again_with_everything(
    tmp_path: Path, server: Packed, seed: int
):
    shop, binary = Shop(f"{seed}", random.Random(seed), users=["ann"]), server.path()
    with a_redis(tmp_path / "redis", binary=binary) as redis:
        await written(tmp_path, redis, shop)
        before = redis.content()
        await written(tmp_path, redis, shop)
    os.truncate(redis.file, redis.file.stat().st_size - 1)
    with a_redis(redis.folder, binary=binary) as torn:
        with torn.client() as client:
            client.config_set(SLOWLY, 100_000)
            client.bgrewriteaof()
            assert client.info("persistence")["aof_rewrite_in_progress"]
        torn.kill()
    with running_server(binary, redis.folder, torn.port):
        assert torn.content() == before


async def written(home: Path, redis: RedisServer, shop: Shop) -> None:
    """Send events until one of them is new: some of a shop's are sent again on purpose."""
    async with a_stub(home, redis.url) as store:
        accepted = False
        while not accepted:
            answer = await store.PutEvents(pb.PutEventsRequest(events=shop.batch()), timeout=10)
            accepted = pb.EVENT_STATUS_ACCEPTED in {one.status for one in answer.results}
