"""What comes after the cut-off must not change a ranking: every method is held to it."""

import numpy as np
import pytest

from restock.core.metrics import NOTHING
from tests.unit.trainer.evaluation.shop import LENIENT, a_cut, many, ranked_ids
from tests.unit.trainer.shop import SMALL
from trainer.evaluation.methods.method import ScoredRanker
from trainer.evaluation.methods.registry import all_methods
from trainer.evaluation.methods.served import ranker_of
from trainer.evaluation.protocol import Targets
from trainer.evaluation.run import EXPLORE, run_at

CUTOFF = 85
ROWS = many(users=15, products=20)
BEFORE = [row for row in ROWS if row[2] < CUTOFF]
TUNING = SMALL.changed({"learned_least_shoppers": 5})


def with_another_future():
    """Everything after the cut-off at random, with a product that tells what each household buys."""
    rng = np.random.default_rng(7)
    rows = [*BEFORE]
    for user in sorted({row[0] for row in ROWS}):
        for day in range(CUTOFF, CUTOFF + 28, 3):
            products = [f"p{rng.integers(20):02d}", f"signal of {user}", "new to all"]
            rows += [(user, product, day, 1, 3) for product in products]
    return rows


@pytest.mark.parametrize("method", all_methods(TUNING), ids=lambda method: method.names[0])
def test_no_method_sees_a_planted_future(method):
    one, other = (
        rankings(method, a_cut(rows, CUTOFF).past) for rows in (ROWS, with_another_future())
    )
    assert one.keys() == set(method.names)
    for name in method.names:
        assert one[name] == other[name], name


def rankings(method, past):
    """What every ranking of a method recommends, as ids, with and without what households own."""
    users = past.users_of(past.purchases.user_ids)
    ids = [*past.purchases.item_ids, None]
    return {
        name: [
            [[ids[row] for row in page] for page in ranker.rank(users, 10, banned).tolist()]
            for banned in (None, past.owned(users))
        ]
        for name, ranker in method.fit(past).items()
    }


def test_the_check_is_held_over_a_ranker_that_has_been_learned():
    assert ranker_of(a_cut(ROWS, CUTOFF).past, TUNING) is not None


class Oracle:
    """A method that leaks: someone handed it the file, and it recommends what will be bought."""

    names = ("oracle",)

    def __init__(self, targets: Targets) -> None:
        self.targets = targets

    def fit(self, past):
        def score(users):
            scores = np.zeros((len(users), past.catalogue_items))
            for place, user in enumerate(users.tolist()):
                rows = self.targets.rows[self.targets.starts[user] : self.targets.starts[user + 1]]
                scores[place, rows[rows != NOTHING]] = 1
            return scores

        return {"oracle": ScoredRanker(past, score)}


def test_the_check_would_catch_a_method_that_looks_ahead():
    cuts = [a_cut(rows, CUTOFF) for rows in (ROWS, with_another_future())]
    one, other = (
        ranked_ids(Oracle(cut.targets["next_basket"]), cut.past, cut.households) for cut in cuts
    )
    assert one != other


def test_looking_ahead_would_show_in_the_metrics():
    cut = a_cut(ROWS, CUTOFF)
    result = run_at(cut, [Oracle(cut.targets["next_basket"])], LENIENT)
    assert np.nanmean(result.judged["next_basket"]["oracle"].metrics["recall_10"]) == 1
    assert set(result.judged) == {"next_basket", "7_days", "28_days", EXPLORE}
