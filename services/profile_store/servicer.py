"""The RPCs: decode, call, encode."""

import time
from collections.abc import AsyncIterator
from typing import Any

import grpc

from restock.artifacts.live import LiveModel
from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceServicer
from services.profile_store import convert
from services.profile_store.convert import Calendar, Cuts
from services.profile_store.profiles import ProfileRepository
from services.profile_store.recording import Recorder

Context = grpc.aio.ServicerContext[Any, Any]


class ProfileStoreServicer(ProfileStoreServiceServicer):
    """Answers from a repository, whichever it is."""

    def __init__(
        self,
        profiles: ProfileRepository,
        recorder: Recorder,
        calendar: Calendar,
        segment_cuts: LiveModel[Cuts],
        max_products: int,
    ) -> None:
        self._profiles = profiles
        self._recorder = recorder
        self._calendar = calendar
        self._segment_cuts = segment_cuts
        self._max_products = max_products

    async def GetProfile(  # noqa: N802
        self, request: pb.GetProfileRequest, context: Context
    ) -> pb.GetProfileResponse:
        """Answer one profile."""
        user_id = convert.user_id_from(request)
        stored = await self._profiles.read(user_id)
        return convert.profile_response_to(user_id, stored, self._cuts())

    async def BatchGetProfiles(  # noqa: N802
        self, request: pb.BatchGetProfilesRequest, context: Context
    ) -> pb.BatchGetProfilesResponse:
        """Answer many profiles, in the order asked."""
        user_ids = convert.user_ids_from(request)
        found = await self._profiles.read_many(user_ids)
        return convert.profiles_response_to(user_ids, found, self._cuts())

    async def PutEvents(  # noqa: N802
        self, request: pb.PutEventsRequest, context: Context
    ) -> pb.PutEventsResponse:
        """Record events, each with its own answer."""
        events, rejected = convert.events_from(request, self._calendar, time.time())
        outcomes = await self._recorder.record(events)
        return convert.results_to(outcomes | rejected)

    async def ImportProfiles(  # noqa: N802
        self, request_iterator: AsyncIterator[pb.ImportProfilesRequest], context: Context
    ) -> pb.ImportProfilesResponse:
        """Load whole profiles."""
        loaded = sent = 0
        replace: bool | None = None
        async for request in request_iterator:
            replace = request.replace_existing if replace is None else replace
            for bodies in convert.bodies_from(request, self._max_products):
                sent += len(bodies)
                loaded += await self._profiles.load(bodies, replace)
        return pb.ImportProfilesResponse(imported=loaded, kept=sent - loaded)

    def _cuts(self) -> Cuts | None:
        return self._segment_cuts.get()[1] if self._segment_cuts.version else None
