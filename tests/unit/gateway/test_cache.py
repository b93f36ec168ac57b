"""Answers are kept for a while, the least recently used goes first."""

from services.gateway.cache import Cache
from tests.unit.gateway.shop import Count


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_cache(entries: int = 2) -> tuple[Cache[str, int], Clock, Count, Count]:
    clock, hits, misses = Clock(), Count(), Count()
    return Cache(entries, 30.0, hits, misses, clock), clock, hits, misses


def test_what_was_put_is_found_and_counted() -> None:
    cache, _, hits, misses = a_cache()
    cache.put("a", 1)
    assert (cache.get("a"), cache.get("b")) == (1, None)
    assert (hits.value, misses.value) == (1, 1)


def test_an_entry_is_good_for_30_seconds() -> None:
    cache, clock, *_ = a_cache()
    cache.put("a", 1)
    clock.now = 29.9
    assert cache.get("a") == 1
    clock.now = 30.0
    assert cache.get("a") is None


def test_the_least_recently_used_goes_when_there_are_too_many() -> None:
    cache, *_ = a_cache(entries=2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_what_is_cleared_is_found_no_more() -> None:
    cache, *_ = a_cache()
    cache.put("a", 1)
    cache.clear()
    assert (cache.get("a"), len(cache)) == (None, 0)


def test_a_cache_of_0_entries_keeps_nothing() -> None:
    cache, *_ = a_cache(entries=0)
    cache.put("a", 1)
    assert not cache.on
    assert cache.get("a") is None


def test_what_is_no_longer_good_is_let_go_of_with_a_call_at_most_30_seconds_later() -> None:
    cache, clock, *_ = a_cache(entries=9)
    cache.put("a", 1)
    clock.now = 15.0
    cache.put("b", 2)
    clock.now = 31.0
    cache.get("c")
    assert (len(cache), cache.get("b")) == (1, 2)
    clock.now = 62.0
    cache.get("c")
    assert len(cache) == 0
