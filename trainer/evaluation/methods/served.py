"""What serves: every strategy by the very functions that answer requests, with and without each rule.

A past is learned from as `restock train` does it, over the whole catalogue. Each household is then asked for
as the gateway would: `candidates.generate`, and `rerank.rerank` over what it found.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from restock.artifacts.level1 import level1_of
from restock.artifacts.profiles import ProfileTable, history_of
from restock.core.arrays import Ints, Longs
from restock.core.blend import Strategy
from restock.core.candidates import generate
from restock.core.learned.ranker import Ranker as LearnedRanker
from restock.core.metrics import NOTHING
from restock.core.request import CandidateList, History, Level1, Query
from restock.core.rerank import rerank
from restock.tuning_config import TuningConfig
from trainer.catalogue import item_facts
from trainer.evaluation.methods.method import Ranker
from trainer.evaluation.methods.served_settings import Setting, settings
from trainer.evaluation.past import Past, RowLists
from trainer.fit import fit_retrieval
from trainer.learned.learn import learn
from trainer.progress import Quiet
from trainer.rank_query import rank_query
from trainer.strengths import strength_matrix

RANKED = (Strategy.LEARNED, Strategy.AUTO)
"""Strategies that want a ranker."""
NO_ROWS = np.empty(0, np.int64)


@dataclass(frozen=True)
class Served:
    """All settings over one training."""

    tuning: TuningConfig = field(default_factory=TuningConfig)
    """Knobs of the training, and of serving where a setting changes none."""
    settings: Mapping[str, Setting] = field(default_factory=settings)
    """What is judged, by name."""
    ranker: LearnedRanker | None = None
    """Learned from another past, to serve in place of one of the same."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the settings."""
        return tuple(self.settings)

    @property
    def ranks(self) -> bool:
        """Whether any setting asks for a ranker."""
        return any(setting.strategy in RANKED for setting in self.settings.values())

    def only(self, wanted: Callable[[str], bool]) -> "Served":
        """Judge the settings of some names alone: the others may be dear to learn."""
        kept = {name: setting for name, setting in self.settings.items() if wanted(name)}
        return replace(self, settings=kept)

    def fit(self, past: Past) -> Mapping[str, Ranker]:
        """Train a model version, without publishing it; without a ranker if no setting asks for one."""
        learned = {} if self.ranks else {"learned_windows": 0}
        shop = shop_of(past, self.tuning.changed(learned), self.ranker)
        return {name: ServedRanker(shop, setting) for name, setting in self.settings.items()}


@dataclass(frozen=True, eq=False)
class Shop:
    """A trained model version, and the profiles of its day."""

    day: int
    """For which to recommend."""
    level1: Level1
    """Arrays and index."""
    profiles: ProfileTable
    """Every household's purchases."""
    tuning: TuningConfig
    """Knobs that it was trained with."""
    found: dict[tuple[object, ...], list[CandidateList]] = field(default_factory=dict)
    """Candidates of the last finding: settings that differ in rules alone begin with the same."""

    def candidates(
        self, setting: Setting, users: Longs, banned: RowLists | None
    ) -> list[CandidateList]:
        """Level 1's answer to each user."""
        finding = (setting.strategy, *setting.level_1.items())
        key = (finding, users.tobytes(), banned is None)
        if any(known[0] != finding for known in self.found):
            self.found.clear()
        if key not in self.found:
            tuning = self.tuning.changed(setting.level_1)
            blocked = [NO_ROWS] * len(users) if banned is None else banned.lists()
            self.found[key] = [
                self.generated(setting.strategy, user, rows, tuning)
                for user, rows in zip(users.tolist(), blocked, strict=True)
            ]
        return self.found[key]

    def generated(
        self, strategy: Strategy, user: int, blocked: Longs, tuning: TuningConfig
    ) -> CandidateList:
        """Level 1's answer to one user."""
        history = history_of(self.profiles, user)
        query = Query(history, NO_ROWS, blocked, None, strategy, self.day, tuning)
        return generate(query, self.level1)

    def shopper(self, user: int) -> tuple[History, float]:
        """What one user bought, and spent on an average shopping day; nothing for the user -1."""
        history = history_of(self.profiles, user)
        days = int(self.profiles.shopping_days[user]) if user >= 0 else 1
        return history, float(history.spend.sum() / days)


def shop_of(past: Past, tuning: TuningConfig, ranker: LearnedRanker | None = None) -> Shop:
    """Train on a past as `restock train` does.

    Args:
        past: what is known.
        tuning: every knob.
        ranker: learned from another past; None for the one that this past gives.
    """
    catalogue = item_facts(past.purchases, past.profiles, past.products, tuning)
    strengths = strength_matrix(past.profiles, catalogue.average_units, tuning)
    retrieval = fit_retrieval(strengths, tuning, Quiet())
    learned = learn(past.purchases, past.products, tuning, Quiet(), past.day)
    level1 = level1_of(catalogue, retrieval, tuning, learned.table, ranker or learned.ranker)
    return Shop(past.day, level1, past.profiles, tuning)


def ranker_of(past: Past, tuning: TuningConfig) -> LearnedRanker | None:
    """Learn a ranker as `restock train` does; None where there is too little to learn from."""
    return learn(past.purchases, past.products, tuning, Quiet(), past.day).ranker


@dataclass(frozen=True, eq=False)
class ServedRanker:
    """Answers as the suite would with one setting."""

    shop: Shop
    """What was trained."""
    setting: Setting
    """How it serves."""

    def rank(self, users: Longs, k: int, banned: RowLists | None) -> Ints:
        """Find candidates, then let the rules make a page of k."""
        tuning = self.shop.tuning.changed({**self.setting.level_1, **self.setting.level_2})
        pages = np.full((len(users), k), NOTHING, np.int32)
        with threadpool_limits(1):  # as in a service: one request has too little work for threads
            found = self.shop.candidates(self.setting, users, banned)
        for place, (user, candidates) in enumerate(zip(users.tolist(), found, strict=True)):
            history, spend = self.shop.shopper(user)
            query = rank_query(candidates, history, spend, k, self.shop.day, tuning)
            page = candidates.rows[rerank(query, self.shop.level1.catalogue).positions]
            pages[place, : len(page)] = page
        return pages
