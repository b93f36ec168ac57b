"""From a purchase to the next answer, and to the next model version."""

import subprocess
import sys
import time
from pathlib import Path

import grpc

from restock.artifacts.store import BundleStore
from restock.cli.suite import Suite
from restock.v1 import gateway_pb2, profile_store_pb2
from restock.v1.events_pb2 import Event, Order, OrderLine, Return
from restock.v1.gateway_pb2_grpc import RecommendationServiceStub
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.e2e.conftest import a_suite
from tests.unit.trainer.shop import a_source, many_rows, write
from tests.unit.trainer.test_main import COLUMNS

SECONDS_A_DAY = 86_400


def restock(*arguments: str) -> str:
    """Run the command as a user does."""
    command = [str(Path(sys.executable).with_name("restock")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def trained(home: Path, *more: str) -> str:
    """Learn from the shop's file and whatever is given, activate and return the version."""
    files = ["transactions=sales.csv", "products=products.csv", "columns=columns.toml",
             "tuning=tuning.toml"]  # fmt: skip
    restock("train", f"--home={home}", *(f"--{f.replace('=', f'={home}/')}" for f in files), *more)
    version = BundleStore(home / "models").active()
    assert version is not None
    return version


def an_order(number: int, product: str, units: float) -> Event:
    """Zoe's, a moment ago."""
    event = Event(
        event_id=f"order-{number}",
        user_id="zoe",
        order=Order(
            order_id=str(number),
            lines=[OrderLine(product_id=product, quantity=units, unit_price=2.0)],
        ),
    )
    event.event_time.GetCurrentTime()
    event.event_time.seconds -= SECONDS_A_DAY
    return event


def put(store: ProfileStoreServiceStub, *events: Event) -> None:
    answer = store.PutEvents(profile_store_pb2.PutEventsRequest(events=events), timeout=5)
    accepted = profile_store_pb2.EVENT_STATUS_ACCEPTED
    assert {result.status for result in answer.results} == {accepted}


def page(front: RecommendationServiceStub) -> list[str]:
    answer = front.Recommend(gateway_pb2.RecommendRequest(user_id="zoe"), timeout=5)
    return [result.product_id for result in answer.results]


def addresses(suite: Suite) -> dict[str, str]:
    return {member.module: f"127.0.0.1:{member.port}" for member in suite.members}


def test_a_purchase_changes_the_next_answer_within_a_second_and_is_in_the_next_version(tmp_path):
    a_source(tmp_path, many_rows())
    write(tmp_path / "columns.toml", COLUMNS)
    write(tmp_path / "tuning.toml", "als_factors = 4\n")
    first = trained(tmp_path)
    with a_suite(tmp_path) as suite:
        at = addresses(suite)
        with (
            grpc.insecure_channel(at["gateway"]) as front_channel,
            grpc.insecure_channel(at["profile_store"]) as store_channel,
        ):
            front = RecommendationServiceStub(front_channel)
            store = ProfileStoreServiceStub(store_channel)
            before = page(front)
            started = time.monotonic()
            put(store, an_order(1, before[0], 3.0), an_order(2, before[1], 2.0))
            assert page(front) != before
            assert time.monotonic() - started < 1

            given_back = Event(
                event_id="return-1",
                user_id="zoe",
                order_return=Return(order_id="2", line=0, quantity=2.0),
            )
            given_back.event_time.GetCurrentTime()
            put(store, given_back)
        folder = tmp_path / "events"
        restock("events", "export", str(folder), f"--address={at['profile_store']}")
        second = trained(tmp_path, f"--events={folder}")

    versions = BundleStore(tmp_path / "models")
    assert second != first
    assert "zoe" not in versions.profiles(first).user_ids
    learned = versions.profiles(second)
    user = learned.user_ids.index("zoe")
    span = slice(int(learned.starts[user]), int(learned.starts[user + 1]))
    names = list(versions.load(second).catalogue.item_ids)
    assert [names[row] for row in learned.item_rows[span]] == [before[0]]
    assert learned.units_milli[span].tolist() == [3000]
