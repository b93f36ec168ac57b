"""Requests to candidate_gen."""

from typing import Any

from restock.v1 import candidate_gen_pb2 as pb
from restock.v1 import types_pb2
from tests.a_bundle import DAY, PRODUCTS

TODAY = DAY + 1
LARGEST_32, LARGEST_64 = 2**32 - 1, 2**64 - 1


def a_profile(**bought: tuple[int, int]) -> types_pb2.Profile:
    """Products bought so many times, once a week, last so many days ago, at the shop's price."""
    counts = [times for times, _ in bought.values()]
    last = [TODAY - ago for _, ago in bought.values()]
    prices = [PRODUCTS[item][1] if item in PRODUCTS else 1.0 for item in bought]
    return types_pb2.Profile(
        user_id="ann",
        product_ids=list(bought),
        purchase_counts=counts,
        first_days=[day - 7 * (times - 1) for day, times in zip(last, counts, strict=True)],
        last_days=last,
        units_milli=[1000 * times for times in counts],
        spend_milli=[round(1000 * p * times) for p, times in zip(prices, counts, strict=True)],
    )


def a_request(**fields: Any) -> pb.GenerateCandidatesRequest:
    """Ask for candidates of today, by default for an unknown user."""
    return pb.GenerateCandidatesRequest(**{"as_of_day": TODAY} | fields)


def scores_of(candidates: types_pb2.Candidates) -> list[float]:
    """Level-1 scores: the sums of the parts."""
    count = len(candidates.product_ids)
    columns = (candidates.als, candidates.item_cf, candidates.popularity, candidates.history)
    return [
        sum(parts) for parts in zip(*(column or [0] * count for column in columns), strict=True)
    ]
