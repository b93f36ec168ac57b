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
    "cold_start": {"0": {"popularity": {"recall_10": 0.05}}},
    **TOLD,
}
