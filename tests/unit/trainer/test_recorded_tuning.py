from dataclasses import asdict

import pytest

from restock.errors import InvalidTuning
from restock.tuning_config import TuningConfig
from trainer.recorded_tuning import NAMES, note, recorded, set_aside, values_of

TUNING = TuningConfig(als_factors=8, upsell_factor=0.5)


def test_what_is_read_is_noted_with_its_value():
    knobs = recorded(TUNING)
    assert knobs.noted() == {}
    assert (knobs.als_factors, knobs.upsell_factor) == (8, 0.5)
    assert knobs.noted() == {"als_factors": 8, "upsell_factor": 0.5}


def test_a_copy_of_all_knobs_reads_all():
    one, other = recorded(TUNING), recorded(TUNING)
    assert asdict(one) == asdict(TUNING)
    assert one.read == NAMES
    assert other.changed({"seed": 1}).seed == 1
    assert other.read == NAMES - {"seed"}


def test_looking_at_the_values_is_not_reading():
    knobs = recorded(TUNING)
    assert values_of(recorded(knobs)) == values_of(TUNING)
    assert knobs.read == set()
    note(knobs, ["seed"])
    assert knobs.read == {"seed"}


def test_a_recorded_setting_is_as_frozen_and_checked_as_any():
    with pytest.raises(InvalidTuning):
        recorded(TUNING).changed({"als_factors": 0})
    with pytest.raises(AttributeError):
        recorded(TUNING).als_factors = 3


def test_a_setting_that_is_set_aside_cannot_be_read():
    knobs = recorded(TUNING)
    with set_aside(knobs), pytest.raises(RuntimeError, match="knob seed is read from another"):
        _ = knobs.seed
    assert knobs.seed == 0
