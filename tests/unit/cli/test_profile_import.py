import dataclasses

import grpc
import pytest
from rich.console import Console
from rich.progress import Progress

from restock.cli.import_checkpoint import Loaded
from restock.cli.profile_import import (
    Histories,
    Manner,
    ProfileImport,
    missing_profiles,
    most_loyal,
)
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from tests.a_bundle import two_shoppers
from tests.unit.cli.a_profile_store import serving
from tests.unit.cli.an_import_store import ImportedHistories
from tests.unit.cli.test_histories import ten_users, with_a_guest

AT_ONCE = Manner(portion_purchases=6, first_pause_seconds=0, give_up_seconds=0.2)
"""Portions of three users, no pauses."""


@pytest.fixture
def bars():
    return Progress(disable=True)


def users(first: int, last: int) -> list[str]:
    return [f"u{user}" for user in range(first, last + 1)]


def wanted(histories: Histories) -> dict[str, bytes]:
    found = histories.request(range(len(histories.fits))).histories
    return {history.user_id: history.SerializeToString(deterministic=True) for history in found}


def brought(store: ImportedHistories, histories: Histories, bars, done=None, manner=AT_ONCE):
    """Import and return where it went on from, how far it came, and what was noted on the way."""
    noted: list[Loaded] = []
    with serving(store) as address, grpc.insecure_channel(address) as channel:
        running = ProfileImport(ProfileStoreServiceStub(channel), histories, bars, manner)
        come = running.run(done or Loaded(), noted.append)
        return running.before, come, noted


def test_all_users_are_imported_and_noted_portion_by_portion(bars):
    store, histories = ImportedHistories(), ten_users()
    before, done, noted = brought(store, histories, bars)
    assert store.histories == wanted(histories)
    assert (before, done) == (Loaded(), Loaded(users=10, imported=10))
    assert [each.users for each in noted] == [3, 6, 9, 10]
    assert bars.tasks[0].completed == bars.tasks[0].total == 20


def test_what_exists_is_kept_or_replaced_when_asked(bars):
    store = ImportedHistories()
    brought(store, ten_users(), bars)
    assert brought(store, ten_users(2.5), bars)[1] == Loaded(users=10, kept=10)
    assert store.histories == wanted(ten_users())
    replacing = dataclasses.replace(ten_users(2.5), replace=True)
    assert brought(store, replacing, bars)[1] == Loaded(users=10, imported=10)
    assert store.histories == wanted(ten_users(2.5))


def test_deleted_users_are_counted(bars):
    store = ImportedHistories()
    store.deleted = {"u4", "u7"}
    assert brought(store, ten_users(), bars)[1] == Loaded(users=10, imported=8, deleted=2)


@pytest.mark.parametrize("code", ["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"])
def test_a_portion_that_fails_is_sent_again_and_nothing_counts_twice(bars, code):
    store, histories = ImportedHistories(fails_after=[0, 1, 0]), ten_users()
    store.status = grpc.StatusCode[code]
    _, done, noted = brought(store, histories, bars)
    assert store.histories == wanted(histories)
    assert store.sent[:6] == users(0, 2) * 2
    assert (done.users, done.imported + done.kept) == (10, 10)
    assert [each.users for each in noted] == [3, 6, 9, 10]


def test_a_store_that_stays_away_is_given_up_and_what_was_acknowledged_is_noted(bars):
    store, noted = ImportedHistories(), []

    def note(done: Loaded) -> None:
        noted.append(done)
        store.fails_after = [0] * 100_000

    with serving(store) as address, grpc.insecure_channel(address) as channel:
        running = ProfileImport(ProfileStoreServiceStub(channel), ten_users(), bars, AT_ONCE)
        with pytest.raises(grpc.RpcError, match="Redis does not answer"):
            running.run(Loaded(), note)
    assert noted == [Loaded(users=3, imported=3)]


def test_a_store_that_is_away_is_told_once_and_at_once(capsys):
    store = ImportedHistories(fails_after=[0, 0, 0])
    bars = Progress(disable=True, console=Console(stderr=True, width=200))
    brought(store, ten_users(), bars, manner=dataclasses.replace(AT_ONCE, give_up_seconds=60))
    told = capsys.readouterr().err
    assert told == "UNAVAILABLE: Redis does not answer; trying again for up to 60 s\n"


def test_a_store_that_refuses_is_not_asked_again(bars):
    store = ImportedHistories(fails_after=[0])
    store.status = grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError):
        brought(store, ten_users(), bars)
    assert store.streams == 1


def test_it_goes_on_where_it_ended(bars):
    store, histories = ImportedHistories(), ten_users()
    store.histories = dict.fromkeys(users(0, 4), b"")
    _, done, _ = brought(store, histories, bars, Loaded(users=5, imported=4, kept=1))
    assert store.sent == users(5, 9)
    assert done == Loaded(users=10, imported=9, kept=1)


def test_it_begins_again_where_the_store_has_lost_some_of_what_it_acknowledged(bars):
    store = ImportedHistories()
    store.histories = dict.fromkeys(users(0, 3), b"")  # u4 was the last one acknowledged
    _, done, _ = brought(store, ten_users(), bars, Loaded(users=5, imported=5))
    assert store.sent == users(0, 9)
    assert done == Loaded(users=10, imported=6, kept=4)


def test_users_deleted_since_are_not_lost(bars):
    store = ImportedHistories()
    store.histories = dict.fromkeys(users(0, 3), b"")
    store.deleted = {"u4"}
    brought(store, ten_users(), bars, Loaded(users=5, imported=5))
    assert store.sent == users(5, 9)


def test_a_finished_import_has_nothing_left_to_send(bars):
    store = ImportedHistories()
    store.histories = wanted(ten_users())
    done = Loaded(users=10, imported=10)
    assert brought(store, ten_users(), bars, done)[1] == done
    assert store.sent == []


def test_a_user_with_more_on_one_day_than_the_store_keeps_is_left_out(bars):
    store, histories = ImportedHistories(), with_a_guest({1: 5, 9: 20_001})
    manner = dataclasses.replace(AT_ONCE, portion_purchases=1)
    assert brought(store, histories, bars, manner=manner)[1] == Loaded(users=3, imported=2)
    assert (histories.fits.tolist(), store.sent) == ([True, False, True], ["ann", "eve"])


def test_a_profile_is_missing_when_neither_there_nor_deleted(bars):
    store, histories = ImportedHistories(), ten_users()
    store.histories = wanted(histories)
    with serving(store) as address, grpc.insecure_channel(address) as channel:
        stub = ProfileStoreServiceStub(channel)
        assert not missing_profiles(stub, histories)
        del store.histories["u9"]
        assert missing_profiles(stub, histories)
        assert not missing_profiles(stub, histories, 9)
        assert not missing_profiles(stub, histories, 0)
        store.deleted = {"u9"}
        assert not missing_profiles(stub, histories)


def test_the_most_loyal_user_has_the_most_shopping_days():
    assert most_loyal(two_shoppers()) == "ann"
