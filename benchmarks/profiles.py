"""Profiles of a model version, for benchmarks: as messages, and in a store."""

from itertools import pairwise

import grpc
from rich.progress import Progress

from restock.artifacts.profiles import ProfileTable
from restock.cli.histories import Histories
from restock.cli.import_checkpoint import Loaded
from restock.cli.profile_import import ProfileImport
from restock.core.purchase_days import told_steps
from restock.v1 import types_pb2
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub


def profile_to(profiles: ProfileTable, user: int, item_ids: list[str]) -> types_pb2.Profile:
    """Encode one user's purchases as the store answers them."""
    span = slice(int(profiles.starts[user]), int(profiles.starts[user + 1]))
    bounds = pairwise(profiles.day_starts[span.start : span.stop + 1].tolist())
    steps = [told_steps(profiles.days[begin:end].tolist()) for begin, end in bounds]
    return types_pb2.Profile(
        user_id=profiles.user_ids[user],
        product_ids=[item_ids[row] for row in profiles.item_rows[span].tolist()],
        purchase_counts=profiles.purchase_counts[span].tolist(),
        first_days=profiles.first_days[span].tolist(),
        last_days=profiles.last_days[span].tolist(),
        units_milli=profiles.units_milli[span].tolist(),
        spend_milli=profiles.spend_milli[span].tolist(),
        inner_day_steps=[step for one in steps for step in one],
        shopping_days=int(profiles.shopping_days[user]),
        last_shopping_day=int(profiles.last_shopping_days[user]),
    )


def import_profiles(
    channel: grpc.Channel, profiles: ProfileTable, item_ids: list[str], progress: Progress
) -> Loaded:
    """Bring all profiles of a model version into the store; users that exist are kept.

    Raises:
        grpc.RpcError: the store refuses, or does not answer for too long.
    """
    store, histories = ProfileStoreServiceStub(channel), Histories(profiles, item_ids)
    return ProfileImport(store, histories, progress).run()
