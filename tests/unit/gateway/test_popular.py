"""The last known popular products: what passes a filter, and what outlives a restart."""

import math
from pathlib import Path

import pytest

from restock.core.product_filter import ProductFilter
from restock.v1 import candidate_gen_pb2
from services.gateway.fake_catalogue import FakeCatalogue
from services.gateway.fake_peers import FakeCandidateGen
from services.gateway.fallback.keeper import PopularKeeper
from services.gateway.fallback.popular import PopularList
from services.gateway.peers import GrpcCandidateGen
from tests.unit.gateway.in_process import InProcessChannel

LIST = PopularList(["a", "b", "c"], [1.0, 0.5, 0.1], ["dairy", "", "dairy"], [1.0, 2.0, math.nan])


@pytest.mark.parametrize(
    ("within", "passing"),
    [
        (None, ["a", "b", "c"]),
        (ProductFilter(categories=("dairy",)), ["a", "c"]),
        (ProductFilter(min_price=0.0), ["a", "b"]),
        (ProductFilter(max_price=1.0), ["a"]),
        (ProductFilter(min_price=1.5, max_price=2.0), ["b"]),
    ],
)
def test_an_unknown_price_passes_no_price_bound(
    within: ProductFilter | None, passing: list[str]
) -> None:
    assert [product for product, _ in LIST.inside(within)] == passing


def test_a_product_that_is_not_listed_passes_no_filter() -> None:
    assert LIST.passes("x", None)
    assert not LIST.passes("x", ProductFilter(max_price=100.0))


def a_keeper(file: Path, fake: FakeCandidateGen | None = None) -> PopularKeeper:
    channel = InProcessChannel(fake or FakeCandidateGen(FakeCatalogue(10)))
    return PopularKeeper(GrpcCandidateGen(channel), file, 5)  # type: ignore[arg-type]


async def test_what_was_fetched_outlives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "gateway" / "popular.pb"
    before, after = a_keeper(file), a_keeper(file)
    assert await before.fetch()
    assert after.load()
    assert after.list.product_ids == ["p0", "p1", "p2", "p3", "p4"]
    assert after.version == "v1"
    assert [path.name for path in file.parent.iterdir()] == ["popular.pb"]


@pytest.mark.parametrize("damage", [b"", b"\xff\xff\xff", b"\x0a\x02v1\x12\x01a"])
def test_a_damaged_file_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "popular.pb").write_bytes(damage)
    keeper = a_keeper(tmp_path / "popular.pb")
    assert not keeper.load()
    assert keeper.list.product_ids == []


async def test_a_list_that_is_wrong_leaves_the_last_one(tmp_path: Path) -> None:
    fake = FakeCandidateGen(FakeCatalogue(10))
    keeper = a_keeper(tmp_path / "popular.pb", fake)
    await keeper.fetch()

    def spoil(response: candidate_gen_pb2.ListPopularResponse) -> None:
        response.scores[0] = math.nan

    fake.mood.wrong = spoil
    assert not await keeper.fetch()
    assert len(keeper.list.product_ids) == 5


async def test_a_disk_that_refuses_is_no_reason_not_to_answer() -> None:
    keeper = a_keeper(Path("/dev/null/popular.pb"))
    assert await keeper.fetch()
    assert keeper.list.product_ids[0] == "p0"
