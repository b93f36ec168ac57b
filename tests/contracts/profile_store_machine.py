"""The whole profile store against a list of facts: whatever is called in whichever order, it agrees.

`ProfileStoreMachine` is a state machine of Hypothesis. A test inherits it, says in `opened` which
repository it runs on, and takes its `TestCase`.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
import zstandard
from google.protobuf.json_format import ParseDict
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from restock.artifacts.live import LiveModel
from restock.artifacts.store import BundleStore
from restock.v1 import events_pb2, types_pb2
from restock.v1 import profile_store_pb2 as pb
from services.profile_store.bounds import Bounds
from services.profile_store.compaction import Compaction
from services.profile_store.deleting import Rights
from services.profile_store.events.calendar import Calendar
from services.profile_store.importing import Importer
from services.profile_store.recording import Recorder
from services.profile_store.replenishing.model import build
from services.profile_store.repository import ProfileRepository
from services.profile_store.servicer import ProfileStoreServicer, Store
from services.profile_store.user_locks import UserLocks
from services.profile_store.wiring import codec_of

ZONE = ZoneInfo("Europe/Berlin")
BOUNDS = Bounds(product_days=8, views=3, cart=3)
"""A day of all products fits, two hardly do."""
WEEK = 7 * 86_400
MINUTE = 60
NOON = 17_500 * 86_400 + 43_200
MICROS = 1_000_000
ZSTANDARD = b"\x28\xb5\x2f\xfd"
USERS = ("the user ann", "the user bob")
PRODUCTS = "abcdef"
NONE: Any = None
ACCEPTED, DUPLICATE, REJECTED = (
    pb.EVENT_STATUS_ACCEPTED, pb.EVENT_STATUS_DUPLICATE, pb.EVENT_STATUS_REJECTED,
)  # fmt: skip


@dataclass(frozen=True)
class House:
    """A repository, and what a test may do to it that nobody else may."""

    repository: ProfileRepository
    """Empty, remembering event ids for 7 days."""
    forward: Callable[[float], Awaitable[None]]
    """Lets so many seconds pass for the event ids that it remembers."""
    values: Callable[[], Awaitable[Iterable[bytes]]]
    """All names and values that it holds."""


def a_servicer(repository: ProfileRepository) -> ProfileStoreServicer:
    """Wire the service as `wiring` does, without a model version."""
    calendar = Calendar(ZONE, 86_400)
    codec, locks = codec_of(calendar), UserLocks()
    store = Store(
        repository, codec, Recorder(repository, codec, BOUNDS, 64, locks),
        Importer(repository, codec, BOUNDS, 64, locks), Rights(repository, codec, 64),
        Compaction(repository, 3600), LiveModel(BundleStore(Path("nowhere")), build),
    )  # fmt: skip
    return ProfileStoreServicer(store, calendar)


def micros_of(event: events_pb2.Event) -> int:
    return event.event_time.seconds * MICROS + event.event_time.nanos // 1000


def day_of(event: events_pb2.Event) -> int:
    local = datetime.fromtimestamp(event.event_time.seconds, ZONE)
    return (local.date() - datetime(1970, 1, 1).date()).days


def milli(value: float) -> int:
    return int(Decimal(str(value)) * 1000)


def money(units_milli: int, price_milli: int) -> int:
    exact = Decimal(units_milli) * Decimal(price_milli) / 1000
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


class Mark(NamedTuple):
    """An event id that was accepted."""

    seconds: int
    user_id: str


class Receipt(NamedTuple):
    """What the latest deletion that found anything took away: profiles, events, and their ids."""

    seconds: int
    counts: tuple[int, int, int]


@dataclass
class Shopper:
    """What is true of a user: facts, in the order accepted, and nothing worked out from them."""

    facts: list[events_pb2.Event] = field(default_factory=list)
    imported: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    replaced: dict[str, dict[int, int]] = field(default_factory=dict)
    """Orders from before the last import, and what of their lines had come back by then."""
    revision: int = 0
    is_kept: bool = False
    has_profile: bool = False
    deleted_micros: int = -1

    def orders(self) -> dict[str, events_pb2.Event]:
        return {fact.order.order_id: fact for fact in self.facts if fact.HasField("order")}

    def purchases(self) -> dict[tuple[str, int], tuple[int, int]]:
        """Units and money by product and day that neither came back nor was forgotten."""
        return {key: cell for key, cell in remembered(self.cells()).items() if cell[0] > 0}

    def came_back(self) -> dict[str, dict[int, int]]:
        """Units by order and line."""
        found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for fact in self.facts:
            if fact.HasField("order_return"):
                back = fact.order_return
                found[back.order_id][back.line] += milli(back.quantity)
        return found

    def cells(self) -> dict[tuple[str, int], tuple[int, int]]:
        """All purchases that ever were; of those that an import replaced, what came back since."""
        found, came_back = dict(self.imported), self.came_back()
        for order_id, fact in self.orders().items():
            for place, line in enumerate(fact.order.lines):
                bought, price = milli(line.quantity), milli(line.unit_price)
                returned = came_back[order_id][place]
                before = self.replaced.get(order_id, {}).get(place, 0)
                if order_id in self.replaced and returned == before:
                    continue
                left = max(0, bought - returned)
                was = max(0, bought - before) if order_id in self.replaced else 0
                units, spend = found.get((line.product_id, day_of(fact)), (0, 0))
                found[line.product_id, day_of(fact)] = (
                    units + left - was,
                    spend + money(left, price) - money(was, price),
                )
        return found

    def views(self) -> list[tuple[str, int]]:
        last: dict[str, int] = {}
        for fact in self.facts:
            if fact.HasField("view") or fact.HasField("click"):
                product = fact.view.product_id or fact.click.product_id
                last[product] = max(micros_of(fact), last.get(product, 0))
        newest = sorted(last.items(), key=lambda view: (-view[1], view[0]))[: BOUNDS.views]
        return [(product, micros // MICROS) for product, micros in newest]

    def cart(self) -> list[tuple[str, int]]:
        said: dict[str, list[tuple[int, bool, int, int]]] = defaultdict(list)
        for fact in self.facts:
            if fact.HasField("add_to_cart"):
                units = milli(fact.add_to_cart.quantity or 1)
                said[fact.add_to_cart.product_id].append(
                    (micros_of(fact), False, units, day_of(fact))
                )
            elif fact.HasField("remove_from_cart"):
                word = (micros_of(fact), True, 0, day_of(fact))
                said[fact.remove_from_cart.product_id].append(word)
        last = {product: max(words) for product, words in said.items()}
        newest = sorted(last.items(), key=lambda word: (-word[1][0], word[0]))[: BOUNDS.cart]
        all_cells = self.cells()
        forgotten = {day for _, day in all_cells.keys() - remembered(all_cells).keys()}
        return [
            (product, units)
            for product, (_, is_out, units, day) in newest
            if not is_out
            and not any(p == product and d >= day for p, d in all_cells)
            and day > max(forgotten, default=-1)
        ]

    def profile(self, user_id: str) -> types_pb2.Profile:
        """The profile, worked out from scratch; without what floats are derived from it."""
        if not self.has_profile:
            return types_pb2.Profile(user_id=user_id)
        bought = self.purchases()
        days: dict[str, list[int]] = defaultdict(list)
        for product, day in sorted(bought):
            days[product].append(day)
        return types_pb2.Profile(
            user_id=user_id,
            revision=self.revision,
            product_ids=list(days),
            purchase_counts=[len(found) for found in days.values()],
            first_days=[found[0] for found in days.values()],
            last_days=[found[-1] for found in days.values()],
            inner_day_steps=[
                later - earlier
                for found in days.values()
                for earlier, later in pairwise(found[:-1])
            ],
            units_milli=[sum(bought[p, day][0] for day in found) for p, found in days.items()],
            spend_milli=[
                max(0, sum(bought[p, day][1] for day in found)) for p, found in days.items()
            ],
            shopping_days=len({day for _, day in bought}),
            last_shopping_day=max((day for _, day in bought), default=0),
            viewed_product_ids=[product for product, _ in self.views()],
            viewed_seconds=[seconds for _, seconds in self.views()],
            cart_product_ids=[product for product, _ in self.cart()],
            cart_units_milli=[units for _, units in self.cart()],
        )


def remembered(cells: dict[tuple[str, int], Any]) -> dict[tuple[str, int], Any]:
    """The latest whole days that fit."""
    kept: dict[tuple[str, int], Any] = {}
    for day in sorted({day for _, day in cells}, reverse=True):
        of_day = {key: cell for key, cell in cells.items() if key[1] == day}
        if len(kept) + len(of_day) > BOUNDS.product_days:
            break
        kept |= of_day
    return kept


class Sketch(NamedTuple):
    """An event that may be sent; when it happens is told only once it is."""

    user_id: str
    event_number: int
    kind: str
    product: str
    number: int
    """Of the order, or units in quarters."""
    variant: int
    after_micros: int
    """Microseconds after the user's deletion, if there was one; 0 is at the very moment."""
    second: int


