"""A model's life, as every service that serves one has to live it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from restock.artifacts.store import ACTIVE, BundleStore
from tests.a_bundle import DAY, a_draft, published
from tests.integration.leaf import Leaf, until
from tests.integration.refusals import refusal_of


class ModelLifeContract:
    """Mixed in by a test class that sets `serving` and `ask`."""

    serving: Callable[[Path], AbstractAsyncContextManager[Leaf]]
    """Runs the service over a home."""
    ask: Callable[[Leaf, str], Awaitable[Any]]
    """Makes a good call that names a model version."""

    @pytest.fixture
    async def empty(self, tmp_path: Path) -> AsyncIterator[Leaf]:
        """The service before there is any model version."""
        async with type(self).serving(tmp_path) as leaf:
            yield leaf

    async def version_used(self, leaf: Leaf, version: str = "") -> str:
        answer = await type(self).ask(leaf, version)
        return str(answer.model_version)

    async def taken_up(self, leaf: Leaf, version: str) -> None:
        async def serves() -> bool:
            ready = await leaf.health() == "SERVING"
            return ready and await self.version_used(leaf) == version

        await until(serves)

    async def rejected(self, caplog: pytest.LogCaptureFixture, times: int = 1) -> None:
        async def told() -> bool:
            return caplog.messages.count("bundle rejected") >= times

        await until(told)

    async def test_without_a_version_it_is_unavailable_and_says_when_to_try_again(self, empty):
        refusal = await refusal_of(type(self).ask(empty, ""))
        assert refusal.code == "UNAVAILABLE"
        assert refusal.retry_seconds == 1
        assert await empty.health() == "NOT_SERVING"

    async def test_a_first_version_makes_it_serve_without_a_restart(self, empty, tmp_path):
        await self.taken_up(empty, published(tmp_path))

    async def test_a_version_that_is_published_but_not_active_is_not_served(self, empty, tmp_path):
        active = published(tmp_path)
        await self.taken_up(empty, active)
        other = BundleStore(tmp_path / "models").publish(a_draft(DAY + 1))
        refusal = await refusal_of(type(self).ask(empty, other))
        assert refusal.code == "FAILED_PRECONDITION"
        assert refusal.metadata == {"versions": active}

    async def test_after_a_swap_the_previous_version_answers_by_name(self, empty, tmp_path):
        old = published(tmp_path, DAY)
        await self.taken_up(empty, old)
        new = published(tmp_path, DAY + 1)
        await self.taken_up(empty, new)
        assert await self.version_used(empty, old) == old
        assert await self.version_used(empty, new) == new

    async def test_the_version_before_the_previous_one_is_refused_with_those_loaded(
        self, empty, tmp_path
    ):
        versions = []
        for day in (DAY, DAY + 1, DAY + 2):
            versions.append(published(tmp_path, day))
            await self.taken_up(empty, versions[-1])
        oldest, previous, current = versions
        refusal = await refusal_of(type(self).ask(empty, oldest))
        assert refusal.code == "FAILED_PRECONDITION"
        assert refusal.metadata == {"versions": f"{current},{previous}"}

    @pytest.mark.parametrize("name", ["no such", "../../etc/passwd", "x" * 10_000])
    async def test_a_version_of_any_other_name_is_refused(self, empty, tmp_path, name):
        await self.taken_up(empty, published(tmp_path))
        refusal = await refusal_of(type(self).ask(empty, name))
        assert refusal.code == "FAILED_PRECONDITION"

    async def test_rolling_back_is_activating_the_old_one(self, empty, tmp_path):
        old = published(tmp_path, DAY)
        await self.taken_up(empty, old)
        await self.taken_up(empty, published(tmp_path, DAY + 1))
        BundleStore(tmp_path / "models").activate(old)
        await self.taken_up(empty, old)

    async def test_a_tampered_version_leaves_the_old_one_serving(self, empty, tmp_path, caplog):
        good = published(tmp_path)
        await self.taken_up(empty, good)
        store = BundleStore(tmp_path / "models")
        bad = store.publish(a_draft(DAY + 1))
        prices = store.root / bad / "price.npy"
        content = bytearray(prices.read_bytes())
        content[-1] ^= 1
        prices.write_bytes(content)
        # `activate` would refuse it: someone writes the pointer by hand.
        (store.root / ACTIVE).write_text(f"{bad}\n")
        await self.rejected(caplog)
        assert await self.version_used(empty) == good
        assert await empty.health() == "SERVING"
        assert (await refusal_of(type(self).ask(empty, bad))).metadata == {"versions": good}

    @pytest.mark.parametrize(
        "pointer", ["20190101-000000000000", "../../etc", "\x00", "two\nlines"]
    )
    async def test_a_pointer_to_nowhere_leaves_the_old_one_serving(
        self, empty, tmp_path, caplog, pointer
    ):
        good = published(tmp_path)
        await self.taken_up(empty, good)
        (tmp_path / "models" / ACTIVE).write_text(pointer)
        await self.rejected(caplog)
        assert await self.version_used(empty) == good

    async def test_a_bad_first_version_keeps_it_not_serving_until_a_good_one_comes(
        self, empty, tmp_path, caplog
    ):
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / ACTIVE).write_text("20190101-000000000000\n")
        await self.rejected(caplog)
        assert await empty.health() == "NOT_SERVING"
        await self.taken_up(empty, published(tmp_path))

    async def test_calls_during_a_swap_are_answered_by_one_version_or_the_other(
        self, empty, tmp_path
    ):
        old = published(tmp_path, DAY)
        await self.taken_up(empty, old)
        new = published(tmp_path, DAY + 1)
        used = []

        async def swapped() -> bool:
            used.append(await self.version_used(empty))
            return used[-1] == new

        await until(swapped)
        assert set(used) <= {old, new}
        assert used == sorted(used)  # never back; names begin with the day
