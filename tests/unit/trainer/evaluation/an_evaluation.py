"""A small evaluation of three methods at two cut-offs."""

from tests.unit.trainer.evaluation.shop import LENIENT, a_cut, many
from trainer.evaluation.evaluation import cutoff
from trainer.evaluation.methods.frequency import PersonalTopFrequency
from trainer.evaluation.methods.popular import Popular
from trainer.evaluation.methods.tifu_knn import TifuKnn
from trainer.evaluation.run import run_at
from trainer.evaluation.summary import summary

METHODS = [Popular(), PersonalTopFrequency(), TifuKnn()]
RESULTS = [run_at(a_cut(many(), day), METHODS, LENIENT) for day in (60, 88)]
TOLD = summary(RESULTS, LENIENT)
EVALUATION = {
    "reference": "TIFU-KNN",
    "cutoffs": [cutoff(result) for result in RESULTS],
    "cold_start": {
        "0": {
            "popularity": {"recall_10": 0.05, "recall_10_change": [0.25, 0.2, 0.3]},
            "TIFU-KNN": {"recall_10": 0.04, "recall_10_change": [0, 0, 0]},
        },
        "1": {"popularity": {"recall_10": 0.06}, "TIFU-KNN": {"recall_10": 0.0}},
    },
    **TOLD,
    "rules": {
        "HYBRID": {"all rules": [-0.2, -0.3, -0.1], "upsell": [-0.01, -0.02, 0.005]},
        "LEARNED": {"all rules": [-0.05, -0.06, -0.04]},
    },
}
