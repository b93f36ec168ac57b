"""Every method that is compared. A new one is a file beside this and a line here."""

from collections.abc import Sequence
from functools import partial

from restock.core.blend import Strategy
from restock.core.learned.ranker import Ranker as LearnedRanker
from restock.tuning_config import TuningConfig
from trainer.evaluation.methods.als import Als
from trainer.evaluation.methods.ease import Ease
from trainer.evaluation.methods.frequency import (
    GlobalPersonalTopFrequency,
    PersonalTopFrequency,
    RecentFrequency,
)
from trainer.evaluation.methods.item_cf import ItemCf
from trainer.evaluation.methods.method import Method
from trainer.evaluation.methods.popular import Popular
from trainer.evaluation.methods.seed_hybrid import SeedHybrid
from trainer.evaluation.methods.served import Served
from trainer.evaluation.methods.served_settings import Setting, with_and_without_rules
from trainer.evaluation.methods.tifu_knn import TifuKnn

REFERENCE = "TIFU-KNN"
"""The method that all others are compared with: the strongest baseline on groceries."""
SELLING_NOW_DAYS = 28.0
"""Half-life of the popularity that forgets."""


def all_methods(tuning: TuningConfig) -> list[Method]:
    """Every method of the main tables, in their order; the knobs are those of what serves."""
    return [
        Popular(),
        Popular("popularity, decayed", SELLING_NOW_DAYS),
        PersonalTopFrequency(),
        GlobalPersonalTopFrequency(),
        RecentFrequency(),
        TifuKnn(),
        ItemCf(),
        Als(),
        Ease(),
        SeedHybrid(),
        Served(tuning),
    ]


def cold_start_methods(tuning: TuningConfig, ranker: LearnedRanker | None) -> list[Method]:
    """Methods of the cold-start table: those that are cheap to learn again and again.

    Args:
        tuning: knobs of what serves.
        ranker: what LEARNED serves with, too dear for that; None lets HYBRID answer, as where there is none.
    """
    return [
        Popular(),
        GlobalPersonalTopFrequency(),
        TifuKnn(),
        SeedHybrid(with_rules=False),
        Served(tuning.changed({"learned_windows": 0}), cold_start_settings(), ranker),
    ]


def cold_start_settings() -> dict[str, Setting]:
    """Ways to serve of the cold-start table, by name."""
    return with_and_without_rules(Strategy.HYBRID) | with_and_without_rules(Strategy.LEARNED)


def chosen(methods: Sequence[Method], wanted: Sequence[str]) -> list[Method]:
    """Keep methods of which any name contains any of the wanted texts; all where none is wanted."""
    wants = partial(is_wanted, wanted=wanted)
    kept = [method.only(wants) if isinstance(method, Served) else method for method in methods]
    return [method for method in kept if any(map(wants, method.names))]


def is_wanted(name: str, wanted: Sequence[str]) -> bool:
    """Tell whether a name contains any of the wanted texts, upper and lower case alike."""
    return not wanted or any(text.lower() in name.lower() for text in wanted)
