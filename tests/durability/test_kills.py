"""kill -9 of profile_store and Redis at random moments, while four clients write."""

import asyncio
import random
import time
from pathlib import Path

from restock.cli.suite import Suite
from tests.durability.clients import Load, Record, read_log, writing
from tests.durability.conftest import Scale
from tests.durability.servers import STORE, RedisServer, a_store, address, kill

KINDS = (("profile_store",), ("redis",), ("profile_store", "redis"))
LONGEST_SECONDS = 0.5
"""From when the load flows to the kill, at most."""
AGAIN = 0.3
"""Share of rounds in which the same are killed again while they start."""
AGAIN_SECONDS = 1.5
REWRITTEN = 0.3
"""Share of rounds in which Redis is asked, before the kill, to write its append-only file anew."""
EVENTS = 20
"""Acknowledged in a round before anything is killed."""


async def test_no_kill_loses_an_acknowledged_event_or_applies_one_twice(
    tmp_path: Path, redis_server: RedisServer, scale: Scale, seed: int
):
    draw, record, started = random.Random(seed), Record(), time.monotonic()
    kinds = [KINDS[number % len(KINDS)] for number in range(scale.rounds)]
    draw.shuffle(kinds)
    with a_store(tmp_path, redis_server.url) as suite:
        async with writing(address(suite), record, seed) as load:
            for number, kind in enumerate(kinds, start=1):
                said = await one_round(load, kind, draw, suite, redis_server)
                found = await load.faults()
                print(f"round {number}: {said}; {len(record.evidence.log):,} events in the log")
                assert found == [], "\n".join(found)
            whole, _ = await read_log(load.stub)
    assert whole == record.evidence.log
    summary = {
        "rounds": len(kinds),
        "seconds": round(time.monotonic() - started),
        "sent": len(record.evidence.sent),
        "acknowledged": len(record.evidence.acknowledged),
        "in the log": len(record.evidence.log),
        "stored though the answer was lost": record.recovered,
        **record.codes(),
    }
    print("\n".join(f"{name}: {value}" for name, value in summary.items()))
    assert len(record.evidence.acknowledged) == len(record.evidence.sent)
    log = (tmp_path / "logs" / "profile_store.log").read_text()
    assert '"method": "PutEvents", "code": "INTERNAL"' not in log


async def one_round(
    load: Load, kind: tuple[str, ...], draw: random.Random, suite: Suite, redis: RedisServer
) -> str:
    """Kill, start again at once, and see all heal; say what was done."""
    load.go()
    await load.more(EVENTS)
    seconds = draw.uniform(0, LONGEST_SECONDS)
    await asyncio.sleep(seconds)
    said = f"killed {' and '.join(kind)} after {seconds:.3f} s"
    if draw.random() < REWRITTEN:
        with redis.client() as client:
            client.bgrewriteaof()
        said += " and the start of a rewrite"
    killed_and_started(kind, draw, suite, redis)
    if draw.random() < AGAIN:
        seconds = draw.uniform(0, AGAIN_SECONDS)
        await asyncio.sleep(seconds)
        killed_and_started(kind, draw, suite, redis)
        said += f", again {seconds:.3f} s later"
    await asyncio.to_thread(redis.wait)
    await asyncio.to_thread(suite.wait_ready, 60)
    return said


def killed_and_started(
    kind: tuple[str, ...], draw: random.Random, suite: Suite, redis: RedisServer
) -> None:
    """Kill in either order, and start at once."""
    for name in draw.sample(kind, len(kind)):
        kill(suite) if name == STORE else redis.kill()
    for name in kind:
        suite.restart_ended() if name == STORE else redis.start()
