"""Opens what profile_store needs and hands it in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

from restock.artifacts.live import LiveModel
from restock.artifacts.store import BundleStore
from restock.serving.runner import Shell
from restock.v1.profile_store_pb2_grpc import add_ProfileStoreServiceServicer_to_server
from services.profile_store import convert
from services.profile_store.profiles import ProfileRepository
from services.profile_store.readiness import following
from services.profile_store.recording import Codec, Recorder
from services.profile_store.redis_profiles import RedisProfiles
from services.profile_store.servicer import ProfileStoreServicer
from services.profile_store.settings import ProfileStoreSettings

SERVICE = "restock.v1.ProfileStoreService"


@asynccontextmanager
async def wiring(settings: ProfileStoreSettings, shell: Shell) -> AsyncIterator[None]:
    """Serve profiles from Redis, and say ready while it answers; a bundle is not needed."""

    async def announce(version: str) -> None:
        shell.metrics.model_version(version)

    store = BundleStore(settings.models)
    live = LiveModel(store, lambda bundle: bundle.manifest.segment_cuts, announce)
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
    ):
        servicer = servicer_of(settings, profiles, live)
        add_ProfileStoreServiceServicer_to_server(servicer, shell.server)
        yield


def servicer_of(
    settings: ProfileStoreSettings, profiles: ProfileRepository, live: LiveModel[convert.Cuts]
) -> ProfileStoreServicer:
    """Put the servicer together around any repository."""
    codec = Codec(convert.decoded, convert.encoded)
    recorder = Recorder(profiles, codec, settings.max_products, settings.write_attempts)
    calendar = convert.Calendar(ZoneInfo(settings.time_zone), settings.max_clock_skew_seconds)
    return ProfileStoreServicer(profiles, recorder, calendar, live, settings.max_products)
