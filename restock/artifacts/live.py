"""The model version that a service answers with: watched, loaded off the loop, swapped whole."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, NamedTuple, TypeVar

from restock.artifacts.bundle import Bundle
from restock.artifacts.store import BundleStore
from restock.errors import BundleError, NotReady, VersionNotLoaded

M = TypeVar("M")
log = logging.getLogger(__name__)
RETRY_SECONDS = 1.0
"""Pause before a version that did not load is tried again; doubles with each try."""
LONGEST_RETRY_SECONDS = 60.0
"""Longest such pause."""


class Rejection(NamedTuple):
    """A version that did not load. What kept it from loading may pass: a full disk, say."""

    version: str
    """Which."""
    pause_seconds: float
    """How long it is left alone."""
    until: float
    """On the clock."""

    def after(self, version: str, now: float) -> "Rejection":
        """The rejection that follows this one."""
        again = version == self.version
        pause = min(2 * self.pause_seconds, LONGEST_RETRY_SECONDS) if again else RETRY_SECONDS
        return Rejection(version, pause, now + pause)


NO_REJECTION = Rejection("", 0.0, 0.0)


class LiveModel(Generic[M]):
    """What a service makes of the active bundle.

    `build` turns a bundle into the service's own model and answers a self-query; it runs in a
    thread. A bundle that does not load or build leaves the old model serving, and is tried again
    after a pause. `announce` is awaited with each version that begins to serve.
    """

    def __init__(
        self,
        store: BundleStore,
        build: Callable[[Bundle], M],
        announce: Callable[[str], Awaitable[None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.build = build
        self._models: dict[str, M] = {}
        self._current: str | None = None
        self._rejected = NO_REJECTION
        self._announce = announce
        self._clock = clock

    @property
    def version(self) -> str | None:
        """The version that answers now, None before the first."""
        return self._current

    def get(self, version: str = "") -> tuple[str, M]:
        """Return a version and its model; the current one for an empty name.

        Raises:
            NotReady: nothing is loaded yet.
            VersionNotLoaded: that version is not in memory.
        """
        if self._current is None:
            raise NotReady("no model version is loaded yet")
        wanted = version or self._current
        model = self._models.get(wanted)
        if model is None:
            raise VersionNotLoaded(wanted, [*self._models])
        return wanted, model

    async def refresh(self) -> None:
        """Load the active version if it is not the current one."""
        version = self.store.active()
        if version == self._current:
            self._rejected = NO_REJECTION  # whoever points at it again wants it tried again
        if version is None or version == self._current or self._is_left_alone(version):
            return
        try:
            model = await self._model_of(version)
        except BundleError as error:
            self._rejected = self._rejected.after(version, self._clock())
            log.error("bundle rejected", extra={"version": version, "reason": str(error)})
            return
        except Exception:
            self._rejected = self._rejected.after(version, self._clock())
            log.exception("bundle rejected", extra={"version": version})
            return
        kept = {name: old for name, old in self._models.items() if name == self._current}
        self._models = {version: model, **kept}
        self._current, self._rejected = version, NO_REJECTION
        log.info("bundle live", extra={"version": version})
        if self._announce is not None:
            await self._announce(version)

    def _is_left_alone(self, version: str) -> bool:
        return version == self._rejected.version and self._clock() < self._rejected.until

    async def _model_of(self, version: str) -> M:
        if version in self._models:
            return self._models[version]
        return await asyncio.to_thread(self._load, version)

    def _load(self, version: str) -> M:
        return self.build(self.store.load(version))

    @asynccontextmanager
    async def watching(self, poll_seconds: float) -> AsyncIterator["LiveModel[M]"]:
        """Load what is active, then keep looking every `poll_seconds` until left."""
        await self.refresh()
        task = asyncio.create_task(self._watch(poll_seconds))
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self, poll_seconds: float) -> None:
        while True:
            await asyncio.sleep(poll_seconds)
            try:
                await self.refresh()
            except Exception:
                log.exception("looking for a new bundle failed")
