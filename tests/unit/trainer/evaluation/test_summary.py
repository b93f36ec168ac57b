import numpy as np
import pytest

from tests.unit.trainer.evaluation.an_evaluation import RESULTS, TOLD
from tests.unit.trainer.evaluation.shop import LENIENT
from trainer.evaluation.summary import cold_summary, group_names


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


def test_a_cold_start_tells_recall_and_its_interval():
    told = cold_summary(RESULTS, LENIENT)["TIFU-KNN"]
    assert told["recall_10_interval"][0] <= told["recall_10"] <= told["recall_10_interval"][1]
