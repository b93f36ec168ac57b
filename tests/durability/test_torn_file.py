"""A crash of the machine may tear the end of the append-only file off, anywhere."""

import random
import shutil
from pathlib import Path

from restock.v1 import profile_store_pb2 as pb
from tests.durability.conftest import Scale
from tests.durability.servers import RedisServer, a_redis, a_stub
from tests.durability.shop import Shop


async def test_a_commit_whose_end_is_torn_off_the_file_is_there_whole_or_not_at_all(
    tmp_path: Path, redis_server: RedisServer, scale: Scale, seed: int
):
    draw, size = random.Random(seed), lambda: redis_server.file.stat().st_size
    shop = Shop(f"{seed}", draw, users=["ann"])
    async with a_stub(tmp_path, redis_server.url) as store:
        await store.PutEvents(pb.PutEventsRequest(events=shop.batch()), timeout=10)
        before, start = redis_server.content(), size()
        await store.PutEvents(pb.PutEventsRequest(events=shop.batch()), timeout=10)
        after, end = redis_server.content(), size()
    redis_server.stop()
    assert before != after
    cuts = [start, start + 1, end - 1, end, *draw.sample(range(start, end), scale.rounds)]
    for number, cut in enumerate(cuts):
        torn = tmp_path / f"torn {number}"
        shutil.copytree(redis_server.folder, torn)
        assert loaded(torn, cut) == (after if cut == end else before)


def loaded(folder: Path, size: int) -> dict[bytes, bytes | None]:
    """What a Redis holds that finds so many bytes of its file."""
    with RedisServer(folder, 0).file.open("r+b") as file:
        file.truncate(size)
    with a_redis(folder) as server:
        return server.content()
