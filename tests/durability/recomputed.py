"""A profile from a list of events, worked out anew from what the proto says: slow, plain, in one go.

It shares no line with the service.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from restock.v1 import events_pb2, types_pb2

MOST_VIEWS = 20
Bought = dict[str, dict[int, list[int]]]
"""Units and money, in thousandths, by product and day."""


def recomputed(user_id: str, events: Iterable[events_pb2.Event]) -> types_pb2.Profile:
    """Return the profile that a user's events lead to, without what is rounded to floats."""
    facts = [event for event in events if event.user_id == user_id]
    ordered = ordered_by(facts)
    bought = bought_of(ordered)
    profile = types_pb2.Profile(
        user_id=user_id, revision=sum(event.WhichOneof("fact") != "impression" for event in facts)
    )
    for product, days in sorted(bought.items()):
        profile.product_ids.append(product)
        profile.purchase_counts.append(len(days))
        profile.first_days.append(min(days))
        profile.last_days.append(max(days))
        ordered_days = sorted(days)[:-1]
        profile.inner_day_steps.extend(b - a for a, b in pairwise(ordered_days))
        profile.units_milli.append(sum(units for units, _ in days.values()))
        profile.spend_milli.append(sum(money for _, money in days.values()))
    shopping_days = {day for days in bought.values() for day in days}
    profile.shopping_days = len(shopping_days)
    profile.last_shopping_day = max(shopping_days, default=0)
    for micros, product in views_in(facts):
        profile.viewed_product_ids.append(product)
        profile.viewed_seconds.append(micros // 10**6)
    for product, units in cart_in(facts, ordered):
        profile.cart_product_ids.append(product)
        profile.cart_units_milli.append(units)
    return profile


def ordered_by(facts: list[events_pb2.Event]) -> Bought:
    """Add up orders, less what came back of each line; a day of which all came back has 0 units."""
    returned: Counter[tuple[str, int]] = Counter()
    for event in facts:
        if event.WhichOneof("fact") == "order_return":
            back = event.order_return
            returned[back.order_id, back.line] += milli(back.quantity)
    bought: defaultdict[str, dict[int, list[int]]] = defaultdict(dict)
    for event in facts:
        for number, line in enumerate(event.order.lines):
            units = max(milli(line.quantity) - returned[event.order.order_id, number], 0)
            money = (units * milli(line.unit_price) + 500) // 1000
            sums = bought[line.product_id].setdefault(day_of(event), [0, 0])
            sums[0] += units
            sums[1] += money
    return bought


def bought_of(ordered: Bought) -> Bought:
    """Leave out days of which everything came back."""
    live = {
        product: {day: sums for day, sums in days.items() if sums[0]}
        for product, days in ordered.items()
    }
    return {product: days for product, days in live.items() if days}


def views_in(facts: list[events_pb2.Event]) -> list[tuple[int, str]]:
    """When each product was last looked at, newest first."""
    last: dict[str, int] = {}
    for event in facts:
        product = event.view.product_id or event.click.product_id
        if product:
            last[product] = max(last.get(product, 0), micros_of(event))
    views = [(micros, product) for product, micros in last.items()]
    return sorted(views, key=lambda view: (-view[0], view[1]))[:MOST_VIEWS]


def cart_in(facts: list[events_pb2.Event], ordered: Bought) -> list[tuple[str, int]]:
    """What lies in the cart, newest first: by the newest word, and not ordered since."""
    words: dict[str, tuple[int, bool, int, int]] = {}
    for event in facts:
        product = event.add_to_cart.product_id or event.remove_from_cart.product_id
        if product:
            gone = event.WhichOneof("fact") == "remove_from_cart"
            units = 0 if gone else milli(event.add_to_cart.quantity or 1)
            word = (micros_of(event), gone, units, day_of(event))
            words[product] = max(word, words.get(product, word))
    newest = sorted(words.items(), key=lambda word: (-word[1][0], word[0]))
    return [
        (product, units)
        for product, (_, gone, units, day) in newest
        if not gone and max(ordered.get(product, {}), default=-1) < day
    ]


def milli(value: float) -> int:
    return round(value * 1000)


def micros_of(event: events_pb2.Event) -> int:
    return event.event_time.seconds * 10**6 + event.event_time.nanos // 1000


def day_of(event: events_pb2.Event) -> int:
    return event.event_time.seconds // 86_400