sketches = some.builds(
    Sketch,
    some.sampled_from(USERS),
    some.integers(0, 60),
    some.sampled_from(
        [
            "order",
            "order",
            "order",
            "return",
            "return",
            "view",
            "click",
            "add",
            "add",
            "remove",
            "impression",
        ]
    ),
    some.sampled_from(PRODUCTS),
    some.integers(0, 6),
    some.integers(0, 1),
    some.sampled_from([0, 1, 5 * MICROS, 60 * MICROS, 60 * MICROS, 3600 * MICROS, 3600 * MICROS]),
    some.integers(0, 2),
)
histories = some.dictionaries(
    some.tuples(some.sampled_from(PRODUCTS), some.integers(17_499, 17_506)),
    some.tuples(some.integers(1, 5000), some.integers(0, 9000)),
    max_size=10,
)


def lines_of(number: int, variant: int) -> list[events_pb2.OrderLine]:
    """Lines of an order, always the same for its number and variant."""
    return [
        events_pb2.OrderLine(
            product_id=PRODUCTS[(number + place) % 6],
            quantity=(250 * (number + 1) + place + 500 * variant) / 1000,
            unit_price=(333 * place + 501) / 1000,
        )
        for place in range(1 + number % 4)
    ]


def event_of(sketch: Sketch, shopper: Shopper) -> events_pb2.Event:
    order_id, product = f"order {sketch.number}", sketch.product
    lines = lines_of(sketch.number, sketch.variant)
    facts: dict[str, Any] = {
        "order": {"order": events_pb2.Order(order_id=order_id, lines=lines)},
        "return": {"order_return": events_pb2.Return(
            order_id=order_id, line=sketch.second, quantity=(sketch.variant * 750 + 250) / 1000)},
        "view": {"view": events_pb2.View(product_id=product)},
        "click": {"click": events_pb2.Click(product_id=product, recommendation_id="r")},
        "add": {"add_to_cart": events_pb2.AddToCart(
            product_id=product, quantity=sketch.number / 4)},
        "remove": {"remove_from_cart": events_pb2.RemoveFromCart(product_id=product)},
        "impression": {"impression": events_pb2.Impression(
            recommendation_id="r", product_ids=[product])},
    }  # fmt: skip
    micros = (NOON + sketch.number // 4 * 86_400 + sketch.second // 2) * MICROS
    if sketch.kind == "order":
        micros = (NOON + (sketch.number - sketch.variant) * 86_400) * MICROS
    if shopper.deleted_micros >= 0:
        micros = shopper.deleted_micros + sketch.after_micros
    return events_pb2.Event(
        event_id=f"<event {sketch.event_number:02}>",
        user_id=sketch.user_id,
        event_time=Timestamp(seconds=micros // MICROS, nanos=micros % MICROS * 1000),
        **facts[sketch.kind],
    )


def history_of(user_id: str, cells: dict[tuple[str, int], tuple[int, int]]) -> pb.PurchaseHistory:
    days: dict[str, list[int]] = defaultdict(list)
    for product, day in sorted(cells):
        days[product].append(day)
    ordered = [cells[product, day] for product, found in days.items() for day in found]
    return pb.PurchaseHistory(
        user_id=user_id,
        product_ids=list(days),
        day_counts=map(len, days.values()),
        days=[day for found in days.values() for day in found],
        units_milli=[units for units, _ in ordered],
        spend_milli=[spend for _, spend in ordered],
    )


async def sent(*messages: Any) -> AsyncIterator[Any]:
    for message in messages:
        yield message


async def answers(stream: AsyncIterator[Any]) -> list[Any]:
    return [answer async for answer in stream]


def readable(value: bytes) -> bytes:
    """What a value says; a ledger's commit number may stand before what is compressed."""
    starts = value.find(ZSTANDARD)
    if starts in (0, 8):
        return value + zstandard.ZstdDecompressor().decompressobj().decompress(value[starts:])
    return value


class ProfileStoreMachine(RuleBasedStateMachine):
    """Calls the service's methods, and remembers facts beside it."""

    def opened(self) -> AbstractAsyncContextManager[House]:
        """Open an empty repository."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.house = self.run(self.stack.enter_async_context(self.opened()))
        self.service = a_servicer(self.house.repository)
        self.seconds = 0
        self.shoppers = {user: Shopper() for user in USERS}
        self.marks: dict[str, Mark] = {}
        self.batches: list[list[events_pb2.Event]] = []
        """The log: what each call added."""
        self.cursors: dict[str, int] = {"": 0}
        """How many batches a cursor stands for."""
        self.highest = dict.fromkeys(USERS, 0)
        self.receipts = dict.fromkeys(USERS, Receipt(0, (0, 0, 0)))
        self.sent: list[events_pb2.Event] = []
        self.forgotten_ids: set[str] = set()

    def run(self, call: Any) -> Any:
        return self.runner.run(call)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    # What is expected --------------------------------------------------------------------------

    def is_known(self, event_id: str) -> bool:
        mark = self.marks.get(event_id)
        return mark is not None and self.seconds - mark.seconds < WEEK

    def expected(self, row: int, event: events_pb2.Event) -> pb.EventResult:
        """What becomes of an event; it is noted when it is accepted."""
        shopper = self.shoppers[event.user_id]
        status, path = self.verdict(event, shopper)
        if status == REJECTED:
            return pb.EventResult(status=REJECTED, field=f"events[{row}].{path}")
        if status == ACCEPTED:
            shopper.facts.append(event)
            shopper.is_kept = True
            self.marks[event.event_id] = Mark(self.seconds, event.user_id)
            self.batches[-1].append(event)
            shopper.revision += not event.HasField("impression")
            shopper.has_profile = shopper.has_profile or shopper.revision > 0
        return pb.EventResult(status=status, profile_revision=shopper.revision)

    def verdict(self, event: events_pb2.Event, shopper: Shopper) -> tuple[Any, str]:
        if self.is_known(event.event_id):
            return DUPLICATE, ""
        if micros_of(event) <= shopper.deleted_micros:
            return REJECTED, "event_time"
        named = shopper.orders().get(event.order.order_id or event.order_return.order_id)
        if event.HasField("order") and named is not None:
            is_same = micros_of(named) == micros_of(event) and named.order == event.order
            return (DUPLICATE, "") if is_same else (REJECTED, "order.order_id")
        return ACCEPTED, ""

    def put(self, events: list[events_pb2.Event]) -> list[pb.EventResult]:
        """Send events, and check each answer."""
        self.batches.append([])
        self.sent.extend(events)
        answer = self.run(self.service.PutEvents(pb.PutEventsRequest(events=events), NONE))
        for row, (event, result) in enumerate(zip(events, answer.results, strict=True)):
            assert bool(result.detail) == (result.status == REJECTED)
            result.detail = ""
            assert result == self.expected(row, event), event
        return list(answer.results)

    # What may happen ---------------------------------------------------------------------------

    @rule(drawn=some.lists(sketches, min_size=1, max_size=6))
    def put_events(self, drawn: list[Sketch]) -> None:
        owners: dict[str, str] = {}
        events = []
        for sketch in drawn:
            event = event_of(sketch, self.shoppers[sketch.user_id])
            if owners.setdefault(event.event_id, event.user_id) == event.user_id:
                events.append(event)
        self.put(events)

    @precondition(lambda self: self.sent)
    @rule(place=some.integers(0, 1000))
    def put_an_event_again(self, place: int) -> None:
        self.put([self.sent[place % len(self.sent)]])

    @rule(
        seconds=some.sampled_from([MINUTE, WEEK - MINUTE, WEEK - MINUTE, WEEK]),
    )
    def let_time_pass(self, seconds: int) -> None:
        self.run(self.house.forward(seconds))
        self.seconds += seconds

    @rule(loaded=some.dictionaries(some.sampled_from(USERS), histories, min_size=1),
          replaces=some.booleans())  # fmt: skip
    def import_histories(self, loaded: dict[str, Any], replaces: bool) -> None:
        expected = pb.ImportProfilesResponse()
        for user_id, cells in loaded.items():
            shopper = self.shoppers[user_id]
            if shopper.deleted_micros >= 0:
                expected.deleted += 1
            elif shopper.is_kept and not replaces:
                expected.kept += 1
            else:
                expected.imported += 1
                shopper.imported = dict(cells)
                came_back = shopper.came_back()
                shopper.replaced = {one: dict(came_back[one]) for one in shopper.orders()}
                shopper.revision += 1
                shopper.is_kept = shopper.has_profile = True
        request = pb.ImportProfilesRequest(
            replace_existing=replaces,
            histories=[history_of(user_id, cells) for user_id, cells in loaded.items()],
        )
        assert self.run(self.service.ImportProfiles(sent(request), NONE)) == expected

    @rule(user_id=some.sampled_from(USERS), is_meant=some.sampled_from([False, False, True]))
    def delete_user(self, user_id: str, is_meant: bool) -> None:
        if not is_meant:  # else hardly anybody had a history
            return
        shopper = self.shoppers[user_id]
        own = [name for name, mark in self.marks.items() if mark.user_id == user_id]
        receipt = self.run(self.service.DeleteUser(pb.DeleteUserRequest(user_id=user_id), NONE))
        if shopper.is_kept:
            counts = shopper.has_profile, len(shopper.facts), sum(map(self.is_known, own))
            self.receipts[user_id] = Receipt(self.seconds, counts)
        of_before = self.receipts[user_id]
        counts = of_before.counts if self.seconds - of_before.seconds < WEEK else (0, 0, 0)
        assert (receipt.profiles, receipt.events, receipt.event_ids) == counts
        assert receipt.user_hash == sha256(user_id.encode()).hexdigest()
        for name in own:
            del self.marks[name]
        self.forgotten_ids |= {fact.event_id for fact in shopper.facts}
        self.batches = [
            [event for event in batch if event.user_id != user_id] for batch in self.batches
        ]
        micros = receipt.deleted_time.seconds * MICROS + receipt.deleted_time.nanos // 1000
        assert micros >= shopper.deleted_micros
        assert micros >= max(map(micros_of, shopper.facts), default=0)
        self.shoppers[user_id] = Shopper(revision=shopper.revision, deleted_micros=micros)

    @rule(after=some.integers(0, 1000), up_to=some.integers(0, 1000))
    def read_the_log(self, after: int, up_to: int) -> None:
        names = list(self.cursors)
        first, last = names[after % len(names)], names[up_to % len(names)]
        read = self.read(first, last)
        end = self.cursors[last] if last else len(self.batches)
        self.check_events(read, self.batches[self.cursors[first] : end])
        if not last and read:
            self.cursors[read[-1].cursor] = len(self.batches)

    def read(self, after: str, up_to: str) -> list[pb.ReadEventsResponse]:
        request = pb.ReadEventsRequest(after=after, up_to=up_to)
        return self.run(answers(self.service.ReadEvents(request, NONE)))

    def check_events(
        self, read: list[pb.ReadEventsResponse], batches: list[list[events_pb2.Event]]
    ) -> None:
        """Every event once and in order; only between the users of one call it does not matter."""
        events = [event for portion in read for event in portion.events]
        assert len(events) == sum(map(len, batches))
        for batch in batches:
            found, events = events[: len(batch)], events[len(batch) :]
            for user_id in USERS:
                assert [event for event in found if event.user_id == user_id] == [
                    event for event in batch if event.user_id == user_id
                ]

    @rule(user_id=some.sampled_from(USERS))
    def export_user(self, user_id: str) -> None:
        request = pb.ExportUserRequest(user_id=user_id)
        found = self.run(answers(self.service.ExportUser(request, NONE)))
        lines = [json.loads(line) for answer in found for line in answer.lines]
        shopper = self.shoppers[user_id]
        events = [line["event"] for line in lines if line["kind"] == "event"]
        assert [ParseDict(event, events_pb2.Event()) for event in events] == shopper.facts
        rest = [line for line in lines if line["kind"] != "event"]
        assert [line["kind"] for line in rest] == ["profile", "ledger"] * shopper.is_kept
        if rest:
            self.check_profile(
                ParseDict(rest[0]["profile"], types_pb2.Profile()), shopper.profile(user_id)
            )

    @rule(user_id=some.sampled_from(USERS), horizon=some.integers(1, 90))
    def get_replenishment(self, user_id: str, horizon: int) -> None:
        request = pb.GetReplenishmentRequest(user_id=user_id, horizon_days=horizon)
        answer = self.run(self.service.GetReplenishment(request, NONE))
        days: dict[str, list[int]] = defaultdict(list)
        for product, day in self.shoppers[user_id].purchases():
            if day <= answer.as_of_day:  # an event may be dated ahead
                days[product].append(day)
        found = {one.product_id: (one.last_day, one.gaps + 1) for one in answer.products}
        assert found == {product: (max(found), len(found)) for product, found in days.items()}
        chances = [one.probability for one in answer.products]
        assert chances == sorted(chances, reverse=True)
        assert all(0 <= chance <= 1 for chance in chances)

    # What always holds -------------------------------------------------------------------------

    @invariant()
    def profiles_are_those_worked_out_from_the_facts(self) -> None:
        request = pb.BatchGetProfilesRequest(user_ids=USERS)
        answer = self.run(self.service.BatchGetProfiles(request, NONE))
        for user_id, profile in zip(USERS, answer.profiles, strict=True):
            self.check_profile(profile, self.shoppers[user_id].profile(user_id))
            assert profile.revision >= self.highest[user_id] or not profile.revision
            self.highest[user_id] = max(profile.revision, self.highest[user_id])

    def check_profile(self, profile: types_pb2.Profile, expected: types_pb2.Profile) -> None:
        counts, units = profile.purchase_counts, profile.units_milli
        pairs = zip(profile.spend_milli, units, counts, strict=True)
        prices = sum(spend / unit * count for spend, unit, count in pairs)
        assert profile.average_price == pytest.approx(prices / max(sum(counts), 1), rel=1e-5)
        spend = sum(profile.spend_milli) / 1000 / max(profile.shopping_days, 1)
        assert profile.spend_per_day == pytest.approx(spend)
        rest = types_pb2.Profile()
        rest.CopyFrom(profile)
        rest.average_price = rest.spend_per_day = 0
        assert rest == expected

    @invariant()
    def a_profile_with_cycles_is_the_same_with_two_columns_more(self) -> None:
        for user_id in USERS:
            if not self.shoppers[user_id].has_profile:
                continue
            request = pb.GetProfileRequest(user_id=user_id, include_cycles=True)
            profile = self.run(self.service.GetProfile(request, NONE)).profile
            assert [gaps + 1 for gaps in profile.cycle_gaps] == list(profile.purchase_counts)
            assert len(profile.cycle_days) == len(profile.product_ids)
            profile.ClearField("cycle_gaps")
            profile.ClearField("cycle_days")
            self.check_profile(profile, self.shoppers[user_id].profile(user_id))

    @invariant()
    def the_log_is_what_was_accepted_of_users_not_deleted(self) -> None:
        self.check_events(self.read("", ""), self.batches)

    @invariant()
    def nothing_held_names_a_user_who_was_deleted(self) -> None:
        gone = [user for user, one in self.shoppers.items() if one.deleted_micros >= 0]
        gone = [user for user in gone if not self.shoppers[user].is_kept]
        in_use = {event.event_id for batch in self.batches for event in batch}
        names = [name.encode() for name in [*gone, *(self.forgotten_ids - in_use)]]
        for value in map(readable, self.run(self.house.values()) if names else ()):
            assert not [name for name in names if name in value]

    @invariant()
    def deletions_are_told_by_hash_and_time(self) -> None:
        told = self.run(answers(self.service.ListDeletedUsers(pb.ListDeletedUsersRequest(), NONE)))
        found = {one.user_hash: one.deleted_time for answer in told for one in answer.users}
        assert {name: when.ToMicroseconds() for name, when in found.items()} == {
            sha256(user.encode()).hexdigest(): one.deleted_micros
            for user, one in self.shoppers.items()
            if one.deleted_micros >= 0
        }
