"""The ranker in a bundle."""

from dataclasses import replace

import numpy as np
import pytest

from restock.artifacts.ranker_files import TABLE_ARRAYS
from restock.artifacts.store import BundleStore
from restock.core.learned.features import FEATURES
from restock.core.trees import LEAVES, trees_fit, trees_of
from restock.errors import BundleCorrupt
from tests.a_bundle import a_draft
from tests.a_ranker import a_ranker, a_stump


def test_a_ranker_comes_back_as_it_was(tmp_path):
    draft = a_draft(ranker=a_ranker(leads=True))
    bundle = BundleStore(tmp_path).load(BundleStore(tmp_path).publish(draft))
    assert bundle.ranker.leads
    for name in TABLE_ARRAYS:
        assert np.array_equal(getattr(bundle.table, name), getattr(draft.table, name))
    rows = np.eye(len(FEATURES), dtype=np.float32) * 9
    assert np.array_equal(bundle.ranker.own.chances(rows), draft.ranker.own.chances(rows))


def test_a_version_without_a_ranker_has_none(tmp_path):
    store = BundleStore(tmp_path)
    assert store.load(store.publish(a_draft())).ranker is None


def test_a_manifest_that_hides_a_tree_file_is_refused(tmp_path):
    store = BundleStore(tmp_path)
    version = store.publish(a_draft(ranker=a_ranker()))
    (tmp_path / version / "ranker" / "own_starts.npy").unlink()
    with pytest.raises(BundleCorrupt, match=r"own_starts\.npy"):
        store.load(version)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("starts", [0, 1]),
        ("starts", [0, *[2] * len(FEATURES)]),
        ("starts", [1, *[1] * len(FEATURES)]),
        ("starts", [0, 9, *[1] * (len(FEATURES) - 1)]),
        ("thresholds", [np.nan]),
        ("thresholds", [np.inf]),
        ("thresholds", [0.5, 0.5]),
        ("owners", [1]),
        ("owners", [0, 0]),
        ("masks", []),
        ("values", [[np.nan] * LEAVES]),
        ("values", np.zeros((0, LEAVES))),
    ],
)
def test_trees_whose_arrays_do_not_fit_are_told(column, values):
    trees = a_stump("purchase_count", 1.5).trees
    assert trees_fit(trees, len(FEATURES))
    dtype = getattr(trees, column).dtype
    assert not trees_fit(replace(trees, **{column: np.array(values, dtype)}), len(FEATURES))


def test_thresholds_ascend_within_a_feature():
    def two_stumps(*features, thresholds):
        masks = np.full(2, 2, np.uint32)
        limits = np.array(thresholds, np.float32)
        owners, values = np.arange(2, dtype=np.uint32), np.zeros((2, LEAVES))
        trees = trees_of(np.array(features), limits, owners, masks, values, len(FEATURES))
        return replace(trees, thresholds=limits)

    assert trees_fit(two_stumps(0, 0, thresholds=[0.5, 0.5]), len(FEATURES))
    assert trees_fit(two_stumps(0, 1, thresholds=[1.5, 0.5]), len(FEATURES))
    assert not trees_fit(two_stumps(0, 0, thresholds=[1.5, 0.5]), len(FEATURES))


def test_a_bundle_with_trees_that_do_not_fit_is_refused(tmp_path):
    ranker, store = a_ranker(), BundleStore(tmp_path)
    torn = replace(ranker.own, trees=replace(ranker.own.trees, owners=np.array([7], np.uint32)))
    version = store.publish(a_draft(ranker=replace(ranker, own=torn)))
    with pytest.raises(BundleCorrupt, match="'own' trees do not fit together"):
        store.load(version)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("kinds", np.full(12, 9, np.int32)),
        ("brands", np.zeros(3, np.int32)),
        ("novelties", np.array([12], np.int64)),
        ("kind_rows", np.array([-1, 0], np.int64)),
        ("kind_price", np.array([np.nan, 1], np.float32)),
        ("kind_sold", np.ones(1, np.float32)),
        ("kind_new_buyers", np.ones(3, np.float32)),
        ("kind_price", np.ones(1, np.float32)),
        ("kind_cycle_days", np.ones(1, np.float32)),
        ("kind_starts", np.array([0, 4, 2], np.int64)),
    ],
)
def test_a_table_whose_arrays_do_not_fit_is_not_published_as_readable(tmp_path, name, values):
    draft = a_draft()
    store = BundleStore(tmp_path)
    version = store.publish(replace(draft, table=draft.table._replace(**{name: values})))
    with pytest.raises(BundleCorrupt, match="item table"):
        store.load(version)
