"""A small profile store that takes imports, on a real socket, and fails when it is told to."""

import threading
from collections.abc import Iterator

import grpc

from restock.cli.profile_import import user_hash
from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceServicer


class ImportedHistories(ProfileStoreServiceServicer):
    """Keeps histories as they were sent, each under its user; a user that exists is kept."""

    def __init__(self, fails_after: list[int | None] | None = None) -> None:
        self.histories: dict[str, bytes] = {}
        self.deleted: set[str] = set()
        self.fails_after = fails_after or []
        """Of each stream to come, messages after which it fails; None, and further streams: never."""
        self.status = grpc.StatusCode.UNAVAILABLE
        self.sent: list[str] = []
        """Users of all streams, in the order in which they came."""
        self.streams = 0
        self.blocked: threading.Event | None = None
        """If set, streams wait for it after their first message."""
        self.reached = threading.Event()

    def ImportProfiles(self, request_iterator, context):  # noqa: N802
        self.streams += 1
        most = self.fails_after.pop(0) if self.fails_after else None
        answer, replace = pb.ImportProfilesResponse(), None
        for number, request in enumerate(request_iterator):
            if number == most:
                context.abort(self.status, "Redis does not answer")
            replace = request.replace_existing if replace is None else replace
            for history in request.histories:
                self._take(history, replace, answer)
            self.reached.set()
            if self.blocked:
                self.blocked.wait(10)
        if most is not None:
            context.abort(self.status, "Redis does not answer")
        return answer

    def _take(self, history: pb.PurchaseHistory, replace: bool, answer) -> None:
        user = history.user_id
        self.sent.append(user)
        if user in self.deleted:
            answer.deleted += 1
        elif user in self.histories and not replace:
            answer.kept += 1
        else:
            answer.imported += 1
            self.histories[user] = history.SerializeToString(deterministic=True)

    def BatchGetProfiles(self, request, context):  # noqa: N802
        return pb.BatchGetProfilesResponse(
            profiles=[
                types_pb2.Profile(user_id=user, revision=int(user in self.histories))
                for user in request.user_ids
            ]
        )

    def ListDeletedUsers(self, request, context) -> Iterator[pb.ListDeletedUsersResponse]:  # noqa: N802
        for user in sorted(self.deleted):
            yield pb.ListDeletedUsersResponse(users=[pb.DeletedUser(user_hash=user_hash(user))])
