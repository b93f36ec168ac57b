"""Recall@10 of the next basket on the sample data, for some settings of the knobs.

Learns from what lies before a day, asks the functions that serve for ten products for every sampled
household with at least 3 shopping days, and compares with its first basket in the 28 days from then.

    python -m benchmarks.recall [--households 700]
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from restock.artifacts.bundle import Bundle
from restock.artifacts.manifest import Manifest
from restock.artifacts.profiles import ProfileTable
from restock.core import signals
from restock.core.blend import Strategy
from restock.core.candidates import CandidateList, History, Query, generate
from restock.core.rerank import RankQuery, rerank
from restock.serving.threads import limit_compute_threads
from restock.tuning_config import TuningConfig
from services.candidate_gen.model import CandidateModel, build
from trainer.clean import clean
from trainer.fit import fit
from trainer.purchases import Purchases, compacted, most_bought_first, summed_by_day
from trainer.read import read_products, read_transactions
from trainer.sample import sample_source

CUTOFF = (date(2017, 8, 7) - date(1970, 1, 1)).days
WINDOW_DAYS, LEAST_SHOPPING_DAYS, PAGE = 28, 3, 10
NO_ROWS = np.empty(0, np.int64)
LEVEL_1 = ("ITEM_CF", "ALS", "HYBRID")
RULES_OFF = {
    "price": {"soft_price_ratio": 100.0, "max_price_ratio": 100.0},
    "leaving out what was just bought": {"recent_cycle_share": 0.0},
    "15% for what is due": {"due_boost": 0.0},
    "segment": {"segment_floor": 1.0},
    "upsell": {"upsell_factor": 0.0},
    "variety": {"max_per_category": 100},
}
SIZES = {
    "item_cf_history": (100, 400),
    "source_candidates": (60, 300),
    "candidate_count": (100, 300),
}
"""What may be larger at a cost, or smaller."""


class Silent:
    """Training without bars."""

    @contextmanager
    def stage(self, name: str, steps: int = 1) -> Iterator[Any]:
        """Do a stage."""
        yield lambda: None


def before(purchases: Purchases, day: int) -> Purchases:
    """What was bought before a day."""
    past = purchases.days < day
    users, user_ids = compacted(purchases.users[past], purchases.user_ids)
    items, item_ids = most_bought_first(*compacted(purchases.items[past], purchases.item_ids))
    rest = (purchases.days[past], purchases.units_milli[past], purchases.spend_milli[past])
    return Purchases(user_ids, item_ids, *summed_by_day(users, items, *rest))


def next_baskets(purchases: Purchases, day: int) -> dict[str, set[str]]:
    """Products of each user's first shopping day in the window from a day on."""
    window = (purchases.days >= day) & (purchases.days < day + WINDOW_DAYS)
    first: dict[int, int] = {}
    rows = list(
        zip(
            purchases.users[window].tolist(),
            purchases.items[window].tolist(),
            purchases.days[window].tolist(),
            strict=True,
        )
    )
    for user, _, when in rows:
        first[user] = min(when, first.get(user, when))
    baskets: dict[str, set[str]] = {}
    for user, item, when in rows:
        if when == first[user]:
            baskets.setdefault(purchases.user_ids[user], set()).add(purchases.item_ids[item])
    return baskets


def history_of(profiles: ProfileTable, user: int) -> History:
    """One user's purchases."""
    span = slice(profiles.starts[user], profiles.starts[user + 1])
    return History(
        rows=profiles.item_rows[span].astype(np.int64),
        purchase_counts=profiles.purchase_counts[span].astype(np.float32),
        first_days=profiles.first_days[span].astype(np.float32),
        last_days=profiles.last_days[span].astype(np.float32),
        units=(profiles.units_milli[span] / signals.MILLI).astype(np.float32),
        spend=(profiles.spend_milli[span] / signals.MILLI).astype(np.float32),
    )


