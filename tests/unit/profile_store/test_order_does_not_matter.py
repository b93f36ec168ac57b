"""The order in which facts come, how often, and in which batches, changes neither profile nor ledger."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from hypothesis import event, given, settings
from hypothesis import strategies as some

from restock.v1 import events_pb2 as pb
from services.profile_store.bounds import Bounds
from services.profile_store.draft import Verdict
from services.profile_store.memory_profiles import MemoryProfiles
from tests.unit.profile_store.shop import (
    NOON,
    SECONDS_A_DAY,
    a_recorder,
    events_of,
    kept_ledger,
    message,
    order_line,
    without_places,
)

BOUNDS = Bounds(product_days=8, orders=4, views=3, cart=3)
"""So small that hardly a set of facts fits: a day of all six products does, and one of four orders."""
PRODUCTS = "abcdef"
USERS = ("ann", "bob")

products = some.sampled_from(PRODUCTS)
quantities = some.integers(1, 4000).map(lambda milli: milli / 1000)
moments = some.sampled_from([NOON, NOON + 1, NOON + SECONDS_A_DAY])
"""Of what is looked at or laid into the cart: so few that many are equal."""
times = some.integers(0, 6).map(lambda day: NOON + day * SECONDS_A_DAY)
lines = some.builds(
    order_line, products, quantities, some.integers(0, 3000).map(lambda milli: milli / 1000)
)
baskets = some.tuples(times, some.lists(lines, min_size=1, max_size=4))


@dataclass(frozen=True)
class Story:
    """What one user did: valid facts, each under an event id of its own."""

    facts: list[pb.Event]
    """Any order of them is allowed."""


def an_order(user: str, number: int, basket: tuple, event_id: str) -> pb.Event:
    seconds, bought = basket
    order = pb.Order(order_id=f"{user}'s order {number}", lines=bought)
    return message(event_id, user, seconds, order=order)


def a_return(draw, user: str, number: int, lines_of: list[int]) -> pb.Event:
    """Of a line that the order has or not, or of an order that never comes."""
    order = draw(some.integers(0, len(lines_of)))
    most = lines_of[order] + 1 if order < len(lines_of) else 5
    given_back = pb.Return(
        order_id=f"{user}'s order {order}",
        line=draw(some.integers(0, most - 1)),
        quantity=draw(quantities),
    )
    return message(f"{user} return {number}", user, draw(times), order_return=given_back)


def a_sight(draw, user: str, number: int) -> pb.Event:
    """A view, a click, an impression or a word on the cart."""
    product = draw(products)
    fact = draw(
        some.sampled_from(
            [
                {"view": pb.View(product_id=product)},
                {"click": pb.Click(product_id=product, recommendation_id="r")},
                {"impression": pb.Impression(recommendation_id="r", product_ids=[product])},
                {"remove_from_cart": pb.RemoveFromCart(product_id=product)},
                {"add_to_cart": pb.AddToCart(product_id=product, quantity=draw(quantities))},
            ]
        )
    )
    return message(f"{user} sight {number}", user, draw(moments), **fact)


def fit_on_their_days(bought: list[tuple]) -> bool:
    """Tell whether no order is one too many for its day: which one of them is depends on which came last."""
    return max(Counter(seconds for seconds, _ in bought).values(), default=0) <= BOUNDS.orders


@some.composite
def stories(draw, user: str = "ann") -> Story:
    bought = draw(some.lists(baskets, max_size=8).filter(fit_on_their_days))
    orders = [an_order(user, n, basket, f"{user} order {n}") for n, basket in enumerate(bought)]
    again = [
        an_order(user, n, basket, f"{user} order {n} again") for n, basket in enumerate(bought)
    ]
    sent_twice = draw(some.lists(some.sampled_from(again), max_size=2)) if again else []
    lines_of = [len(basket[1]) for basket in bought]
    returns = [a_return(draw, user, n, lines_of) for n in range(draw(some.integers(0, 6)))]
    sights = [a_sight(draw, user, n) for n in range(draw(some.integers(0, 10)))]
    return Story(orders + sent_twice + returns + sights)


async def what_is_kept(facts: list[pb.Event], random: Random | None) -> dict:
    """Record facts at once, or shuffled, some again, and cut into batches; what is kept then."""
    if random is not None:
        facts = facts + random.choices(facts, k=random.randint(0, 4)) if facts else facts
        facts = random.sample(facts, len(facts))
    profiles = MemoryProfiles()
    recorder = a_recorder(profiles, BOUNDS)
    while facts:
        size = random.randint(1, len(facts)) if random is not None else len(facts)
        batch, facts = facts[:size], facts[size:]
        outcomes = await recorder.record(events_of(batch))
        assert all(outcome.verdict is not Verdict.REJECTED for outcome in outcomes.values())
    return {
        user: (await profiles.read(user), without_places(await kept_ledger(profiles, user)))
        for user in USERS
    }


@settings(max_examples=300)
@given(stories("ann"), stories("bob"), some.randoms(use_true_random=False))
async def test_any_order_any_repetition_and_any_batches_lead_to_the_same_bytes(ann, bob, random):
    facts = ann.facts + bob.facts
    first = await what_is_kept(facts, None)
    event(f"forgets: {first['ann'][1].first_day > 0}")
    event(f"forgets orders: {first['ann'][1].first_order_day > 0}")
    assert await what_is_kept(facts, random) == first
