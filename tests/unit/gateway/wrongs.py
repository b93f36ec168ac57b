"""Every way in which a peer lies: name, peer, how its answer is spoiled, and what is then missing."""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from restock.v1 import candidate_gen_pb2, types_pb2


class Wrong(NamedTuple):
    """One lie."""

    name: str
    peer: str
    spoil: Callable[[Any], Any]
    loss: str

    def where_it_can(self, response: Any) -> Any:
        """Spoil an answer, unless it is too short to be spoiled like this."""
        with suppress(IndexError):
            return self.spoil(response)


def generated(spoil: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Spoil answers of GenerateCandidates only."""

    def spoiled(response: Any) -> Any:
        if isinstance(response, candidate_gen_pb2.GenerateCandidatesResponse):
            spoil(response)

    return spoiled


def with_scores(part: str, value: float) -> Callable[[Any], Any]:
    return generated(lambda one: getattr(one.candidates, part).__setitem__(0, value))


def setting(path: str, value: Any) -> Callable[[Any], Any]:
    """Set a field of a page's first result."""

    def spoil(response: Any) -> None:
        *way, name = path.split(".")
        target = response.results[0]
        for step in way:
            target = getattr(target, step)
        setattr(target, name, value)

    return spoil


def strangers(response: Any) -> None:
    response.results[0].product_id = "stranger"


def twice(response: Any) -> None:
    response.results[1].CopyFrom(response.results[0])


def short_column(response: Any) -> None:
    del response.candidates.als[-1]


def repeated(response: Any) -> None:
    response.candidates.product_ids[1] = response.candidates.product_ids[0]


def nameless(response: Any) -> None:
    response.candidates.product_ids[0] = ""


def too_many(response: Any) -> None:
    response.candidates.CopyFrom(types_pb2.Candidates(product_ids=[f"p{i}" for i in range(1001)]))


def emptied(response: Any) -> Any:
    return type(response)()


def emptied_candidates(response: Any) -> None:
    response.candidates.Clear()


def cleared(response: Any) -> None:
    del response.results[:]


def doubled(response: Any) -> None:
    response.results.extend(list(response.results))


def another_user(response: Any) -> None:
    response.profile.user_id = "bob"


def uneven_profile(response: Any) -> None:
    response.profile.purchase_counts.append(1)


def uneven_cart(response: Any) -> None:
    response.profile.cart_product_ids[:] = ["p3", "p4"]
    response.profile.cart_units_milli[:] = [1000]


def endless_cart(response: Any) -> None:
    response.profile.cart_product_ids[:] = [f"p{place}" for place in range(101)]


def uneven_views(response: Any) -> None:
    response.profile.viewed_seconds.append(1)


def endless_views(response: Any) -> None:
    response.profile.viewed_product_ids[:] = [f"p{place}" for place in range(21)]


def looked_at_in_2200(response: Any) -> None:
    response.profile.viewed_product_ids[:] = ["p3"]
    response.profile.viewed_seconds[:] = [84_007 * 86_400]


def never_bought(response: Any) -> None:
    response.profile.purchase_counts[0] = 0


def backwards(response: Any) -> None:
    response.profile.first_days[0] = response.profile.last_days[0] + 1


def more_steps_than_days(response: Any) -> None:
    response.profile.inner_day_steps[:] = [1] * 1_000


def steps_past_the_last_day(response: Any) -> None:
    profile = response.profile
    profile.purchase_counts[0] = 3
    inner = sum(max(count - 2, 0) for count in profile.purchase_counts)
    profile.inner_day_steps[:] = [100_000] * inner


def bought_too_often(response: Any) -> None:
    response.profile.purchase_counts[0] = 20_001


def owned_twice(response: Any) -> None:
    response.profile.product_ids[0] = response.profile.product_ids[1]


def broke(response: Any) -> None:
    response.profile.average_price = math.nan


def unversioned(response: Any) -> None:
    response.model_version = ""


def other_version(response: Any) -> None:
    response.model_version = "v0"


def auto(response: Any) -> None:
    response.strategy_used = types_pb2.STRATEGY_AUTO


WRONGS = [
    Wrong("no profile at all", "profile_store", emptied, "NO_PROFILE"),
    Wrong("somebody else's profile", "profile_store", another_user, "NO_PROFILE"),
    Wrong("columns of unequal length", "profile_store", uneven_profile, "NO_PROFILE"),
    Wrong("a cart with too few units", "profile_store", uneven_cart, "NO_PROFILE"),
    Wrong("a cart of 101 products", "profile_store", endless_cart, "NO_PROFILE"),
    Wrong("moments without views", "profile_store", uneven_views, "NO_PROFILE"),
    Wrong("21 views", "profile_store", endless_views, "NO_PROFILE"),
    Wrong("a view after 2200", "profile_store", looked_at_in_2200, "NO_PROFILE"),
    Wrong("an average price that is NaN", "profile_store", broke, "NO_PROFILE"),
    Wrong("a product bought no times", "profile_store", never_bought, "NO_PROFILE"),
    Wrong("a last day before the first", "profile_store", backwards, "NO_PROFILE"),
    Wrong("more steps than days", "profile_store", more_steps_than_days, "NO_PROFILE"),
    Wrong("steps past the last day", "profile_store", steps_past_the_last_day, "NO_PROFILE"),
    Wrong("20,001 purchases", "profile_store", bought_too_often, "NO_PROFILE"),
    Wrong("a product twice", "profile_store", owned_twice, "NO_PROFILE"),
    Wrong("an empty answer", "candidate_gen", generated(lambda m: m.Clear()), "NO_CANDIDATES"),
    Wrong("no candidates", "candidate_gen", generated(emptied_candidates), "NO_CANDIDATES"),
    Wrong("too many candidates", "candidate_gen", generated(too_many), "NO_CANDIDATES"),
    Wrong("no version", "candidate_gen", generated(unversioned), "NO_CANDIDATES"),
    Wrong("AUTO as the strategy used", "candidate_gen", generated(auto), "NO_CANDIDATES"),
    Wrong("a column too short", "candidate_gen", generated(short_column), "NO_CANDIDATES"),
    Wrong("a NaN score", "candidate_gen", with_scores("als", math.nan), "NO_CANDIDATES"),
    Wrong("an endless score", "candidate_gen", with_scores("item_cf", math.inf), "NO_CANDIDATES"),
    Wrong("a negative best score", "candidate_gen", generated(
        lambda one: one.candidates.als.__setitem__(slice(0, 300), [-5.0] * 300)), "NO_CANDIDATES"),
    Wrong("a candidate twice", "candidate_gen", generated(repeated), "NO_CANDIDATES"),
    Wrong("a candidate without an id", "candidate_gen", generated(nameless), "NO_CANDIDATES"),
    Wrong("an empty answer", "reranker", emptied, "NO_RERANKING"),
    Wrong("no results", "reranker", cleared, "NO_RERANKING"),
    Wrong("more results than asked", "reranker", doubled, "NO_RERANKING"),
    Wrong("another version", "reranker", other_version, "NO_RERANKING"),
    Wrong("a product of nobody's", "reranker", strangers, "NO_RERANKING"),
    Wrong("a position outside", "reranker", setting("position", 4_000_000), "NO_RERANKING"),
    Wrong("a result twice", "reranker", twice, "NO_RERANKING"),
    Wrong("a NaN score", "reranker", setting("score", math.nan), "NO_RERANKING"),
    Wrong("a negative score", "reranker", setting("score", -1.0), "NO_RERANKING"),
    Wrong("parts off the score", "reranker", setting("breakdown.als", 9.0), "NO_RERANKING"),
    Wrong("a NaN cycle", "reranker", setting("cycle_days", math.nan), "NO_RERANKING"),
]  # fmt: skip
