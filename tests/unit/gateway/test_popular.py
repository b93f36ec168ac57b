"""The last known popular products: what passes a filter, in which order, and what outlives a restart."""

import asyncio
import math
from pathlib import Path
from typing import Any

import pytest

from restock.core.product_filter import ProductFilter
from restock.v1 import candidate_gen_pb2
from services.gateway.fake_catalogue import FakeCatalogue
from services.gateway.fake_peers import FakeCandidateGen
from services.gateway.fallback.convert import popular_from
from services.gateway.fallback.keeper import PopularKeeper
from services.gateway.fallback.popular import PopularList
from services.gateway.peers import GrpcCandidateGen
from tests.unit.gateway.in_process import InProcessChannel

A_LIST: dict[str, Any] = {
    "model_version": "v1",
    "product_ids": ["a", "b", "c", "d"],
    "scores": [1.0, 0.5, 0.25, 0.125],
    "categories": ["dairy", "", "dairy", "meat"],
    "prices": [0.99, 2.0, math.nan, 0.5],
    "median_price": 0.99,
    "total_count": 4,
}


def a_list(**changes: Any) -> PopularList:
    """A to d, the most popular first; b is above the median price, c's price is unknown."""
    message = candidate_gen_pb2.ListPopularResponse(**{**A_LIST, **changes})
    return asyncio.run(popular_from(message))


@pytest.mark.parametrize(
    ("within", "passing"),
    [
        (None, "abcd"),
        (ProductFilter(categories=("dairy",)), "ac"),
        (ProductFilter(categories=("none",)), ""),
        (ProductFilter(min_price=0.0), "abd"),
        (ProductFilter(max_price=0.99), "ad"),
        (ProductFilter(min_price=0.99), "ab"),
        (ProductFilter(max_price=0.98), "d"),
        (ProductFilter(max_price=1e300), "abd"),
        (ProductFilter(min_price=1.5, max_price=2.0), "b"),
    ],
)
def test_bounds_count_as_float32_and_an_unknown_price_passes_none(
    within: ProductFilter | None, passing: str
) -> None:
    popular = a_list()
    places = popular.best(popular.mask(within), 9)
    assert [popular.product_ids[place] for place in places] == [*passing]


@pytest.mark.parametrize(
    ("median_price", "first"), [(0.99, "adbc"), (2.0, "abdc"), (None, "abcd"), (0.1, "abcd")]
)
def test_a_newcomer_gets_sellers_at_or_below_the_median_price_first(
    median_price: float | None, first: str
) -> None:
    popular = a_list(median_price=median_price)
    places = popular.best(None, 9, newcomer=True)
    assert [popular.product_ids[place] for place in places] == [*first]


def test_only_of_a_whole_list_it_can_be_told_what_is_unknown() -> None:
    whole, cut = a_list(), a_list(total_count=5)
    assert whole.unknown(["y", "a", "x", "y"]) == ("y", "x")
    assert cut.unknown(["y", "a"]) == ()
    assert not whole.passes("x", None)
    assert cut.passes("x", None)
    assert not cut.passes("x", cut.mask(ProductFilter(max_price=100.0)))


def test_a_list_that_does_not_say_how_many_there_are_is_not_taken_for_whole() -> None:
    assert not a_list(total_count=0).whole


def test_a_list_of_several_portions_is_decoded_whole_and_lets_others_go_on() -> None:
    ids = [f"p{place}" for place in range(5_000)]
    message = candidate_gen_pb2.ListPopularResponse(
        product_ids=ids, scores=[0.5] * 5_000, categories=["x"] * 5_000, prices=[1.0] * 5_000
    )
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def decoded() -> PopularList:
        counting = asyncio.create_task(count_turns())
        popular = await popular_from(message)
        counting.cancel()
        return popular

    popular = asyncio.run(decoded())
    assert popular.product_ids == ids
    assert popular.place_of["p4999"] == 4_999
    # 5,000 products are three portions of at most 2,000.
    assert turns >= 3


