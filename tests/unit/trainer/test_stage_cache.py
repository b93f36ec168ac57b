import os
import shutil
import threading
import time

import numpy as np
import pytest

from restock.tuning_config import TuningConfig
from trainer.progress import Quiet
from trainer.stage_cache import ENTRY, StageCache
from trainer.stages import Parts, Stage

TUNING = TuningConfig()
SQUARES = Stage(
    "Squares",
    lambda found: Parts({"squares": found[0], "odd": found[1]}, {"sum": found[2]}),
    lambda parts: (parts.arrays["squares"], parts.arrays["odd"], parts.facts["sum"]),
)
NUMBER = Stage("Number", lambda number: Parts(facts=number), lambda parts: parts.facts)


class Told(Quiet):
    """Remembers the stages that it is told of."""

    def __init__(self):
        self.names = []

    def stage(self, name, steps=1):
        self.names.append(name)
        return super().stage(name, steps)


class Squaring:
    """Squares the numbers below a knob, and counts how often it had to."""

    def __init__(self, cache, stage=SQUARES):
        self.cache, self.stage, self.times, self.told = cache, stage, 0, Told()

    def __call__(self, tuning=TUNING, inputs=(1,)):
        return self.cache.result(self.stage, inputs, tuning, self.told, self.made)

    def made(self, knobs):
        self.times += 1
        squares = np.arange(knobs.als_factors, dtype=np.float32) ** 2
        return squares, squares % 2 == 1, float(squares.sum()) * knobs.als_alpha


@pytest.fixture
def cache(tmp_path):
    return StageCache(tmp_path / "stages", 10**6, "recipe")


@pytest.fixture
def squaring(cache):
    return Squaring(cache)


def entries(cache):
    return sorted(path.parent for path in cache.root.glob(f"*/{ENTRY}"))


def test_a_result_is_learned_once_and_known_from_then_on(squaring):
    one, two = squaring(), squaring()
    assert squaring.times == 1
    assert squaring.told.names == ["Squares (cached)"]
    for squares, odd, total in (one, two):
        assert squares.tolist() == [float(n * n) for n in range(64)]
        assert (squares.dtype, odd.dtype, odd.sum()) == (np.float32, np.bool_, 32)
        assert total == sum(n * n for n in range(64))


def test_another_knob_changes_nothing_unless_it_is_read(squaring):
    squaring()
    squaring(TUNING.changed({"upsell_factor": 0.9, "als_iterations": 3}))
    assert squaring.times == 1
    assert len(squaring(TUNING.changed({"als_factors": 3}))[0]) == 3
    assert squaring(TUNING.changed({"als_alpha": 2.0}))[2] == 2 * squaring()[2]
    assert squaring.times == 3
    assert len(entries(squaring.cache)) == 3


def test_a_knob_is_known_again_after_it_was_another(squaring):
    for factors in (64, 3, 64, 3):
        assert len(squaring(TUNING.changed({"als_factors": factors}))[0]) == factors
    assert squaring.times == 2


def test_a_whole_number_is_another_value_than_the_same_with_a_point(squaring):
    squaring(TUNING.changed({"als_alpha": 2}))
    squaring(TUNING.changed({"als_alpha": 2.0}))
    assert squaring.times == 2


def test_other_inputs_stages_and_code_have_results_of_their_own(squaring, cache):
    squaring()
    squaring(inputs=(2,))
    Squaring(cache, Stage("Other squares", SQUARES.apart, SQUARES.together))()
    assert squaring.times == 2
    newer = Squaring(StageCache(cache.root, 10**6, "another recipe"))
    newer()
    assert newer.times == 1
    assert len(entries(cache)) == 4


def test_what_a_training_does_to_a_result_does_not_reach_the_file(squaring):
    squares, _, _ = squaring()
    squares[0] = 99
    assert squaring()[0][0] == 0


def test_empty_arrays_of_any_shape_come_back(cache):
    held = {"none": np.empty(0, np.int8), "wide": np.empty((0, 3)), "table": np.ones((2, 2))}
    stage = Stage("Arrays", Parts, lambda parts: parts.arrays)
    for _ in range(2):
        found = cache.result(stage, (), TUNING, Quiet(), lambda _: held)
        assert {name: (array.shape, array.dtype) for name, array in found.items()} == {
            "none": ((0,), np.int8), "wide": ((0, 3), np.float64), "table": ((2, 2), np.float64)
        }  # fmt: skip


@pytest.mark.parametrize("fact", [None, False, 0, 1 / 3, 1e-300, "", [1, None], {"a": [0.1]}])
def test_facts_come_back_as_they_were(cache, fact):
    for _ in range(2):
        assert cache.result(NUMBER, (), TUNING, Quiet(), lambda _: fact) == fact


