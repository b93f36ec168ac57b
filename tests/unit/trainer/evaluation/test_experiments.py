import numpy as np
import pytest

from restock.errors import InvalidFile
from tests.unit.trainer.evaluation.shop import FILE, LENIENT, many
from tests.unit.trainer.shop import SMALL, some_products, some_purchases
from trainer.evaluation.cold_start import ColdStart
from trainer.evaluation.experiments import Experiment, Setup, results
from trainer.evaluation.methods.registry import all_methods, chosen, cold_start_methods
from trainer.progress import Quiet

PURCHASES = some_purchases(many(users=10, products=12))
EXPERIMENTS = [Experiment(60), Experiment(88), Experiment(88, 1)]


def a_setup(*wanted, purchases=PURCHASES, tuning=SMALL):
    products = some_products(purchases.item_ids)
    return Setup(purchases, products, tuning, LENIENT, ColdStart(), wanted, FILE)


def recalls(found):
    return [
        (cut.day, name, judged.metrics["recall_10"].tolist())
        for cut in found
        for name, judged in cut.judged["next_basket"].items()
    ]


def test_two_processes_give_the_same_as_one_in_the_same_order():
    alone = recalls(results(a_setup("tifu", "top"), EXPERIMENTS, 1, Quiet()))
    shared = recalls(results(a_setup("tifu", "top"), EXPERIMENTS, 2, Quiet()))
    assert alone == shared
    assert [day for day, name, _ in alone if name == "TIFU-KNN"] == [60, 88, 88]


def test_a_cold_start_judges_fewer_households_and_does_not_explore():
    ordinary, new = results(a_setup("popularity"), EXPERIMENTS[1:], 1, Quiet())
    assert set(new.households) < set(ordinary.households)
    assert "explore" not in new.judged


def test_only_the_names_wanted_are_told_and_only_their_families_learned():
    found = results(a_setup("BM25"), EXPERIMENTS[:1], 1, Quiet())
    assert list(found[0].judged["next_basket"]) == ["item-CF, BM25"]
    assert len(chosen(all_methods(SMALL), ["bm25"])) == 1


class Stages(Quiet):
    """Notes the stages, and the steps of each."""

    def __init__(self):
        self.entered = []

    def stage(self, name, steps=1):
        self.entered.append((name, steps))
        return super().stage(name, steps)


def test_the_cold_starts_of_a_cutoff_share_a_ranker_that_is_learned_once():
    tuning = SMALL.changed({"learned_least_shoppers": 5})
    setup = a_setup("served", purchases=some_purchases(many(days=150)), tuning=tuning)
    progress = Stages()
    lengths = [Experiment(120, days) for days in (0, 1, 5)]
    found = results(setup, lengths, 1, progress)
    assert progress.entered == [("Rankers of cold starts", 1), ("Experiments", 3)]
    recall = [
        {name: judged.metrics["recall_10"] for name, judged in cut.judged["next_basket"].items()}
        for cut in found
    ]
    learned, hybrid = "served LEARNED, no rules", "served HYBRID, no rules"
    assert np.array_equal(recall[0][learned], recall[0][hybrid])  # nobody knows the shopper
    assert not np.array_equal(recall[2][learned], recall[2][hybrid])
    without = setup.run(lengths[2], None).judged["next_basket"][learned]
    assert np.array_equal(without.metrics["recall_10"], recall[2][hybrid])


def test_no_ranker_is_learned_for_cold_starts_that_do_not_ask_for_one():
    progress = Stages()
    results(a_setup("tifu", "served hybrid"), EXPERIMENTS[2:], 1, progress)
    assert progress.entered == [("Experiments", 1)]


def test_every_method_has_a_name_of_its_own():
    for methods in (all_methods(SMALL), cold_start_methods(SMALL, None)):
        names = [name for method in methods for name in method.names]
        assert len(names) == len(set(names))


def test_a_day_without_purchases_before_it_is_refused():
    with pytest.raises(InvalidFile, match="on both sides"):
        results(a_setup("popularity"), [Experiment(-5)], 1, Quiet())
