"""What shoppers of a small shop do, drawn at random: every kind of event, some of them sent again."""

import random
from collections.abc import Callable

from google.protobuf.timestamp_pb2 import Timestamp

from restock.v1 import events_pb2 as pb

USERS = [f"user {number}" for number in range(20)]
PRODUCTS = [f"product {number}" for number in range(30)]
FIRST_SECOND = 17_500 * 86_400
SECONDS = 60 * 86_400
RESENT = 0.08
"""Share of events that are sent a second time on purpose."""
SAME_ORDER = 0.03
"""Share of events that are an earlier order under another event id."""
REMEMBERED = 500


class Shop:
    """Draws events. Ids are unique among shops of different names.

    Args:
        name: begins every id.
        draw: where chance comes from.
        users: who shops.
    """

    def __init__(self, name: str, draw: random.Random, users: list[str] = USERS) -> None:
        self._name = name
        self._draw = draw
        self._users = users
        self._count = 0
        self._sent: list[pb.Event] = []
        self._orders: list[pb.Event] = []
        self._held: list[pb.Event] = []

    def batch(self, most: int = 6) -> list[pb.Event]:
        """Draw a few events; an order whose return came early follows in the next batch."""
        events, self._held = self._held, []
        events += [self._event() for _ in range(self._draw.randint(1, most))]
        self._sent = [*self._sent, *events][-REMEMBERED:]
        return events

    def _event(self) -> pb.Event:
        chance = self._draw.random()
        if chance < RESENT and self._sent:
            return self._draw.choice(self._sent)
        if chance < RESENT + SAME_ORDER and self._orders:
            again = pb.Event()
            again.CopyFrom(self._draw.choice(self._orders))
            again.event_id = self._id()
            return again
        kinds: list[Callable[[], pb.Event]] = [
            self._order, self._return, self._early_return, self._view, self._added,
            self._removed, self._shown, self._clicked,
        ]  # fmt: skip
        return self._draw.choices(kinds, weights=[45, 10, 4, 15, 10, 5, 5, 6])[0]()

    def _id(self) -> str:
        self._count += 1
        return f"{self._name}-{self._count}"

    def _blank(self, user: str = "") -> pb.Event:
        event = pb.Event(event_id=self._id(), user_id=user or self._draw.choice(self._users))
        seconds, nanos = self._draw.randrange(SECONDS), self._draw.randrange(10**9)
        event.event_time.CopyFrom(Timestamp(seconds=FIRST_SECOND + seconds, nanos=nanos))
        return event

    def _product(self) -> str:
        return self._draw.choice(PRODUCTS)

    def _order(self) -> pb.Event:
        event = self._blank()
        event.order.order_id = f"order {event.event_id}"
        for _ in range(self._draw.randint(1, 4)):
            event.order.lines.add(
                product_id=self._product(),
                quantity=self._draw.choice([0.25, 0.333, 1, 1, 2, 3]),
                unit_price=self._draw.randrange(20_000) / 1000,
                unit_discount=self._draw.choice([0, 0.5]),
            )
        self._orders = [*self._orders, event][-REMEMBERED:]
        return event

    def _return(self) -> pb.Event:
        return self._returned(self._draw.choice(self._orders)) if self._orders else self._order()

    def _early_return(self) -> pb.Event:
        order = self._order()
        self._held.append(order)
        return self._returned(order)

    def _returned(self, order: pb.Event) -> pb.Event:
        event = self._blank(order.user_id)
        event.order_return.order_id = order.order.order_id
        event.order_return.line = self._draw.randrange(len(order.order.lines))
        event.order_return.quantity = self._draw.choice([0.1, 0.25, 1, 2])
        return event

    def _view(self) -> pb.Event:
        event = self._blank()
        event.view.product_id = self._product()
        return event

    def _added(self) -> pb.Event:
        event = self._blank()
        event.add_to_cart.product_id = self._product()
        event.add_to_cart.quantity = self._draw.choice([0, 1, 2])
        return event

    def _removed(self) -> pb.Event:
        event = self._blank()
        event.remove_from_cart.product_id = self._product()
        return event

    def _shown(self) -> pb.Event:
        event = self._blank()
        event.impression.recommendation_id = f"page {event.event_id}"
        event.impression.product_ids.extend(self._draw.sample(PRODUCTS, 5))
        return event

    def _clicked(self) -> pb.Event:
        event = self._blank()
        event.click.recommendation_id = f"page {event.event_id}"
        event.click.product_id = self._product()
        return event
