"""A model version's profiles brought into the profile store."""

from collections.abc import Iterator

import grpc
import numpy as np
from rich.progress import Progress

from restock.artifacts.profiles import ProfileTable
from restock.v1 import profile_store_pb2 as pb
from restock.v1 import types_pb2
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub

BATCH_USERS = 100
SAMPLED_USERS = 100


def missing_profiles(channel: grpc.Channel, profiles: ProfileTable) -> bool:
    """Say whether any of a hundred evenly spaced users has no profile in the store."""
    count = min(SAMPLED_USERS, len(profiles.user_ids))
    places = np.linspace(0, len(profiles.user_ids) - 1, count).astype(int)
    users = [profiles.user_ids[place] for place in places]
    answer = ProfileStoreServiceStub(channel).BatchGetProfiles(
        pb.BatchGetProfilesRequest(user_ids=users)
    )
    return any(profile.revision == 0 for profile in answer.profiles)


def import_profiles(
    channel: grpc.Channel, profiles: ProfileTable, item_ids: list[str], progress: Progress
) -> pb.ImportProfilesResponse:
    """Stream all profiles to the store; profiles that exist are kept."""
    task = progress.add_task("import profiles", total=len(profiles.user_ids))

    def batches() -> Iterator[pb.ImportProfilesRequest]:
        for start in range(0, len(profiles.user_ids), BATCH_USERS):
            users = range(start, min(start + BATCH_USERS, len(profiles.user_ids)))
            batch = [profile_to(profiles, user, item_ids) for user in users]
            yield pb.ImportProfilesRequest(profiles=batch)
            progress.advance(task, len(batch))

    return ProfileStoreServiceStub(channel).ImportProfiles(batches())


def profile_to(profiles: ProfileTable, user: int, item_ids: list[str]) -> types_pb2.Profile:
    """Encode one user's purchases."""
    span = slice(int(profiles.starts[user]), int(profiles.starts[user + 1]))
    return types_pb2.Profile(
        user_id=profiles.user_ids[user],
        product_ids=[item_ids[row] for row in profiles.item_rows[span].tolist()],
        purchase_counts=profiles.purchase_counts[span].tolist(),
        first_days=profiles.first_days[span].tolist(),
        last_days=profiles.last_days[span].tolist(),
        units_milli=profiles.units_milli[span].tolist(),
        spend_milli=profiles.spend_milli[span].tolist(),
        shopping_days=int(profiles.shopping_days[user]),
        last_shopping_day=int(profiles.last_shopping_days[user]),
    )


def most_loyal(profiles: ProfileTable) -> str:
    """User with the most shopping days; the first of several."""
    return profiles.user_ids[int(np.argmax(profiles.shopping_days))]
