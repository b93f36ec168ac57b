"""What the gateway would ask level 2, for those who judge pages without a gateway."""

import numpy as np

from restock.core import signals
from restock.core.arrays import Floats
from restock.core.blend import Strategy
from restock.core.request import CandidateList, History
from restock.core.rerank import RankQuery, cycle_rules_apply
from restock.tuning_config import TuningConfig


def rank_query(
    found: CandidateList,
    history: History,
    spend_per_day: float,
    page_size: int,
    day: int,
    tuning: TuningConfig,
) -> RankQuery:
    """Ask for a page of level 1's answer to a shopper.

    Args:
        found: that answer.
        history: what the shopper bought.
        spend_per_day: of an average shopping day; 0 when unknown.
        page_size: results to keep.
        day: for which to recommend, counted from 1970-01-01.
        tuning: all knobs.
    """
    prices = signals.unit_prices(history.spend, history.units)
    return RankQuery(
        rows=found.rows,
        scores=sum(found.parts.values(), np.zeros(len(found.rows), np.float32)),
        purchase_counts=of_own(history.purchase_counts, found),
        first_days=of_own(history.first_days, found),
        last_days=of_own(history.last_days, found),
        average_price=signals.average_price(prices, history.purchase_counts),
        spend_per_day=spend_per_day,
        page_size=page_size,
        as_of_day=day,
        mask=None,
        tuning=tuning,
        cycle_rules=cycle_rules_apply(found.strategy is Strategy.LEARNED, tuning),
    )


def of_own(column: Floats, found: CandidateList) -> Floats:
    """Put a column of the history beside the candidates, (candidates,) float32, 0 for what is new."""
    return np.append(column, np.float32(0))[found.history_positions]
