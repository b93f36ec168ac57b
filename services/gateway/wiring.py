"""Opens what the gateway needs and hands it in."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from prometheus_client import Counter

from restock.serving.channels import open_channel
from restock.serving.runner import Shell
from restock.tuning_config import TuningConfig, read_changes
from restock.v1.gateway_pb2_grpc import add_RecommendationServiceServicer_to_server
from services.gateway.answer import Answer
from services.gateway.batch import Batch
from services.gateway.cache import Cache
from services.gateway.calendar import Calendar
from services.gateway.convert import overrides_of
from services.gateway.fallback.keeper import PopularKeeper
from services.gateway.peers import GrpcCandidateGen, GrpcProfileStore, GrpcReranker
from services.gateway.pipeline import CacheKey, Ceilings, Pipeline
from services.gateway.servicer import RecommendationServicer, Terms
from services.gateway.settings import GatewaySettings
from services.gateway.similar import Similar
from services.gateway.tally import DegradationTally

SERVICE = "restock.v1.RecommendationService"
MILLISECONDS = 1000


@asynccontextmanager
async def wiring(settings: GatewaySettings, shell: Shell) -> AsyncIterator[None]:
    """Serve, and say ready once popular products are known: from then on every call has an answer."""
    terms = terms_of(settings)
    async with AsyncExitStack() as stack:
        open_one = partial(open_channel, max_message_mebibytes=settings.max_message_mebibytes)
        profile_store, candidate_gen, reranker = [
            await stack.enter_async_context(open_one(address))
            for address in (
                settings.profile_store_address,
                settings.candidate_gen_address,
                settings.reranker_address,
            )
        ]
        profiles, finder = GrpcProfileStore(profile_store), GrpcCandidateGen(candidate_gen)
        popular = PopularKeeper(finder, settings.popular_file, settings.popular_count)
        ceilings = ceilings_of(settings)
        cache = cache_of(settings, shell)
        ranker = GrpcReranker(reranker)
        pipeline = Pipeline(profiles, finder, ranker, popular, cache, ceilings)
        batch = Batch(pipeline, profiles, ceilings.profile_store, settings.batch_concurrency)
        similar, tally = Similar(finder, popular), DegradationTally(shell.metrics.registry)
        servicer = RecommendationServicer(pipeline, batch, similar, terms, tally)
        add_RecommendationServiceServicer_to_server(servicer, shell.server)

        async def known() -> None:
            pipeline.follow(popular.version)
            await shell.readiness.set(True)

        refresh, retry = settings.popular_refresh_seconds, settings.popular_retry_seconds
        await stack.enter_async_context(popular.refreshing(refresh, retry, known))
        yield


def terms_of(settings: GatewaySettings) -> Terms:
    """Work out what holds for every call.

    Raises:
        InvalidTuning: the tuning file sets what a gateway cannot change.
    """
    changes = read_changes(settings.tuning) if settings.tuning else {}
    return Terms(
        calendar=Calendar(settings.time_zone, settings.as_of_day),
        tuning=overrides_of(changes),
        tuning_revision=TuningConfig().changed(changes).revision(),
        default_seconds=settings.default_deadline_ms / MILLISECONDS,
        reserve_seconds=settings.reserve_ms / MILLISECONDS,
        candidate_gen_seconds=settings.candidate_gen_ms / MILLISECONDS,
        further_seconds=settings.batch_deadline_ms / MILLISECONDS,
        page_reserve_seconds=settings.batch_reserve_ms / MILLISECONDS,
        result_reserve_seconds=settings.batch_reserve_result_ms / MILLISECONDS,
    )


def ceilings_of(settings: GatewaySettings) -> Ceilings:
    """Most seconds that each hop may take."""
    return Ceilings(
        profile_store=settings.profile_store_ms / MILLISECONDS,
        candidate_gen=settings.candidate_gen_ms / MILLISECONDS,
        reranker=settings.reranker_ms / MILLISECONDS,
    )


def cache_of(settings: GatewaySettings, shell: Shell) -> Cache[CacheKey, Answer]:
    """Make the cache of answers, counted in the service's metrics."""
    lookups = Counter(
        "restock_gateway_cache_total", "Answers looked for in the cache, by outcome.",
        ["outcome"], registry=shell.metrics.registry,
    )  # fmt: skip
    hits, misses = lookups.labels("hit"), lookups.labels("miss")
    return Cache(settings.cache_entries, settings.cache_seconds, hits, misses)
