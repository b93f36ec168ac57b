"""What a second training learns anew, on a small shop whose shoppers have staples."""

import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest

from restock.artifacts.store import BundleStore
from tests.unit.trainer.learned.test_learn import ITEMS, a_shop
from tests.unit.trainer.shop import SMALL, TODAY, a_source, write
from tests.unit.trainer.test_promotions import SPANS
from tests.unit.trainer.test_stage_cache import Told, cut, entries
from tests.unit.trainer.test_train import file_bytes
from trainer.stage_cache import StageCache
from trainer.stages import UNCACHED
from trainer.train import train

TUNING = SMALL.changed({"learned_windows": 2, "learned_least_shoppers": 10})
LAST = 17_280
WINDOWS = {f"Window from {date(1970, 1, 1) + timedelta(LAST - days)}" for days in (56, 28)}
OLDER = f"Window from {date(1970, 1, 1) + timedelta(LAST - 84)}"
STAGES = {"ALS", "Item-CF", "Index", "Ranker", "Replenishment"}
QUICK = {"Read", "Clean", "Profiles and item facts", "Item table", "Publish"}
"""Stages that are not cached."""
PRODUCTS = "sku,category,brand,title\n" + "".join(
    f"{item},kind {number % 4},Alp,{item}\n" for number, item in enumerate(ITEMS)
)


def rows(shop):
    return "".join(
        f"{user},{item},{user}-{day},{date(1970, 1, 1) + timedelta(day)}T10:00:00Z,{units},{spend}\n"
        for user, item, day, units, spend in shop
    )


SHOP = a_shop(shoppers=24, until=LAST)


def cache_of(home):
    return StageCache(home / "stages", 10**9, "recipe")


class Training:
    """Trainings of one home."""

    def __init__(self, home, cached=True):
        self.home, self.store = home, BundleStore(home / "models")
        self.stages = cache_of(home) if cached else UNCACHED

    def run(self, changes=None, shop=SHOP, products=PRODUCTS, promotions=None):
        """Train and return the version's files, and the names of the stages learned anew."""
        source, told = a_source(self.home, rows(shop), products), Told()
        if promotions is not None:
            columns = source.columns.model_copy(update={"promotions": SPANS})
            path = write(self.home / "promotions.csv", promotions)
            source = replace(source, columns=columns, promotions=path)
        version = train(source, TUNING.changed(changes or {}), self.store, TODAY, told, self.stages)
        learned = {name for name in told.names if not name.endswith("(cached)")} - QUICK
        return file_bytes(self.store, version), learned


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    files, learned = Training(home).run()
    assert learned == STAGES | WINDOWS
    return home, files


@pytest.fixture
def home(first, tmp_path):
    shutil.copytree(first[0] / "stages", tmp_path / "stages")
    return tmp_path


def of(home, stage):
    return {path.name for path in entries(cache_of(home)) if path.name.startswith(stage)}


def test_the_cache_changes_no_byte_of_a_version(first, home):
    uncached, _ = Training(home / "other", cached=False).run()
    again, _ = Training(home).run()
    assert (
        b'"leads": true'
        in uncached[next(path for path in uncached if path.name == "manifest.json")]
    )
    assert first[1] == uncached == again


def test_with_nothing_changed_nothing_is_learned_again(home):
    assert Training(home).run()[1] == set()


@pytest.mark.parametrize(
    ("knob", "value", "learned"),
    [
        ("upsell_factor", 0.7, set()),
        ("due_boost", 0.0, set()),
        ("replenishment_windows", 1, {"Replenishment"}),
        ("learned_history", 3, {*WINDOWS, "Ranker"}),
        ("learned_windows", 3, {OLDER, "Ranker"}),
        ("als_factors", 3, {"ALS", "Index", *WINDOWS, "Ranker"}),
        ("item_cf_neighbours", 4, {"Item-CF", *WINDOWS, "Ranker"}),
        ("seed", 1, {"ALS", "Index", *WINDOWS, "Ranker"}),
        ("min_strength", 0.65, STAGES - {"Replenishment"} | WINDOWS),
    ],
)
def test_a_changed_knob_has_learned_again_what_it_changes(home, knob, value, learned):
    assert Training(home).run({knob: value})[1] == learned


def test_after_many_changes_a_version_is_the_one_that_is_learned_without_a_cache(home):
    changes = {"min_strength": 0.65}
    for knob, value in (("als_factors", 3), ("learned_history", 3), ("replenishment_windows", 1)):
        changes |= {knob: value}
        cached, _ = Training(home).run(changes)
    assert cached == Training(home / "other", cached=False).run(changes)[0]


def test_level_1_of_a_window_is_not_learned_again_for_a_knob_of_the_ranker(home):
    known = of(home, "als"), of(home, "item-cf")
    assert [len(names) for names in known] == [3, 3]
    Training(home).run({"learned_history": 3})
    assert (of(home, "als"), of(home, "item-cf")) == known


def test_one_more_purchase_has_all_learned_again(home):
    more = [*SHOP, ("u0", "item 7", LAST - 1, 1.0, 2.0)]
    files, learned = Training(home).run(shop=more)
    assert learned == STAGES | WINDOWS
    assert files == Training(home / "other", cached=False).run(shop=more)[0]


def test_another_category_has_learned_again_what_knows_of_categories(home):
    moved = PRODUCTS.replace("item 7,kind 3", "item 7,kind 0")
    files, learned = Training(home).run(products=moved)
    assert learned == {"Ranker", "Replenishment", *WINDOWS}
    assert files == Training(home / "other", cached=False).run(products=moved)[0]


def test_promotions_are_read_again_when_their_file_changes(home):
    offers = "sku,from,to\nitem 3,2017-03-01,2017-03-07\n"
    new = {"Promotions", *WINDOWS, "Ranker"}
    files, learned = Training(home).run(promotions=offers)
    assert learned == new
    assert Training(home).run(promotions=offers) == (files, set())
    more = offers + "item 5,2017-04-01,2017-04-30\n"
    assert Training(home).run(promotions=more)[1] == new


def test_a_torn_entry_is_made_again_and_the_version_is_the_same(first, home, caplog):
    kept = entries(cache_of(home))
    for folder in kept:
        cut(max(folder.iterdir(), key=lambda path: path.stat().st_size))
    files, learned = Training(home).run()
    assert learned == STAGES | WINDOWS
    assert files == first[1]
    assert caplog.text.count("is damaged and learned again") == len(kept)


class Killed(Told):
    """Kills the training when the ranker is to be learned."""

    def stage(self, name, steps=1):
        if name == "Ranker":
            raise KeyboardInterrupt
        return super().stage(name, steps)


def test_a_killed_training_goes_on_where_it_was(first, tmp_path):
    training = Training(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        source = a_source(tmp_path, rows(SHOP), PRODUCTS)
        train(source, TUNING, training.store, TODAY, Killed(), training.stages)
    files, learned = training.run()
    assert learned == {"Ranker", "Replenishment"}
    assert files == first[1]
