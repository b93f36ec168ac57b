import numpy as np
import pytest

from tests.unit.trainer.evaluation.an_evaluation import RESULTS, TOLD
from tests.unit.trainer.evaluation.shop import LENIENT, a_cut, many
from tests.unit.trainer.shop import SMALL
from trainer.evaluation.methods.served import Served
from trainer.evaluation.run import run_at
from trainer.evaluation.summary import change_of, cold_summary, group_names, summary


def test_a_metric_is_the_mean_over_households_then_over_cutoffs():
    each = [
        np.nanmean(cut.judged["next_basket"]["popularity"].metrics["recall_10"]) for cut in RESULTS
    ]
    told = TOLD["tasks"]["next_basket"]["popularity"]
    assert told["by_cutoff"]["recall_10"] == pytest.approx(each, abs=1e-5)
    assert told["recall_10"] == pytest.approx(np.mean(each), abs=1e-5)


def test_intervals_hold_the_value_and_the_reference_does_not_differ_from_itself():
    for told in TOLD["tasks"]["next_basket"].values():
        low, high = told["recall_10_interval"]
        assert low <= told["recall_10"] <= high
    assert TOLD["tasks"]["next_basket"]["TIFU-KNN"]["recall_10_change"] == [0, 0, 0]
    assert TOLD["tasks"]["next_basket"]["popularity"]["recall_10_change"][2] < 0


def test_what_recommends_nothing_new_explores_nothing():
    assert TOLD["tasks"]["explore"]["P-TopFreq"]["recall_10"] == 0
    assert TOLD["tasks"]["next_basket"]["P-TopFreq"]["repeat_share_10"] < 1


def test_households_are_grouped_by_their_shopping_days():
    told = TOLD["by_history"]
    assert group_names() == ["under 10", "10-24", "25-49", "50-99", "100 and more"]
    assert sum(told["households"]) == sum(len(cut.households) for cut in RESULTS)
    assert told["methods"]["TIFU-KNN"][4] == [None, None, None]


def test_a_cold_start_tells_recall_its_interval_and_the_difference_to_the_reference():
    told = cold_summary(RESULTS, LENIENT)
    low, high = told["TIFU-KNN"]["recall_10_interval"]
    assert low <= told["TIFU-KNN"]["recall_10"] <= high
    assert told["TIFU-KNN"]["recall_10_change"] == [0, 0, 0]
    ordinary = TOLD["tasks"]["next_basket"]["popularity"]["recall_10_change"]
    assert told["popularity"]["recall_10_change"] == ordinary


def test_a_difference_is_paired_draw_by_draw():
    """Half as much in each draw: half as much for sure, however the draws differ."""
    whole = np.array([0.2, 0.4, 0.6])
    assert change_of((0.2, whole / 2), (0.4, whole)) == [-0.5, -0.5, -0.5]
    assert change_of((0.2, whole), (0.0, whole)) is None
    assert change_of((0.2, whole), (0.4, np.array([0.2, 0.0, 0.6]))) is None


def test_rules_are_told_of_strategies_that_were_judged_with_and_without_them():
    assert TOLD["rules"] == {}
    served = [Served(SMALL).only(lambda name: name.startswith("served POPULARITY"))]
    told = summary([run_at(a_cut(many(), 60), served, LENIENT)], LENIENT)
    change, low, high = told["rules"]["POPULARITY"]["all rules"]
    plain = told["tasks"]["next_basket"]
    ratio = (
        plain["served POPULARITY"]["recall_10"]
        / (plain["served POPULARITY, no rules"]["recall_10"])
    )
    assert change == pytest.approx(ratio - 1, abs=1e-4)
    assert low <= change <= high
