"""Keeps the popular products fresh, and on disk for a restart while candidate_gen is away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from google.protobuf.message import DecodeError

from restock.artifacts.whole_file import whole_file
from restock.core.product_filter import ProductFilter
from services.gateway import trust
from services.gateway.degradation import PeerFailed
from services.gateway.fallback.convert import popular_from, popular_in
from services.gateway.fallback.popular import NOTHING_POPULAR, PopularList
from services.gateway.peers import CandidateGenPeer, Popular

log = logging.getLogger(__name__)
FETCH_SECONDS = 5.0
"""How long one fetch may take: nobody waits for it."""
TOO_MANY = frozenset(("INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"))
"""Refusals of a long list: a candidate_gen of an older release has a lower limit, and a message has one."""


class PopularKeeper:
    """Holds the last list that could be used.

    Args:
        candidate_gen: asked for the list.
        file: where it is kept.
        count: how many products to ask for; half as many, and so on, where that is refused.
    """

    def __init__(self, candidate_gen: CandidateGenPeer, file: Path, count: int) -> None:
        self._candidate_gen = candidate_gen
        self._file = file
        self._count = count
        self._fetched = False
        self.list: PopularList = NOTHING_POPULAR
        self.version = ""
        """Model version that the list came from; empty before the first."""

    def unknown_categories(
        self, within: ProductFilter | None, model_version: str
    ) -> tuple[str, ...]:
        """Categories of a filter that a model version's catalogue does not have.

        Args:
            within: the filter.
            model_version: empty for whatever catalogue was known last; of another than the list's nothing
                is known.
        """
        if within is None or model_version not in ("", self.version):
            return ()
        return self.list.unknown_categories(within.categories)

    async def load(self) -> bool:
        """Take the list from the file; a file that is missing or damaged changes nothing."""
        try:
            await self._take(popular_in(self._file.read_bytes()))
        except FileNotFoundError:
            return False
        except (OSError, DecodeError, PeerFailed) as error:
            log.warning("popular file passed over", extra={"reason": str(error)})
            return False
        return True

    async def fetch(self) -> bool:
        """Ask candidate_gen for the list, unless this is it, and keep it; say whether that worked."""
        # A list from the file may have been cut shorter than one that is asked for now.
        known = self.version if self._fetched or self.list.whole else ""
        try:
            popular = await self._asked(known)
            if known and popular.unchanged and popular.model_version == known:
                return True
            await self._take(popular)
        except PeerFailed as failure:
            log.warning("popular products not fetched", extra={"reason": str(failure)})
            return False
        self._fetched = True
        await asyncio.to_thread(self._save, popular)
        return True

    async def _asked(self, known: str) -> Popular:
        """Ask for as many products as candidate_gen gives.

        Raises:
            PeerFailed: it is away, or refuses for another reason.
        """
        count = self._count
        while True:
            try:
                return await self._candidate_gen.popular(None, count, FETCH_SECONDS, known)
            except PeerFailed as failure:
                if failure.reason not in TOO_MANY or count == 1:
                    raise
                count //= 2

    async def _take(self, popular: Popular) -> None:
        """Decode a list and put it in the place of the last one.

        Raises:
            PeerFailed: it cannot be used.
        """
        trust.check_popular_shape(popular, self._count)
        fresh = await popular_from(popular)
        trust.check_popular_list(fresh)
        self.list, self.version = fresh, popular.model_version

    def _save(self, popular: Popular) -> None:
        """Replace the file in one step. A disk that refuses is no reason not to answer."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(self._file) as file:
                file.write(popular.SerializeToString())
        except OSError as error:
            log.warning("popular products not saved", extra={"reason": str(error)})

    @asynccontextmanager
    async def refreshing(
        self, refresh_seconds: float, retry_seconds: float, known: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Take the file, then fetch in the background until left.

        Args:
            refresh_seconds: from one list to the next.
            retry_seconds: after asking in vain.
            known: called each time that there is a list.
        """
        if await self.load():
            await known()
        task = asyncio.create_task(self._refresh(refresh_seconds, retry_seconds, known))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _refresh(
        self, refresh_seconds: float, retry_seconds: float, known: Callable[[], Awaitable[None]]
    ) -> None:
        while True:
            if await self.fetch():
                await known()
                await asyncio.sleep(refresh_seconds)
            else:
                await asyncio.sleep(retry_seconds)
