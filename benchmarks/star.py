"""The suite beside a bare star of empty services, in one run: `python -m benchmarks.star`."""

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.load import Measured, load, percentile_ms
from benchmarks.messages import Messages, capture, middle_user
from benchmarks.processes import LOOPBACK, Star, as_of_day, bare_star, real_star
from restock.artifacts.store import BundleStore

CALLERS = (1, 16)
STARS = ("bare", "real")
MOST_CALLS = 100_000
"""Of one stretch: a bound, whatever the machine."""
WARM_UP_SECONDS = 1.5
Stretches = dict[tuple[str, int], list[Measured]]


def options() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.star", description=__doc__)
    home = Path(os.environ.get("RESTOCK_HOME", ".restock"))
    parser.add_argument("--home", type=Path, default=home, help="folder with the models")
    parser.add_argument("--rounds", type=int, default=4, help="how often the stars take turns")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a stretch of load")
    parser.add_argument("--out", type=Path, default=Path("build/star.json"))
    parser.add_argument(
        "--attach", type=int, metavar="PORT",
        help="measure the suite that runs with its gateway on this port and its leaves on the next "
        "three (as `restock up` starts it; set RESTOCK_GATEWAY_CACHE_ENTRIES=0 for it)",
    )  # fmt: skip
    return parser


def active_version(store: BundleStore) -> str:
    """Active model version, trained on the sample first if there is none."""
    if (version := store.active()) is None:
        from trainer.sample import train_sample  # noqa: PLC0415  slow to import

        version = train_sample(store)
    return version


@contextmanager
def suite(given: argparse.Namespace, version: str) -> Iterator[Star]:
    """Start the real suite, or find the one that runs."""
    if given.attach is None:
        with real_star(given.home, given.out.parent / "star", version) as star:
            yield star
        return
    roles = ("gateway", "profile_store", "candidate_gen", "reranker")
    yield Star({role: f"{LOOPBACK}:{given.attach + place}" for place, role in enumerate(roles)}, {})


def measured(star: Star, users: list[str], callers: int, seconds: float, seed: int) -> Measured:
    """Load a star for a while and see what its processes spend."""
    before = star.cpu_seconds()
    stretch = asyncio.run(load(star.front, users, callers, seconds, MOST_CALLS, seed))
    stretch.cpu_seconds = {role: after - before[role] for role, after in star.cpu_seconds().items()}
    return stretch


def run(stars: dict[str, Star], users: list[str], rounds: int, seconds: float) -> Stretches:
    """Let the stars take turns; who begins changes with each round."""
    stretches: Stretches = {(name, callers): [] for name in STARS for callers in CALLERS}
    for name in STARS:
        measured(stars[name], users, max(CALLERS), WARM_UP_SECONDS, seed=0)
    for turn in range(rounds):
        for callers in CALLERS:
            for name in STARS if turn % 2 == 0 else reversed(STARS):
                stretch = measured(stars[name], users, callers, seconds, seed=turn)
                stretches[name, callers].append(stretch)
    return stretches


def summary(stretches: list[Measured]) -> dict[str, float]:
    """Throughput (median of the rounds) and latencies (of all answers)."""
    latencies = [latency for stretch in stretches for latency in stretch.latencies]
    return {
        "answers": len(latencies),
        "throughput_per_second": statistics.median(each.throughput for each in stretches),
        "p50_ms": percentile_ms(latencies, 50),
        "p99_ms": percentile_ms(latencies, 99),
    }


def ratios(bare: list[Measured], real: list[Measured]) -> dict[str, Any]:
    """The suite in shares of the bare star, and how far the rounds lie apart."""
    one, other = summary(bare), summary(real)
    by_round = [b.throughput / r.throughput for b, r in zip(bare, real, strict=True)]
    return {
        "throughput": other["throughput_per_second"] / one["throughput_per_second"],
        "p50": other["p50_ms"] / one["p50_ms"],
        "p99": other["p99_ms"] / one["p99_ms"],
        "throughput_by_round": [round(1 / each, 4) for each in by_round],
    }


def cpu_per_request(stretches: list[Measured]) -> dict[str, float]:
    """Microseconds of CPU that each process spends on a request."""
    answers = sum(len(each.latencies) for each in stretches)
    return {
        role: 1e6 * sum(each.cpu_seconds[role] for each in stretches) / answers
        for role in stretches[0].cpu_seconds
    }


def result_of(stretches: Stretches, messages: Messages, version: str) -> dict[str, Any]:
    """Everything that was measured, as JSON will have it."""
    return {
        "model_version": version,
        "products_of_the_median_profile": len(messages.profile.profile.product_ids),
        "candidates": len(messages.candidates.candidates.product_ids),
        "bytes": messages.sizes(),
        "callers": {
            str(callers): {
                **{name: summary(stretches[name, callers]) for name in STARS},
                "ratio": ratios(stretches["bare", callers], stretches["real", callers]),
            }
            for callers in CALLERS
        },
        "cpu_us_per_request": {
            name: cpu_per_request(stretches[name, max(CALLERS)]) for name in STARS
        },
    }


def star_table(result: dict[str, Any]) -> Table:
    """Lay out both stars and their ratio."""
    table = Table(title="The suite beside a bare star", title_justify="left")
    for head in ("callers", "measure", "bare", "suite", "ratio"):
        table.add_column(head, justify="left" if head == "measure" else "right")
    for callers, found in result["callers"].items():
        rows = [("answers a second", "throughput_per_second", "throughput", ",.0f")]
        rows += [(f"{name}, ms", f"{name}_ms", name, ".2f") for name in ("p50", "p99")]
        for label, key, ratio, form in rows:
            bare, real = found["bare"][key], found["real"][key]
            table.add_row(
                callers, label, f"{bare:{form}}", f"{real:{form}}", f"{found['ratio'][ratio]:.2f}"
            )
        table.add_section()
    return table


def cpu_table(result: dict[str, Any]) -> Table:
    """Lay out what each process spends."""
    table = Table(title="CPU of a request, microseconds", title_justify="left")
    for head in ("process", "bare", "suite", "ratio"):
        table.add_column(head, justify="left" if head == "process" else "right")
    spent = result["cpu_us_per_request"]
    totals = {name: sum(spent[name].values()) for name in STARS}
    for role, real in [*spent["real"].items(), ("all", totals["real"])]:
        bare = totals["bare"] if role == "all" else spent["bare"].get(role)
        cells = ("-", "-") if bare is None else (f"{bare:,.0f}", f"{real / bare:.2f}")
        table.add_row(role, cells[0], f"{real:,.0f}", cells[1])
    return table


def main() -> None:
    """Measure, print, and write JSON."""
    given = options().parse_args()
    console = Console()
    store = BundleStore(given.home / "models")
    version = active_version(store)
    profiles = store.profiles(version)
    with suite(given, version) as real:
        day = as_of_day(store, version)
        messages = capture(
            *(real.addresses[role] for role in real.addresses), middle_user(profiles), day
        )
        with bare_star(given.out.parent / "star", messages) as bare:
            stars = {"bare": bare, "real": real}
            stretches = run(stars, profiles.user_ids, given.rounds, given.seconds)
    result = result_of(stretches, messages, version)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    console.print(star_table(result))
    if result["cpu_us_per_request"]["real"]:
        console.print(cpu_table(result))
    console.print(
        f"{len(profiles.user_ids):,} households, profile of {result['products_of_the_median_profile']} "
        f"products, {result['candidates']} candidates; written to {given.out}"
    )


if __name__ == "__main__":
    sys.exit(main())