def a_keeper(file: Path, fake: FakeCandidateGen | None = None, count: int = 5) -> PopularKeeper:
    channel = InProcessChannel(fake or FakeCandidateGen(FakeCatalogue(10)))
    return PopularKeeper(GrpcCandidateGen(channel), file, count)  # type: ignore[arg-type]


async def test_what_was_fetched_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "gateway" / "popular.pb"
    before, after = a_keeper(file), a_keeper(file)
    assert await before.fetch()
    assert await after.load()
    assert after.list.product_ids == ["p0", "p1", "p2", "p3", "p4"]
    assert after.version == "v1"
    assert [path.name for path in file.parent.iterdir()] == ["popular.pb"]


async def test_a_list_is_sent_once_a_model_version(tmp_path: Path) -> None:
    fake = FakeCandidateGen(FakeCatalogue(10))
    keeper = a_keeper(tmp_path / "popular.pb", fake)
    assert await keeper.fetch()
    first = keeper.list
    assert await keeper.fetch()
    assert keeper.list is first
    fake.versions = ["v2"]
    assert await keeper.fetch()
    assert [call.known_version for call in fake.mood.calls] == ["", "v1", "v1"]
    assert keeper.version == "v2"


async def test_a_file_cut_shorter_than_now_asked_for_is_fetched_anew(tmp_path: Path) -> None:
    fake = FakeCandidateGen(FakeCatalogue(10))
    await a_keeper(tmp_path / "popular.pb", fake, count=5).fetch()
    later = a_keeper(tmp_path / "popular.pb", fake, count=50)
    assert await later.load()
    assert not later.list.whole
    assert await later.fetch()
    assert later.list.whole
    # Now the file is whole, and the next start need not fetch it.
    last = a_keeper(tmp_path / "popular.pb", fake, count=50)
    assert await last.load()
    assert await last.fetch()
    assert [call.known_version for call in fake.mood.calls] == ["", "", "v1"]


async def test_half_as_many_are_asked_for_until_candidate_gen_gives_them(tmp_path: Path) -> None:
    fake = FakeCandidateGen(FakeCatalogue(10))
    fake.most_popular = 7
    keeper = a_keeper(tmp_path / "popular.pb", fake, count=20)
    assert await keeper.fetch()
    assert keeper.list.product_ids == ["p0", "p1", "p2", "p3", "p4"]


@pytest.mark.parametrize("damage", [b"", b"\xff\xff\xff", b"\x0a\x02v1\x12\x01a"])
async def test_a_damaged_file_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "popular.pb").write_bytes(damage)
    keeper = a_keeper(tmp_path / "popular.pb")
    assert not await keeper.load()
    assert keeper.list.product_ids == []


@pytest.mark.parametrize("spoil", [
    lambda one: one.scores.__setitem__(0, math.nan), lambda one: one.scores.__setitem__(0, 1.5),
    lambda one: one.scores.append(0.5), lambda one: one.product_ids.__setitem__(0, "p1"),
    lambda one: one.product_ids.__setitem__(0, ""), lambda one: one.Clear(),
    lambda one: type(one)(model_version="v2", unchanged=True),
])  # fmt: skip
async def test_a_list_that_is_wrong_leaves_the_last_one(tmp_path: Path, spoil: Any) -> None:
    fake = FakeCandidateGen(FakeCatalogue(10))
    keeper = a_keeper(tmp_path / "popular.pb", fake)
    await keeper.fetch()
    fake.versions = ["v2"]
    fake.mood.wrong = spoil
    assert not await keeper.fetch()
    assert (len(keeper.list.product_ids), keeper.version) == (5, "v1")


async def test_a_disk_that_refuses_is_no_reason_not_to_answer() -> None:
    keeper = a_keeper(Path("/dev/null/popular.pb"))
    assert await keeper.fetch()
    assert keeper.list.product_ids[0] == "p0"
