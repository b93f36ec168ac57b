"""What each stage of a request costs, in one process without a network: `python -m benchmarks.stages`.

Runs the services' own decode, compute and encode over real profiles, with a stopwatch around each
function that is named in `LEVEL_1` and `LEVEL_2`.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from restock.serving.threads import limit_compute_threads

limit_compute_threads()

import numpy as np  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.profiles import profile_to  # noqa: E402
from restock.artifacts.bundle import Bundle  # noqa: E402
from restock.artifacts.profiles import ProfileTable  # noqa: E402
from restock.artifacts.store import BundleStore  # noqa: E402
from restock.core import als, candidates, item_cf, rerank  # noqa: E402
from restock.core.learned.ranker import Ranker  # noqa: E402
from restock.core.signals import MILLI  # noqa: E402
from restock.v1 import candidate_gen_pb2, reranker_pb2, types_pb2  # noqa: E402
from services.candidate_gen import convert as level_1_wire  # noqa: E402
from services.candidate_gen.model import CandidateModel  # noqa: E402
from services.candidate_gen.model import build as build_level_1  # noqa: E402
from services.reranker import convert as level_2_wire  # noqa: E402
from services.reranker.model import RankModel  # noqa: E402
from services.reranker.model import build as build_level_2  # noqa: E402

PAGE_SIZE = 5
SPREAD = 0.2
"""Profiles within this share of the wanted number of products are taken."""
LEVEL_1: dict[str, tuple[Any, str]] = {
    "strengths": (candidates, "signals_of"),
    "ALS fold-in": (als, "fold_in"),
    "item-CF: add up neighbours": (item_cf, "add_neighbours"),
    "pool of all sources, the search included": (candidates, "pool_of"),
    "score, blend and cut": (candidates, "ranked"),
    "LEARNED: the ranker's rows": (candidates, "ranker_rows"),
    "LEARNED: score by the trees": (Ranker, "chances"),
    "item-CF: clear": (item_cf, "forget"),
}
LEVEL_2: dict[str, tuple[Any, str]] = {"rules and page, compiled": (rerank, "rank")}
Samples = dict[str, list[float]]


@contextmanager
def stopwatch(owner: Any, name: str, samples: list[float]) -> Iterator[None]:
    """Time every call of a function while the context lasts."""
    inner: Callable[..., Any] = getattr(owner, name)

    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            samples.append(time.perf_counter() - started)

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, inner)


@contextmanager
def clock(samples: list[float]) -> Iterator[None]:
    """Time a block."""
    started = time.perf_counter()
    yield
    samples.append(time.perf_counter() - started)


def users_of(profiles: ProfileTable, products: int, most: int) -> list[int]:
    """Users with about so many products, evenly drawn."""
    sizes = np.diff(profiles.starts)
    alike = np.flatnonzero(np.abs(sizes - products) <= SPREAD * products)
    return [int(user) for user in alike[:: max(1, len(alike) // most)][:most]]


def one_request(
    profile: bytes, shopper: reranker_pb2.Shopper, day: int, strategy: int, one: CandidateModel,
    two: RankModel, samples: Samples,
) -> None:  # fmt: skip
    """Do what candidate_gen and then reranker do with a request, from bytes to bytes."""
    message = types_pb2.Profile.FromString(profile)
    asked = candidate_gen_pb2.GenerateCandidatesRequest(
        profile=message,
        strategy=strategy,
        as_of_day=day,  # type: ignore[arg-type]
    ).SerializeToString()
    with clock(samples["decode the request"]):
        request = candidate_gen_pb2.GenerateCandidatesRequest.FromString(asked)
        query = level_1_wire.query_from(request, one)
    with clock(samples["level 1"]):
        found = candidates.generate(query, one.level1)
    with clock(samples["encode the candidates"]):
        response = level_1_wire.candidates_to(found, query, "v", one, request)
        response.SerializeToString()
    asked = reranker_pb2.RerankRequest(
        model_version=response.model_version,
        candidates=response.candidates,
        shopper=shopper,
        page_size=PAGE_SIZE,
        as_of_day=day,
        strategy=strategy,  # type: ignore[arg-type]
    ).SerializeToString()
    with clock(samples["decode the candidates"]):
        ranked = reranker_pb2.RerankRequest.FromString(asked)
        rank_query, parts = level_2_wire.query_from(ranked, two)
    with clock(samples["level 2"]):
        ranking = rerank.rerank(rank_query, two.catalogue)
    with clock(samples["encode the page"]):
        level_2_wire.ranking_to(ranking, ranked, parts, "v").SerializeToString()


def shopper_of(profile: types_pb2.Profile) -> reranker_pb2.Shopper:
    """Average price and spend a day, as the profile store fills them in."""
    spend, units = (
        np.array(column, float) for column in (profile.spend_milli, profile.units_milli)
    )
    counts = np.array(profile.purchase_counts, float)
    prices = np.divide(spend, units, out=np.zeros_like(spend), where=units > 0)
    return reranker_pb2.Shopper(
        average_price=float(prices @ counts / counts.sum()),
        spend_per_day=float(spend.sum() / MILLI / profile.shopping_days),
    )


def measure(
    bundle: Bundle, profiles: ProfileTable, products: int, requests: int, strategy: int
) -> Samples:
    """Time so many requests of users with about so many products, after one round unmeasured."""
    one, two = build_level_1(bundle), build_level_2(bundle)
    day = bundle.manifest.trained_through_day + 1
    ids = bundle.catalogue.item_ids
    wire = [profile_to(profiles, user, ids) for user in users_of(profiles, products, 200)]
    asked = [(profile.SerializeToString(), shopper_of(profile)) for profile in wire]
    index = type(one.level1.index)
    watched = {**LEVEL_1, "FAISS search": (index, "search"), **LEVEL_2}
    order = (
        "decode the request", *LEVEL_1, "FAISS search", "level 1", "encode the candidates",
        "decode the candidates", *LEVEL_2, "level 2", "encode the page",
    )  # fmt: skip
    samples: Samples = {name: [] for name in order}
    for profile, shopper in asked:
        one_request(profile, shopper, day, strategy, one, two, {name: [] for name in order})
    with ExitStack() as stack:
        for name, (owner, function) in watched.items():
            stack.enter_context(stopwatch(owner, function, samples[name]))
        for turn in range(requests):
            one_request(*asked[turn % len(asked)], day, strategy, one, two, samples)
    return samples


def stages_table(samples: Samples, products: int) -> Table:
    """Lay out the stages, microseconds."""
    title = f"Stages of a request, about {products} products in the profile, microseconds"
    table = Table(title=title, title_justify="left")
    for head in ("stage", "p50", "p99"):
        table.add_column(head, justify="left" if head == "stage" else "right")
    inner = {*LEVEL_1, *LEVEL_2, "FAISS search"}
    for name, values in samples.items():
        if values:
            cells = (f"{1e6 * float(np.percentile(values, each)):,.0f}" for each in (50, 99))
            table.add_row(f"  {name}" if name in inner else f"[bold]{name}[/]", *cells)
    return table


def main() -> None:
    """Measure, print, and write JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    home = Path(os.environ.get("RESTOCK_HOME", ".restock"))
    parser.add_argument("--home", type=Path, default=home, help="folder with the models")
    parser.add_argument("--products", type=int, default=275, help="products in a profile, about")
    parser.add_argument("--requests", type=int, default=1000, help="how many requests to time")
    parser.add_argument("--strategy", choices=("hybrid", "learned"), default="hybrid")
    parser.add_argument("--out", type=Path, default=Path("build/stages.json"))
    given = parser.parse_args()
    store = BundleStore(given.home / "models")
    version = store.active()
    if version is None:
        sys.exit(f"no model version in {store.root}; make one: restock train --sample")
    strategy = types_pb2.Strategy.Value(f"STRATEGY_{given.strategy.upper()}")
    samples = measure(
        store.load(version), store.profiles(version), given.products, given.requests, strategy
    )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    microseconds = {
        name: {f"p{each}": round(1e6 * float(np.percentile(values, each)), 1) for each in (50, 99)}
        for name, values in samples.items()
        if values
    }
    given.out.write_text(json.dumps(microseconds, indent=1) + "\n")
    Console().print(stages_table(samples, given.products))


if __name__ == "__main__":
    main()
