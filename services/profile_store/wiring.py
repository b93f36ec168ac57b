"""Opens what profile_store needs and hands it in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from zoneinfo import ZoneInfo

from restock.artifacts.live import LiveModel
from restock.artifacts.store import BundleStore
from restock.serving.runner import Shell
from restock.v1.profile_store_pb2_grpc import add_ProfileStoreServiceServicer_to_server
from services.profile_store.bounds import Bounds
from services.profile_store.codec import Codec
from services.profile_store.compaction import Compaction
from services.profile_store.deleting import Rights
from services.profile_store.events.calendar import Calendar
from services.profile_store.events.convert import logged_order
from services.profile_store.importing import Importer
from services.profile_store.kept.convert import ledger_from, ledger_to, profile_to
from services.profile_store.readiness import following
from services.profile_store.recording import Recorder
from services.profile_store.redis_profiles import RedisProfiles
from services.profile_store.replenishing.model import build
from services.profile_store.servicer import MEBIBYTE, ProfileStoreServicer, Store
from services.profile_store.settings import ProfileStoreSettings
from services.profile_store.user_locks import UserLocks

SERVICE = "restock.v1.ProfileStoreService"


@asynccontextmanager
async def wiring(settings: ProfileStoreSettings, shell: Shell) -> AsyncIterator[None]:
    """Serve profiles from Redis, and say ready while it answers; a bundle is not needed."""

    async def announce(version: str) -> None:
        shell.metrics.model_version(version)

    live = LiveModel(BundleStore(settings.models), build, announce)
    async with (
        RedisProfiles.open(
            str(settings.redis_url),
            settings.redis_timeout_seconds,
            settings.redis_import_timeout_seconds,
            settings.dedupe_seconds,
            settings.redis_write_connections,
        ) as profiles,
        live.watching(settings.model_poll_seconds),
        following(profiles, shell.readiness, settings.ping_seconds),
        Compaction(profiles, settings.compaction_seconds).running() as compaction,
    ):
        calendar = Calendar(ZoneInfo(settings.time_zone), settings.max_clock_skew_seconds)
        codec = codec_of(calendar)
        bounds = Bounds()
        writing = (profiles, codec, bounds, settings.write_attempts, UserLocks())
        rights = Rights(profiles, codec, settings.write_attempts)
        most = settings.max_message_mebibytes * MEBIBYTE
        recorder, importer = Recorder(*writing), Importer(*writing)
        store = Store(profiles, codec, recorder, importer, rights, compaction, live, most)
        servicer = ProfileStoreServicer(store, calendar)
        add_ProfileStoreServiceServicer_to_server(servicer, shell.server)
        yield


def codec_of(calendar: Calendar) -> Codec:
    """Name the functions that read and write what is kept."""
    return Codec(ledger_from, ledger_to, profile_to, partial(logged_order, calendar=calendar))
