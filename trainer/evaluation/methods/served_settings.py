"""Ways to serve that are judged: every strategy, with and without the rules, and each rule apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from restock.core.blend import Strategy

Knobs = Mapping[str, float]
RULES_OFF: dict[str, Knobs] = {
    "leaving out the recent": {"recent_cycle_share": 0.0},
    "the due boost": {"due_boost": 0.0},
    "price rules": {"soft_price_ratio": 100.0, "max_price_ratio": 100.0},
    "the segment rule": {"segment_floor": 1.0},
    "upsell": {"upsell_factor": 0.0},
    "variety": {"max_per_category": 100},
}
"""Knobs that switch each rule off."""
NO_RULES: Knobs = {knob: value for knobs in RULES_OFF.values() for knob, value in knobs.items()}
CYCLE_RULES = ("leaving out the recent", "the due boost")
"""Rules that LEARNED is spared unless ``cycle_rules_on_learned`` is 1."""
CYCLES_ON: Knobs = {"cycle_rules_on_learned": 1}
CYCLES_ON_NAME = "served LEARNED with the cycle rules"
CYCLES_ON_RULE = "both cycle rules where they are off"
ALL_RULES = "all rules"
"""What a strategy's rules are called together."""


@dataclass(frozen=True)
class Setting:
    """One way to serve."""

    strategy: Strategy
    """Who finds and scores the candidates."""
    level_1: Knobs = field(default_factory=dict)
    """Knobs of finding that differ from the defaults."""
    level_2: Knobs = field(default_factory=dict)
    """Knobs of the rules that differ."""


STRATEGIES = (
    Strategy.POPULARITY,
    Strategy.ITEM_CF,
    Strategy.ALS,
    Strategy.HYBRID,
    Strategy.LEARNED,
)
"""Strategies that are judged with and without all rules."""
RULES_APART: dict[Strategy, tuple[str, ...]] = {
    Strategy.HYBRID: tuple(RULES_OFF),
    Strategy.LEARNED: tuple(rule for rule in RULES_OFF if rule not in CYCLE_RULES),
}
"""Strategies that are judged without each of their rules as well."""


def settings() -> dict[str, Setting]:
    """Every way to serve that is judged, by name; those that share candidates stand together."""
    found: dict[str, Setting] = {}
    for strategy in STRATEGIES:
        found |= with_and_without_rules(strategy)
        for rule in RULES_APART.get(strategy, ()):
            without = Setting(strategy, level_2=RULES_OFF[rule])
            found[f"{served_name(strategy)} without {rule}"] = without
    found[CYCLES_ON_NAME] = Setting(Strategy.LEARNED, level_2=CYCLES_ON)
    own, name = {"history_weight": 1.0}, f"{served_name(Strategy.HYBRID)}, history_weight 1"
    found[name] = Setting(Strategy.HYBRID, own)
    found[f"{name}, no rules"] = Setting(Strategy.HYBRID, own, NO_RULES)
    return found


def with_and_without_rules(strategy: Strategy) -> dict[str, Setting]:
    """A strategy as it serves, and without any rule, by name."""
    name = served_name(strategy)
    return {name: Setting(strategy), f"{name}, no rules": Setting(strategy, level_2=NO_RULES)}


def served_name(strategy: Strategy) -> str:
    """What a strategy as it serves is called."""
    return f"served {strategy.name}"


def rule_pairs() -> dict[str, dict[str, tuple[str, str]]]:
    """Names of the settings with and without each rule, by strategy, then by rule."""
    pairs = {}
    for strategy in STRATEGIES:
        name = served_name(strategy)
        rules = {ALL_RULES: (name, f"{name}, no rules")}
        for rule in RULES_APART.get(strategy, ()):
            rules[rule] = (name, f"{name} without {rule}")
        pairs[strategy.name] = rules
    as_it_serves = served_name(Strategy.LEARNED)
    pairs[Strategy.LEARNED.name][CYCLES_ON_RULE] = (CYCLES_ON_NAME, as_it_serves)
    return pairs
