import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.artifacts.store import BundleStore
from tests.a_bundle import DAY, published
from trainer.analysis.coverage import coverage, curve, gini
from trainer.analysis.pages import MOST_HOUSEHOLDS, Pages, pages_of, sampled


@pytest.fixture
def shop(tmp_path):
    version = published(tmp_path)
    store = BundleStore(tmp_path / "models")
    return store.load(version), store.profiles(version)


def row(bundle, item):
    return bundle.catalogue.item_ids.index(item)


def test_gini_is_0_where_all_have_the_same_and_almost_1_where_one_has_all():
    assert gini(np.ones(4)) == 0
    assert gini(np.array([0.0, 0, 0, 8])) == 0.75
    assert gini(np.array([1.0, 3])) == 0.25
    assert gini(np.zeros(3)) is None


def test_the_curve_runs_from_nothing_to_all():
    found = curve(np.array([3.0, 1.0]))
    assert (found[0], found[25], found[-1]) == (0, 0.25, 1)
    assert curve(np.zeros(2)) == ()


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=50).filter(any))
def test_the_curve_rises_and_never_lies_above_the_diagonal(amounts):
    found = np.array(curve(np.array(amounts, float)))
    assert (np.diff(found) >= -1e-12).all()
    assert (found <= np.linspace(0, 1, len(found)) + 1e-9).all()
    assert 0 <= gini(np.array(amounts, float)) < 1


def test_coverage_counts_what_pages_show(shop):
    bundle, profiles = shop
    milk, bread, gift = (row(bundle, item) for item in ("milk", "bread", "gift"))
    pages = Pages(np.array([[milk, bread, gift, -1, -1], [milk, -1, -1, -1, -1]]), np.array([2, 0]))
    found = coverage(bundle, profiles, pages)
    assert (found.households, found.slots, found.items_shown) == (2, 4, 3)
    assert found.item_coverage == 3 / 12
    assert (found.categories_shown, found.categories) == (2, 5)  # the gift has none
    assert found.repeat_share == 0.5
    assert [(shown.item_id, shown.pages) for shown in found.most_shown] == [
        ("milk", 2), ("bread", 1), ("gift", 1),
    ]  # fmt: skip
    assert (found.head_items, found.head_share_bought) == (1, 4 / 9)  # bread: 3 + 1 of 9


def test_pages_are_those_that_are_served(shop):
    bundle, profiles = shop
    rows = np.arange(len(bundle.catalogue))
    pages = pages_of(bundle, profiles, rows, np.array([0, 1]), DAY + 1)
    ann = [bundle.catalogue.item_ids[place] for place in pages.rows[0]]
    assert len(set(ann)) == 5
    assert not {"bread", "milk"} & set(ann)  # bought yesterday, a tenth of their cycle ago
    assert pages.repeats.tolist() == [0, 0]


def test_a_history_of_products_that_a_version_does_not_hold_is_a_newcomers(shop):
    bundle, profiles = shop
    nothing = np.full(len(bundle.catalogue), -1)
    pages = pages_of(bundle, profiles, nothing, np.array([0]), DAY + 1)
    assert (pages.rows >= 0).all()
    assert pages.repeats.tolist() == [0]


def test_many_households_are_sampled_at_even_distances():
    assert sampled(3).tolist() == [0, 1, 2]
    found = sampled(4 * MOST_HOUSEHOLDS)
    assert (len(found), found[1], found[-1]) == (MOST_HOUSEHOLDS, 4, 4 * MOST_HOUSEHOLDS - 4)
