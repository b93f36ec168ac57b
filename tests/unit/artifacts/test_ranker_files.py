"""The ranker in a bundle."""

from dataclasses import replace

import numpy as np
import pytest

from restock.artifacts.ranker_files import TABLE_ARRAYS
from restock.artifacts.store import BundleStore
from restock.core.trees import trees_fit
from restock.errors import BundleCorrupt
from tests.a_bundle import a_draft
from tests.a_ranker import a_ranker, a_stump


def test_a_ranker_comes_back_as_it_was(tmp_path):
    draft = a_draft(ranker=a_ranker(leads=True))
    bundle = BundleStore(tmp_path).load(BundleStore(tmp_path).publish(draft))
    assert bundle.ranker.leads
    for name in TABLE_ARRAYS:
        assert np.array_equal(getattr(bundle.table, name), getattr(draft.table, name))
    rows = np.eye(len(draft.ranker.own.trees.features), 200, dtype=np.float32)
    assert np.array_equal(bundle.ranker.own.chances(rows), draft.ranker.own.chances(rows))


def test_a_version_without_a_ranker_has_none(tmp_path):
    store = BundleStore(tmp_path)
    assert store.load(store.publish(a_draft())).ranker is None


def test_a_manifest_that_hides_a_tree_file_is_refused(tmp_path):
    store = BundleStore(tmp_path)
    version = store.publish(a_draft(ranker=a_ranker()))
    (tmp_path / version / "ranker" / "own_roots.npy").unlink()
    with pytest.raises(BundleCorrupt, match=r"own_roots\.npy"):
        store.load(version)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("features", [9_999, 0, 0]),
        ("children", [2, 1, 2]),
        ("children", [0, 1, 2]),
        ("children", [7, 1, 2]),
        ("children", [1, 0, 2]),
        ("values", [0.0, np.nan, 1.0]),
        ("thresholds", [np.nan, np.inf, np.inf]),
        ("thresholds", [0.5, 0.5, np.inf]),
        ("roots", [3]),
        ("depths", [4]),
        ("depths", [1, 1]),
        ("values", [0.0, 1.0]),
    ],
)
def test_trees_that_lead_out_of_themselves_do_not_fit(column, values):
    trees = a_stump("purchase_count", 1.5).trees
    assert trees_fit(trees, 200)
    dtype = getattr(trees, column).dtype
    assert not trees_fit(replace(trees, **{column: np.array(values, dtype)}), 200)


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