def after_rules(
    found: CandidateList,
    history: History,
    shopping_days: int,
    model: CandidateModel,
    tuning: TuningConfig,
) -> np.ndarray:
    """Rows of the page that level 2 makes of candidates."""
    own = found.history_positions
    bought = own >= 0
    prices = signals.unit_prices(history.spend, history.units)
    query = RankQuery(
        rows=found.rows,
        scores=sum(found.parts.values(), np.zeros(len(found.rows), np.float32)),
        purchase_counts=np.where(bought, history.purchase_counts[own], np.float32(0)),
        first_days=np.where(bought, history.first_days[own], np.float32(0)),
        last_days=np.where(bought, history.last_days[own], np.float32(0)),
        average_price=signals.average_price(prices, history.purchase_counts),
        spend_per_day=float(history.spend.sum() / shopping_days),
        page_size=PAGE,
        as_of_day=CUTOFF,
        mask=None,
        tuning=tuning,
    )
    return found.rows[rerank(query, model.catalogue).positions]


def recalls(
    model: CandidateModel,
    profiles: ProfileTable,
    users: list[int],
    baskets: dict[str, set[str]],
    strategy: Strategy,
    changes: dict[str, float],
) -> tuple[float, float]:
    """Mean recall of level 1 alone, and after the rules."""
    tuning, ids = model.tuning.changed(changes), model.catalogue.item_ids
    alone, ruled = [], []
    for user in users:
        history, basket = history_of(profiles, user), baskets[profiles.user_ids[user]]
        query = Query(history, NO_ROWS, NO_ROWS, None, strategy, CUTOFF, tuning)
        found = generate(query, model.level1)
        page = after_rules(found, history, int(profiles.shopping_days[user]), model, tuning)
        alone.append(len(basket.intersection(ids[row] for row in found.rows[:PAGE])) / len(basket))
        ruled.append(len(basket.intersection(ids[row] for row in page)) / len(basket))
    return float(np.mean(alone)), float(np.mean(ruled))


def learned(
    purchases: Purchases, products: Any, quality: Any, tuning: TuningConfig
) -> tuple[CandidateModel, ProfileTable]:
    """Fit on what lies before the cut-off."""
    draft = fit(before(purchases, CUTOFF), products, quality, tuning, Silent())
    fields = {**draft.manifest, "files": {}}
    bundle = Bundle("held out", Manifest(**fields), tuning, draft.catalogue, draft.retrieval)
    return build(bundle), draft.profiles


def main(households: int = 700) -> None:
    """Print the tables."""
    source, tuning = sample_source(), TuningConfig()
    products = read_products(source.products, source.columns.products)
    today = datetime.now(UTC).date()
    transactions = read_transactions(source.transactions, source.columns.transactions, today)
    purchases, quality = clean(transactions, products, tuning, source.transactions)
    baskets = next_baskets(purchases, CUTOFF)
    model, profiles = learned(purchases, products, quality, tuning)
    regular = profiles.shopping_days >= LEAST_SHOPPING_DAYS
    known = [u for u in np.flatnonzero(regular).tolist() if profiles.user_ids[u] in baskets]
    users = sorted(
        np.random.default_rng(0).choice(known, min(households, len(known)), replace=False).tolist()
    )
    table = Table(
        "setting", "level 1", "after the rules", title=f"recall@10, {len(users)} households"
    )

    def row(label: str, strategy: Strategy, **changes: float) -> None:
        one, two = recalls(model, profiles, users, baskets, strategy, changes)
        table.add_row(label, f"{one:.4f}", f"{two:.4f}")

    for name in LEVEL_1:
        row(name, Strategy[name])
    for label, changes in RULES_OFF.items():
        row(f"HYBRID without {label}", Strategy.HYBRID, **changes)
    everything = {knob: value for changes in RULES_OFF.values() for knob, value in changes.items()}
    row("HYBRID without any rule", Strategy.HYBRID, **everything)
    for knob, values in SIZES.items():
        for value in values:
            row(f"HYBRID, {knob} {value}", Strategy.HYBRID, **{knob: value})
    for weight in (0.4, 1.0):
        row(f"HYBRID, history_weight {weight}", Strategy.HYBRID, history_weight=weight)
    for shrinkage in (0.0, 1.0, 5.0, 20.0):
        changed = tuning.changed({"item_cf_shrinkage": shrinkage})
        model, profiles = learned(purchases, products, quality, changed)
        row(f"ITEM_CF, item_cf_shrinkage {shrinkage:g}", Strategy.ITEM_CF)
        row(f"HYBRID, item_cf_shrinkage {shrinkage:g}", Strategy.HYBRID)
    Console().print(table)


if __name__ == "__main__":
    limit_compute_threads()
    typer.run(main)
