from itertools import permutations

import pytest

from restock.errors import InvalidRequest, StoreUnavailable
from services.profile_store.bounds import Bounds
from services.profile_store.deleting import Rights
from services.profile_store.importing import History, Loaded
from services.profile_store.ledger import Cell
from services.profile_store.memory_profiles import MemoryProfiles
from services.profile_store.profile import profile_of
from tests.unit.profile_store.shop import (
    BOUNDS,
    CODEC,
    DAY,
    NOON,
    SECONDS_A_DAY,
    an_importer,
    cells,
    kept_ledger,
    order_line,
    ordered,
    record,
    returned,
    shown,
    viewed,
)

MILK = {"milk": {DAY: Cell(1000, 1500)}}
TEA = {"tea": {DAY: Cell(3000, 0)}}


class OneConflict(MemoryProfiles):
    """Another writer comes first with the first write."""

    conflicts = 1

    async def commit(self, changes):
        if self.conflicts and changes:
            self.conflicts -= 1
            await record(self, viewed(event_id="first"))
        return await super().commit(changes)


class Contested(MemoryProfiles):
    """Someone else always comes first."""

    async def commit(self, changes):
        return [False for _ in changes]


async def load(profiles, *histories, replacing=False, bounds=BOUNDS, attempts=64):
    """Load cells by user, parted as in a request."""
    loaded = Loaded()
    told = [
        History(f"histories[{n}]", user, found)
        for n, (user, found) in enumerate(histories)
    ]  # fmt: skip
    await an_importer(profiles, bounds, attempts).load(told, replacing, loaded)
    return loaded


async def test_a_new_user_is_written_with_revision_1():
    profiles = MemoryProfiles()
    assert await load(profiles, ("ann", MILK), ("bob", TEA)) == Loaded(imported=2)
    ledger = await kept_ledger(profiles)
    assert (ledger.revision, ledger.log_length, cells(ledger)) == (
        1,
        0,
        {"milk": {DAY: (1000, 1500)}},
    )


async def test_a_user_of_whom_an_impression_is_known_is_kept():
    profiles = MemoryProfiles()
    await record(profiles, shown("milk"))
    assert await load(profiles, ("ann", MILK)) == Loaded(kept=1)
    assert (await kept_ledger(profiles)).cells == {}


async def test_an_imported_user_is_kept_the_second_time():
    profiles = MemoryProfiles()
    await load(profiles, ("ann", MILK))
    assert await load(profiles, ("ann", TEA)) == Loaded(kept=1)
    assert list((await kept_ledger(profiles)).cells) == ["milk"]


async def test_replacing_takes_the_purchases_and_leaves_the_rest():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"), viewed("ham"), returned("o9", 0.5))
    before = await kept_ledger(profiles)
    assert await load(profiles, ("ann", TEA), replacing=True) == Loaded(imported=1)
    after = await kept_ledger(profiles)
    assert cells(after) == {"tea": {DAY: (3000, 0)}}
    assert (after.views, after.returns, after.orders) == (
        before.views, before.returns, before.orders
    )  # fmt: skip
    assert (after.revision, after.log_length, after.log_id) == (4, 3, before.log_id)


async def test_an_order_from_before_a_replacement_is_still_a_duplicate():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"))
    await load(profiles, ("ann", TEA), replacing=True)
    (outcome,) = await record(profiles, ordered("o1", event_id="again"))
    assert outcome.verdict.value == "duplicate"
    assert list((await kept_ledger(profiles)).cells) == ["tea"]


async def test_what_came_back_before_the_order_is_held_over_a_replacement():
    profiles = MemoryProfiles()
    await record(profiles, returned("o1", 0.5))
    await load(profiles, ("ann", TEA), replacing=True)
    await record(profiles, ordered("o1"))
    assert cells(await kept_ledger(profiles))["milk"] == {DAY: (1500, 2250)}


async def test_a_replacement_begins_to_forget_anew():
    profiles, two = MemoryProfiles(), Bounds(product_days=2)
    late = {"a": {DAY: Cell(1, 1)}, "b": {DAY + 1: Cell(1, 1)}, "c": {DAY + 2: Cell(1, 1)}}
    await load(profiles, ("ann", late), bounds=two)
    assert (await kept_ledger(profiles)).first_day == DAY + 1
    await load(profiles, ("ann", MILK), replacing=True, bounds=two)
    ledger = await kept_ledger(profiles)
    assert (ledger.first_day, list(ledger.cells)) == (0, ["milk"])


