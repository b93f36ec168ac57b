import ast
import dataclasses
import inspect
import itertools
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock import tuning_config
from restock.errors import InvalidTuning
from restock.tuning_config import TuningConfig, read_changes

FIELDS = dataclasses.fields(TuningConfig)


def test_the_seeds_numbers_are_the_defaults():
    tuning = TuningConfig()
    assert (tuning.spending_weight, tuning.quantity_weight) == (0.5, 0.5)
    assert (tuning.min_strength, tuning.max_strength) == (0.1, 5.0)
    assert (tuning.als_weight, tuning.item_cf_weight, tuning.popularity_weight) == (0.4, 0.4, 0.2)
    assert (tuning.soft_price_ratio, tuning.max_price_ratio) == (1.5, 2.0)
    assert (tuning.recent_cycle_share, tuning.due_boost) == (0.5, 0.15)
    assert (tuning.upsell_factor, tuning.price_boost_weight) == (0.1, 0.2)


def test_every_knob_is_documented():
    tree = ast.parse(inspect.getsource(tuning_config))
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == TuningConfig.__name__
    )
    documented = {
        knob.target.id
        for knob, text in itertools.pairwise(body)
        if isinstance(knob, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
    assert documented == {field.name for field in FIELDS}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_knob_takes_its_bounds_and_nothing_beyond(field):
    low, high = field.metadata["low"], field.metadata["high"]
    step = 1 if isinstance(field.default, int) else 1e-6
    for value in (low, high):
        assert getattr(TuningConfig().changed({field.name: value}), field.name) == value
    for value in (low - step, high + max(step, abs(high) * 1e-9)):
        with pytest.raises(InvalidTuning) as refused:
            TuningConfig().changed({field.name: value})
        assert refused.value.field == f"tuning.{field.name}"


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.5", None, True])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(InvalidTuning, match="a number from 0"):
        TuningConfig(upsell_factor=value)


@pytest.mark.parametrize("value", [2.0, 2.5, True])
def test_a_whole_number_has_to_be_whole(value):
    with pytest.raises(InvalidTuning, match="a whole number from 1 to 100"):
        TuningConfig(max_per_category=value)


def test_an_unknown_knob_is_named_beside_the_known_ones():
    with pytest.raises(InvalidTuning, match=r"tuning\.upsel: no such knob; known: als_alpha"):
        TuningConfig().changed({"upsel": 0.3})


def test_changing_makes_another_and_leaves_the_first():
    first = TuningConfig()
    second = first.changed({"upsell_factor": 0.3})
    assert (first.upsell_factor, second.upsell_factor) == (0.1, 0.3)
    assert first.changed({}) is first


def test_a_setting_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TuningConfig().upsell_factor = 0.3


def test_a_revision_names_the_values():
    same = TuningConfig().changed({"upsell_factor": 0.1})
    assert same.revision() == TuningConfig().revision()
    assert len(same.revision()) == 12


@given(st.floats(0, 1), st.floats(0, 1))
def test_different_values_have_different_revisions(one, other):
    first, second = (TuningConfig(upsell_factor=value) for value in (one, other))
    assert (first.revision() == second.revision()) == (one == other)


def test_a_toml_file_sets_some_knobs(tmp_path: Path):
    path = tmp_path / "tuning.toml"
    path.write_text("upsell_factor = 0.3\nmax_per_category = 1\n")
    assert read_changes(path) == {"upsell_factor": 0.3, "max_per_category": 1}


def test_a_tuning_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InvalidTuning, match=r"nowhere\.toml cannot be read: No such file"):
        read_changes(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"upsell_factor =", "is not a TOML file"),
        (b"\xff", "is not a TOML file"),
        (b"upsell_factor = 3", "from 0"),
        (b"[tuning]\nupsell_factor = 0.3", "no such knob"),
    ],
    ids=["cut short", "not text", "out of range", "in a table"],
)
def test_a_bad_toml_file_is_refused(tmp_path, text, message):
    path = tmp_path / "tuning.toml"
    path.write_bytes(text)
    with pytest.raises(InvalidTuning, match=message):
        read_changes(path)


def test_the_cap_of_a_strength_is_not_below_its_floor():
    with pytest.raises(InvalidTuning, match=r"tuning.max_strength: at least min_strength \(2.0\)"):
        TuningConfig(min_strength=2.0, max_strength=1.0)
