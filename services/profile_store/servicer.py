"""The RPCs: decode, call, encode."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from restock.artifacts.live import LiveModel
from restock.serving.convert import check_id
from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceServicer
from services.profile_store import convert, reading
from services.profile_store.codec import Codec
from services.profile_store.compaction import Compaction
from services.profile_store.deleting import Rights
from services.profile_store.events.calendar import MICROS, Calendar
from services.profile_store.events.convert import EventReader
from services.profile_store.importing import Importer, Loaded
from services.profile_store.ledger import Ledger, until
from services.profile_store.profile import profile_of
from services.profile_store.recording import Recorder
from services.profile_store.replenishing import convert as replenishing
from services.profile_store.replenishing.model import ShopModel
from services.profile_store.repository import Entry, ProfileRepository
from services.profile_store.turns import Turns

Context = grpc.aio.ServicerContext[Any, Any]
NO_MODEL = ShopModel()
MEBIBYTE = 1024 * 1024
LARGE_BYTES = 5_000
"""An event from which on its JSON takes milliseconds: that is left to a thread."""


@dataclass(frozen=True)
class Store:
    """What the RPCs work with."""

    profiles: ProfileRepository
    """Where everything is kept."""
    codec: Codec
    """To and from its bytes."""
    recorder: Recorder
    """Takes events."""
    importer: Importer
    """Takes the past."""
    rights: Rights
    """Forgets, and gives out."""
    compaction: Compaction
    """Told of deletions."""
    models: LiveModel[ShopModel]
    """What was learned of items and shoppers."""
    most_bytes: int = 16 * MEBIBYTE
    """Size of an answer that may be sent."""


async def event_lines(entries: Sequence[Entry]) -> list[str]:
    """Write events as JSON lines; others have their turn in between."""
    turns, lines = Turns(), []
    for entry in entries:
        if len(entry.payload) < LARGE_BYTES:
            lines.append(convert.event_line(entry))
        else:
            lines.append(await asyncio.to_thread(convert.event_line, entry))
        await turns.give()
    return lines


class ProfileStoreServicer(ProfileStoreServiceServicer):
    """Answers from a repository, whichever it is."""

    def __init__(self, store: Store, calendar: Calendar) -> None:
        self._store = store
        self._calendar = calendar

    async def GetProfile(  # noqa: N802
        self, request: pb.GetProfileRequest, context: Context
    ) -> pb.GetProfileResponse:
        """Answer one profile."""
        user_id = check_id(request.user_id, "user_id")
        if request.include_cycles:
            return pb.GetProfileResponse(profile=await self._with_cycles(user_id))
        body = await self._store.profiles.read(user_id)
        return pb.GetProfileResponse(profile=convert.profile_to(user_id, body, self._cuts()))

    async def BatchGetProfiles(  # noqa: N802
        self, request: pb.BatchGetProfilesRequest, context: Context
    ) -> pb.BatchGetProfilesResponse:
        """Answer many profiles, in the order asked."""
        user_ids = convert.user_ids_from(request)
        found = await self._store.profiles.read_many(user_ids)
        answer = convert.profiles_response_to(user_ids, found, self._cuts())
        return convert.fitting(answer, self._store.most_bytes)

    async def GetReplenishment(  # noqa: N802
        self, request: pb.GetReplenishmentRequest, context: Context
    ) -> pb.GetReplenishmentResponse:
        """Answer what a shopper is about to need again."""
        asked = replenishing.outlook_from(request, self._calendar, time.time())
        profile = profile_of(until(await self._ledger(asked.user_id), asked.as_of_day))
        version, model = self._model()
        found = model.outlook(profile, asked.as_of_day, asked.horizon_days)
        return replenishing.response_to(asked, profile, found, version)

    async def PutEvents(  # noqa: N802
        self, request: pb.PutEventsRequest, context: Context
    ) -> pb.PutEventsResponse:
        """Record events, each with its own answer."""
        events, rejected = convert.events_from(request.events, self._reader())
        outcomes = await self._store.recorder.record(events)
        return convert.results_to(outcomes | rejected)

    async def StreamEvents(  # noqa: N802
        self, request_iterator: AsyncIterator[pb.StreamEventsRequest], context: Context
    ) -> AsyncIterator[pb.StreamEventsResponse]:
        """Record events as they come, and say after each message what is settled."""
        settled = pb.StreamEventsResponse()
        async for request in request_iterator:
            events, rejected = convert.events_from(request.events, self._reader())
            outcomes = await self._store.recorder.record(events)
            settled = convert.settled_to(settled, request.events, outcomes | rejected)
            yield settled

    async def ImportProfiles(  # noqa: N802
        self, request_iterator: AsyncIterator[pb.ImportProfilesRequest], context: Context
    ) -> pb.ImportProfilesResponse:
        """Load purchases of the past."""
        loaded = Loaded()
        replacing: bool | None = None
        async for request in request_iterator:
            replacing = request.replace_existing if replacing is None else replacing
            for histories in convert.histories_from(request):
                await self._store.importer.load(histories, replacing, loaded)
        return convert.import_response_to(loaded)

    async def ReadEvents(  # noqa: N802
        self, request: pb.ReadEventsRequest, context: Context
    ) -> AsyncIterator[pb.ReadEventsResponse]:
        """Read the log."""
        after = reading.check_cursor(request.after, "after")
        up_to = reading.check_cursor(request.up_to, "up_to")
        async for portion in reading.portions(self._store.profiles, after, up_to):
            yield convert.read_response_to(*portion)

    async def ExportUser(  # noqa: N802
        self, request: pb.ExportUserRequest, context: Context
    ) -> AsyncIterator[pb.ExportUserResponse]:
        """Give out everything that is held of one person."""
        user_id = check_id(request.user_id, "user_id")
        kept = await self._store.rights.held(user_id)
        if not kept.ledger:
            return
        # Each may be some megabytes.
        yield pb.ExportUserResponse(
            lines=[await asyncio.to_thread(convert.profile_line, user_id, kept)]
        )
        yield pb.ExportUserResponse(lines=[await asyncio.to_thread(convert.ledger_line, kept)])
        async for entries in self._store.rights.events(kept):
            yield pb.ExportUserResponse(lines=await event_lines(entries))

    async def DeleteUser(  # noqa: N802
        self, request: pb.DeleteUserRequest, context: Context
    ) -> pb.DeleteUserResponse:
        """Forget one person."""
        user_id = check_id(request.user_id, "user_id")
        try:
            receipt = await self._store.rights.delete(user_id, int(time.time() * MICROS))
        finally:
            self._store.compaction.want()  # also for a caller who left in between
        return convert.receipt_to(user_id, receipt)

    async def ListDeletedUsers(  # noqa: N802
        self, request: pb.ListDeletedUsersRequest, context: Context
    ) -> AsyncIterator[pb.ListDeletedUsersResponse]:
        """Give out all deletions."""
        async for deletions in self._store.profiles.deletions():
            yield convert.deletions_to(deletions)

    def _reader(self) -> EventReader:
        return EventReader(self._calendar, time.time())

    def _model(self) -> tuple[str, ShopModel]:
        return self._store.models.get() if self._store.models.version else ("", NO_MODEL)

    def _cuts(self) -> convert.Cuts | None:
        catalogue = self._model()[1].catalogue
        return catalogue.segment_cuts if catalogue else None

    async def _with_cycles(self, user_id: str) -> types_pb2.Profile:
        ledger = await self._ledger(user_id)
        profile = profile_of(ledger)
        body = self._store.codec.profile_to(user_id, ledger.revision, profile)
        message = convert.profile_to(user_id, body, self._cuts())
        day = self._calendar.day(time.time())
        found = self._model()[1].outlook(profile, day, replenishing.DEFAULT_HORIZON_DAYS)
        replenishing.add_cycles(message, found)
        return message

    async def _ledger(self, user_id: str) -> Ledger:
        return await reading.ledger_of(self._store.profiles, self._store.codec, user_id)