async def test_more_on_one_day_than_fits_is_refused_and_says_whose():
    crowd = {product: {DAY: Cell(1, 1)} for product in "abc"}
    with pytest.raises(InvalidRequest) as error:
        await load(MemoryProfiles(), ("ann", crowd), bounds=Bounds(product_days=2))
    assert error.value.field == "histories[0].days"
    assert error.value.allowed.endswith("(user ann)")


async def test_users_before_one_who_bought_too_much_are_loaded():
    profiles = MemoryProfiles()
    crowd = {product: {DAY: Cell(1, 1)} for product in "abc"}
    with pytest.raises(InvalidRequest):
        await load(profiles, ("ann", MILK), ("bob", crowd), bounds=Bounds(product_days=2))
    assert (await kept_ledger(profiles)).revision == 1


@pytest.mark.parametrize("replacing", [True, False])
async def test_a_deleted_user_is_left_out(replacing):
    profiles = MemoryProfiles()
    await load(profiles, ("ann", MILK))
    await Rights(profiles, CODEC, 64).delete("ann", NOON)
    assert await load(profiles, ("ann", MILK), ("bob", TEA), replacing=replacing) == Loaded(
        imported=1, deleted=1
    )
    assert (await kept_ledger(profiles)).revision == 0


async def test_a_user_whom_a_writer_made_known_meanwhile_is_kept():
    profiles = OneConflict()
    assert await load(profiles, ("ann", MILK)) == Loaded(kept=1)
    assert list((await kept_ledger(profiles)).views) == ["milk"]


async def test_a_replacement_keeps_what_a_writer_stored_meanwhile():
    profiles = OneConflict()
    assert await load(profiles, ("ann", MILK), ("bob", TEA), replacing=True) == Loaded(imported=2)
    ledger = await kept_ledger(profiles)
    assert (list(ledger.views), list(ledger.cells), ledger.revision) == (["milk"], ["milk"], 2)


async def test_an_import_that_never_comes_first_gives_up():
    with pytest.raises(StoreUnavailable, match="came first 3 times"):
        await load(Contested(), ("ann", MILK), attempts=3)


async def test_of_a_user_twice_in_one_portion_the_first_is_written():
    profiles = MemoryProfiles()
    assert await load(profiles, ("ann", MILK), ("ann", TEA)) == Loaded(imported=1, kept=1)
    assert list((await kept_ledger(profiles)).cells) == ["milk"]


async def test_what_comes_back_of_a_replaced_order_leads_to_one_profile_in_any_order():
    found = []
    for facts in permutations([ordered("o2"), returned("o1", 1.0)]):
        profiles = MemoryProfiles()
        await record(profiles, ordered("o1"))
        await load(profiles, ("ann", {"milk": {DAY: Cell(500, 750)}}), replacing=True)
        for fact in facts:
            await record(profiles, fact)
        found.append(cells(await kept_ledger(profiles)))
    assert found[0] == found[1]


async def test_what_comes_back_of_a_replaced_order_never_leaves_less_than_nothing():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1"))
    await load(profiles, ("ann", TEA), replacing=True)
    (outcome,) = await record(profiles, returned("o1", 1.0))
    assert outcome.verdict.value == "accepted"
    profile = profile_of(await kept_ledger(profiles))
    assert (profile.product_ids, profile.units_milli, profile.days) == (["tea"], [3000], {DAY})


async def test_money_of_a_replaced_order_never_leaves_less_than_nothing():
    profiles = MemoryProfiles()
    await record(profiles, ordered("o1", order_line("milk", 2, 1.5)))
    await load(profiles, ("ann", {"milk": {DAY: Cell(5000, 0)}}), replacing=True)
    await record(profiles, returned("o1", 1.0))
    profile = profile_of(await kept_ledger(profiles))
    assert (profile.units_milli, profile.spend_milli) == ([4000], [0])


async def test_what_comes_back_of_a_replaced_order_stays_within_bounds_in_any_order():
    found, two = [], Bounds(product_days=2)
    later = ordered("o2", order_line("tea"), seconds=NOON + SECONDS_A_DAY)
    for facts in permutations([later, returned("o1", 1.0)]):
        profiles = MemoryProfiles()
        await record(profiles, ordered("o1"))
        await load(profiles, ("ann", {"ham": {DAY: Cell(500, 750)}}), replacing=True, bounds=two)
        for fact in facts:
            await record(profiles, fact, bounds=two)
        found.append(await profiles.read("ann"))
    assert found[0] == found[1]
