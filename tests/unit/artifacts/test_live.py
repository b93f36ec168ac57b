import asyncio
from pathlib import Path

import pytest

from restock.artifacts.bundle import Bundle
from restock.artifacts.live import LiveModel
from restock.artifacts.store import BundleStore
from restock.errors import NotReady, VersionNotLoaded
from tests.unit.artifacts.drafts import a_draft


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path)


def item_ids_of(bundle: Bundle) -> list[str]:
    return bundle.catalogue.item_ids


def published(store: BundleStore, item: str) -> str:
    version = store.publish(a_draft(item))
    store.activate(version)
    return version


def spoil(store: BundleStore, version: str) -> None:
    (store.root / version / "price.npy").write_bytes(b"")


async def test_nothing_is_ready_before_the_first_version(store):
    live = LiveModel(store, item_ids_of)
    await live.refresh()
    assert live.version is None
    with pytest.raises(NotReady):
        live.get()


async def test_the_active_version_is_built_and_answers(store):
    version = published(store, "bread")
    live = LiveModel(store, item_ids_of)
    await live.refresh()
    assert live.get() == (version, ["bread"])


async def test_a_new_version_takes_over_and_the_previous_one_stays_by_name(store):
    live = LiveModel(store, item_ids_of)
    old = published(store, "bread")
    await live.refresh()
    new = published(store, "milk")
    await live.refresh()

    assert live.get() == (new, ["milk"])
    assert live.get(old) == (old, ["bread"])


async def test_the_version_before_the_previous_one_is_let_go(store):
    live = LiveModel(store, item_ids_of)
    versions = []
    for item in ("bread", "milk", "eggs"):
        versions.append(published(store, item))
        await live.refresh()

    with pytest.raises(VersionNotLoaded) as refused:
        live.get(versions[0])
    assert refused.value.loaded == (versions[2], versions[1])


async def test_a_version_is_built_once(store):
    built = []
    live = LiveModel(store, lambda bundle: built.append(bundle.version))
    version = published(store, "bread")
    await live.refresh()
    await live.refresh()
    assert built == [version]


async def test_rolling_back_to_the_previous_version_loads_nothing(store):
    built = []
    live = LiveModel(store, lambda bundle: built.append(bundle.version))
    old = published(store, "bread")
    await live.refresh()
    new = published(store, "milk")
    await live.refresh()
    store.activate(old)
    await live.refresh()

    assert live.version == old
    assert built == [old, new]


async def test_a_corrupt_version_leaves_the_old_one_serving(store):
    live = LiveModel(store, item_ids_of)
    good = published(store, "bread")
    await live.refresh()
    bad = published(store, "milk")
    spoil(store, bad)
    await live.refresh()

    assert live.get() == (good, ["bread"])


async def test_a_version_that_does_not_build_leaves_the_old_one_serving(store):
    def picky(bundle: Bundle) -> str:
        if bundle.catalogue.item_ids != ["bread"]:
            raise ZeroDivisionError
        return bundle.version

    live = LiveModel(store, picky)
    good = published(store, "bread")
    await live.refresh()
    published(store, "milk")
    await live.refresh()

    assert live.get() == (good, good)


async def test_a_bad_first_version_is_not_the_end_of_the_service(store):
    spoil(store, published(store, "bread"))
    async with LiveModel(store, item_ids_of).watching(poll_seconds=60) as live:
        assert live.version is None


async def test_a_rejected_version_is_tried_again_once_the_pointer_went_elsewhere(store):
    live = LiveModel(store, item_ids_of)
    good = published(store, "bread")
    await live.refresh()
    bad = published(store, "milk")
    content = (store.root / bad / "price.npy").read_bytes()
    spoil(store, bad)
    await live.refresh()

    store.activate(good)
    await live.refresh()
    (store.root / bad / "price.npy").write_bytes(content)
    store.activate(bad)
    await live.refresh()

    assert live.version == bad


async def test_a_version_that_does_not_load_is_tried_again_after_1_2_and_4_seconds(store):
    now, tries = [0.0], []

    def failing(bundle: Bundle) -> str:
        tries.append(now[0])
        if len(tries) < 4:
            raise OSError("disk full")
        return bundle.version

    live = LiveModel(store, failing, clock=lambda: now[0])
    version = published(store, "bread")
    for second in range(12):
        now[0] = float(second)
        await live.refresh()

    assert tries == [0, 1, 3, 7]
    assert live.version == version


async def test_a_swap_is_announced_and_a_rejection_is_not(store):
    announced = []

    async def announce(version: str) -> None:
        announced.append(version)

    live = LiveModel(store, item_ids_of, announce)
    good = published(store, "bread")
    await live.refresh()
    spoil(store, published(store, "milk"))
    await live.refresh()

    assert announced == [good]


async def test_watching_takes_up_a_version_that_is_activated_later(store):
    async with LiveModel(store, item_ids_of).watching(poll_seconds=0.01) as live:
        version = published(store, "bread")
        async with asyncio.timeout(5):
            while live.version is None:
                await asyncio.sleep(0.01)
        assert live.get() == (version, ["bread"])
