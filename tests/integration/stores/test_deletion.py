"""After a deletion the servers' own files are searched for the user, byte by byte."""

from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from redis import Redis

from restock.v1 import profile_store_pb2 as pb
from restock.v1.profile_store_pb2_grpc import ProfileStoreServiceStub
from services.profile_store.redis_values import REMEMBERED_KEY
from tests.integration.profile_store.conftest import serving
from tests.integration.profile_store.messages import (
    ACCEPTED,
    REJECTED,
    a_click,
    a_history,
    a_line,
    a_return,
    a_view,
    an_impression,
    an_order,
    delete,
    eventually,
    get,
    into_cart,
    load,
    logged,
    now,
    put,
    put_all,
)
from tests.integration.stores.servers import PACKED

GONE, STAYS = "ann-who-goes-7c1f", "bob-who-stays-44d0"
ZSTANDARD = b"\x28\xb5\x2f\xfd"


def events_of(user: str) -> list:
    """Orders, returns, views and what else there is; event ids with the user's id and without."""
    order_id = f"order-of-{user}"
    lines = [a_line("milk", 3), a_line(f"gift-for-{user}")]
    return [
        an_order(f"{user}-1", *lines, order_id=order_id, user_id=user),
        a_return(f"return:{user}", order_id, line=0, user_id=user),
        a_return(f"{user}-3", f"unknown-{order_id}", user_id=user),
        *(a_view(f"{user}-view-{number}", f"p{number}", user_id=user) for number in range(30)),
        into_cart(f"{user}-4", "eggs", user_id=user),
        an_impression(f"{user}-5", "ham", user_id=user),
        a_click(plain_id(user), "wine", user_id=user),
    ]


def plain_id(user: str) -> str:
    """An event id that does not hold the user's."""
    return f"click-{user[-4:]}"


def names_of(user: str) -> list[bytes]:
    """What must not be found of a user who was deleted."""
    names = {user, *(event.event_id for event in events_of(user))}
    return [name.encode() for name in sorted(names)]


@pytest.fixture(params=PACKED, ids=lambda packed: packed.name.replace(" ", "-"))
def folder(request, tmp_path):
    """Folder of a server's data: nothing in its files is compressed by the server."""
    with (
        request.param.running(tmp_path / "redis") as url,
        Redis.from_url(url) as client,
    ):
        client.config_set("rdbcompression", "no")
        yield Folder(tmp_path / "redis", client, url)


class Folder:
    """A server's data, on its disk and in its memory."""

    def __init__(self, path: Path, client: Redis, url: str) -> None:
        self.path = path
        self.client = client
        self.url = url

    def files_with(self, name: bytes) -> set[str]:
        found = set()
        for path in self.path.rglob("*"):
            with suppress(FileNotFoundError, IsADirectoryError):  # the server removes old ones
                if name in path.read_bytes():
                    found.add("dump" if path.name == "dump.rdb" else "append-only file")
        return found

    def dumped_with(self, name: bytes) -> bool:
        """Look into the dump of this moment."""
        self.client.save()
        return name in (self.path / "dump.rdb").read_bytes()

    def held_with(self, name: bytes) -> bool:
        """Look into the memory, also behind the compression of ledgers and profiles."""
        return any(
            name in key or name in readable(self.value(key)) for key in self.client.keys("*")
        )

    def value(self, key: bytes) -> bytes:
        match self.client.type(key):
            case b"string":
                return self.client.get(key)
            case b"list":
                return b"\n".join(self.client.lrange(key, 0, -1))
            case _:
                return self.client.dump(key)

    async def rewritten(self) -> None:
        """Wait until the server has written its append-only file anew, as it was asked to for a deletion."""
        await eventually(self.is_rewritten, bool)

    async def is_rewritten(self) -> bool:
        return not self.client.exists(REMEMBERED_KEY)


def readable(value: bytes) -> bytes:
    """Undo the compression of a profile, or of a ledger behind its commit number."""
    starts = value.find(ZSTANDARD)
    if starts in (0, 8):
        return zstandard.decompress(value[starts:])
    return value


@pytest.fixture
async def store(folder, tmp_path):
    async with serving(folder.url, tmp_path / "home") as channel:
        yield ProfileStoreServiceStub(channel)


async def test_no_byte_of_a_deleted_user_or_its_events_is_left_in_any_file(folder, store):
    await load(store, a_history(GONE), a_history(STAYS))
    for user in (GONE, STAYS):
        await put_all(store, events_of(user))
    for name in names_of(GONE) + names_of(STAYS):
        assert folder.dumped_with(name), f"{name} is not even found before the deletion"
        assert folder.files_with(name) == {"dump", "append-only file"}
        assert folder.held_with(name)
    receipt = await delete(store, GONE)
    count = len(events_of(GONE))
    assert (receipt.profiles, receipt.events, receipt.event_ids) == (1, count, count)
    await folder.rewritten()
    for name in names_of(GONE):
        assert not folder.dumped_with(name)
        assert not folder.held_with(name)

        async def left(name=name):
            return folder.files_with(name)

        await eventually(left, lambda found: not found)
    for name in names_of(STAYS):
        assert folder.files_with(name) == {"dump", "append-only file"}
    assert {event.user_id for event in await logged(store)} == {STAYS}
    assert folder.held_with(receipt.user_hash.encode())


async def test_neither_old_events_nor_an_import_bring_a_byte_back(folder, store):
    await put_all(store, events_of(GONE))
    await delete(store, GONE)
    await folder.rewritten()
    results = await put(store, *events_of(GONE), *events_of(STAYS))
    count = len(events_of(GONE))
    assert {result.status for result in results[:count]} == {REJECTED}
    assert {result.status for result in results[count:]} == {ACCEPTED}
    for replacing in (False, True):
        answer = await load(store, a_history(GONE), replace_existing=replacing)
        assert answer == pb.ImportProfilesResponse(deleted=1)
    for name in names_of(GONE):
        assert not folder.dumped_with(name)
        assert not folder.held_with(name)
        assert not folder.files_with(name)
    assert folder.files_with(STAYS.encode()) == {"dump", "append-only file"}


async def test_a_user_who_comes_back_is_kept_anew_from_the_next_revision_on(folder, store):
    await put_all(store, events_of(GONE))
    before = (await get(store, GONE)).revision
    await delete(store, GONE)
    (result,) = await put(store, a_view(plain_id(GONE), user_id=GONE, event_time=now()))
    assert (result.status, result.profile_revision) == (ACCEPTED, before + 1)
    assert folder.dumped_with(GONE.encode())
    assert not folder.dumped_with(f"{GONE}-1".encode())