def test_a_fact_that_json_does_not_know_is_not_kept(cache, caplog):
    for _ in range(2):
        found = cache.result(NUMBER, (), TUNING, Quiet(), lambda _: float("nan"))
        assert np.isnan(found)
    assert "stage Number is not cached" in caplog.text
    assert list(cache.root.iterdir()) == []


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("file", ["squares.npy", "odd.npy", ENTRY])
@pytest.mark.parametrize("damage", [cut, flip, os.unlink])
def test_a_damaged_entry_is_found_and_learned_again(squaring, caplog, file, damage):
    squaring()
    (folder,) = entries(squaring.cache)
    damage(folder / file)
    assert len(squaring()[0]) == 64
    assert squaring.times == 2
    assert "a cached stage is damaged and learned again" in caplog.text
    squaring()
    assert squaring.times == 2


def test_a_crash_while_learning_leaves_nothing(squaring):
    def crash(knobs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        squaring.cache.result(SQUARES, (1,), TUNING, Quiet(), crash)
    assert not squaring.cache.root.exists()


def test_what_a_killed_training_was_writing_is_no_entry_and_is_swept_up_later(squaring):
    squaring()
    (folder,) = entries(squaring.cache)
    unfinished = squaring.cache.root / ".0123"
    shutil.copytree(folder, unfinished)
    squaring(inputs=(2,))
    assert unfinished.is_dir()
    for path in (unfinished, unfinished / ENTRY):
        os.utime(path, (0, time.time() - 4000))
    squaring(inputs=(3,))
    assert not unfinished.exists()
    assert len(entries(squaring.cache)) == 3


def test_the_entry_unused_for_longest_goes_first(tmp_path):
    squaring = Squaring(StageCache(tmp_path, 3000, "recipe"))
    for age, inputs in ((300, 1), (200, 2), (100, 3)):
        squaring(inputs=(inputs,))
        known = max(entries(squaring.cache), key=lambda path: (path / ENTRY).stat().st_mtime)
        os.utime(known / ENTRY, (0, time.time() - age))
    assert len(entries(squaring.cache)) == 3
    squaring(inputs=(1,))  # used: no longer the oldest
    squaring(inputs=(4,))
    assert squaring.times == 4
    assert sum(path.stat().st_size for path in tmp_path.glob("*/*")) <= 3000
    squaring(inputs=(1,))
    squaring(inputs=(4,))
    assert squaring.times == 4
    squaring(inputs=(2,))
    assert squaring.times == 5


def test_a_result_above_the_limit_is_not_kept(tmp_path):
    squaring = Squaring(StageCache(tmp_path / "stages", 200, "recipe"))
    assert squaring()[2] == squaring()[2]
    assert squaring.times == 2
    assert not squaring.cache.root.exists()


def test_a_folder_that_cannot_be_written_to_costs_time_only(tmp_path, caplog):
    (tmp_path / "stages").write_text("a file")
    squaring = Squaring(StageCache(tmp_path / "stages", 10**6, "recipe"))
    assert len(squaring()[0]) == len(squaring()[0]) == 64
    assert squaring.times == 2
    assert "stage Squares is not cached" in caplog.text


def test_of_two_trainings_that_learn_the_same_at_once_either_may_come_first(cache):
    one, other = Squaring(cache), Squaring(cache)

    def slower(knobs):
        other()
        return one.made(knobs)

    assert len(cache.result(SQUARES, (1,), TUNING, Quiet(), slower)[0]) == 64
    assert (one.times, other.times, len(entries(cache))) == (1, 1, 1)
    assert one()[2] == other()[2]
    assert (one.times, other.times) == (1, 1)


def test_many_trainings_in_a_folder_too_small_for_all_come_to_the_right_results(tmp_path):
    wrong = []

    def train():
        squaring = Squaring(StageCache(tmp_path, 2500, "recipe"))
        for factors in [*range(40, 60)] * 3:
            if len(squaring(TUNING.changed({"als_factors": factors}))[0]) != factors:
                wrong.append(factors)

    threads = [threading.Thread(target=train) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def outer(cache, tuning, calls):
    """A stage that reads one knob, and another through the stage within it."""

    def inner(knobs):
        calls.append("inner")
        return knobs.als_factors

    def made(knobs):
        calls.append("outer")
        return knobs.seed + cache.result(NUMBER, ("inner",), knobs, Quiet(), inner)

    return cache.result(NUMBER, ("outer",), tuning, Quiet(), made)


def test_a_stage_depends_on_what_the_stages_within_it_read(cache):
    calls = []
    assert outer(cache, TUNING, calls) == 64
    assert outer(cache, TUNING, calls) == 64
    assert calls == ["outer", "inner"]
    assert outer(cache, TUNING.changed({"seed": 1}), calls) == 65
    assert calls == ["outer", "inner", "outer"]
    assert outer(cache, TUNING.changed({"seed": 1, "als_factors": 3}), calls) == 4
    assert outer(cache, TUNING.changed({"upsell_factor": 1.0, "als_factors": 3}), calls) == 3
    assert calls == ["outer", "inner", "outer", "outer", "inner", "outer"]


def test_a_stage_within_a_stage_that_reads_the_outer_knobs_is_caught(cache):
    def careless(knobs):
        return cache.result(NUMBER, ("inner",), knobs, Quiet(), lambda _: knobs.als_factors)

    with pytest.raises(RuntimeError, match="knob als_factors is read from another setting"):
        cache.result(NUMBER, ("outer",), TUNING, Quiet(), careless)
