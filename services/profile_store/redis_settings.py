"""What of Redis' own settings does not keep the promise that an acknowledged event is never lost."""

from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

NO_FILE = "no append-only file: what Redis holds is lost when it ends; set appendonly yes"
NOT_AT_ONCE = "appendfsync is {}: a crash may cost the last second; set appendfsync always"
EVICTS = "maxmemory-policy is {}: a full Redis drops facts; set maxmemory-policy noeviction"

REPLICA = "is a read-only replica: nothing is stored; give the address of its primary"


async def shortcomings(redis: Redis) -> list[str]:
    """Say what an operator should change; nothing of what Redis does not let us look at.

    Raises:
        RedisError: Redis does not answer.
    """
    memory = await _told(redis.info("memory"))
    persistence = await _told(redis.info("persistence"))
    replication = await _told(redis.info("replication"))
    found = []
    if replication.get("role") == "slave" and replication.get("slave_read_only") == 1:
        found.append(REPLICA)
    if persistence.get("aof_enabled") == 0:
        found.append(NO_FILE)
    elif (fsync := await _fsync(redis)) != "always":
        found.append(NOT_AT_ONCE.format(fsync))
    if (policy := memory.get("maxmemory_policy", "noeviction")) != "noeviction":
        found.append(EVICTS.format(policy))
    return found


async def _fsync(redis: Redis) -> str:
    settings = await _told(redis.config_get("appendfsync"))
    return str(settings.get("appendfsync", "always"))


async def _told(answer: Any) -> dict[str, Any]:
    """Wait for an answer; a refusal, as managed services give to CONFIG, tells nothing."""
    try:
        found: dict[str, Any] = await answer
    except ResponseError:
        return {}
    return found
