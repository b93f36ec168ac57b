from datetime import date

import numpy as np
import pytest

from restock.artifacts.store import BundleStore
from restock.errors import InvalidFile
from tests.unit.trainer.shop import COLUMNS, SMALL, TODAY, a_source, many_rows
from trainer.progress import Quiet
from trainer.train import today_at, train


def trained(folder, rows, tuning=SMALL):
    store = BundleStore(folder / "models")
    return store, train(a_source(folder, rows), tuning, store, TODAY, Quiet())


def file_bytes(store, version):
    root = store.root / version
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_small_shop_becomes_a_bundle_that_loads(tmp_path):
    store, version = trained(tmp_path, many_rows())
    bundle, profiles = store.load(version), store.profiles(version)
    assert bundle.catalogue.item_ids == ["milk", "bread", "oat milk"]
    assert bundle.catalogue.item_names == ["Alp Whole milk", "Korn Rye bread", "Oat drink"]
    assert bundle.retrieval.item_factors.shape == (3, 4)
    assert bundle.retrieval.neighbours.shape == (3, 5)
    assert len(profiles.user_ids) == bundle.manifest.users == 12
    assert bundle.manifest.purchases == 192 == profiles.purchase_counts.sum()
    assert bundle.manifest.data_quality["retention"] == 1
    assert bundle.tuning == SMALL
    assert np.isfinite(bundle.retrieval.item_factors).all()


def test_training_publishes_but_does_not_activate(tmp_path):
    store, _ = trained(tmp_path, many_rows())
    assert store.active() is None


def test_the_same_purchases_in_another_folder_give_the_same_bytes(tmp_path):
    one_store, one = trained(tmp_path / "one", many_rows())
    other_store, other = trained(tmp_path / "other", many_rows())
    assert one == other
    assert file_bytes(one_store, one) == file_bytes(other_store, other)


def test_the_order_of_rows_does_not_change_the_version(tmp_path):
    backwards = "\n".join(reversed(many_rows().splitlines())) + "\n"
    _, one = trained(tmp_path / "one", many_rows())
    _, other = trained(tmp_path / "other", backwards)
    assert one == other


@pytest.mark.parametrize("changed", [{"seed": 1}, {"popularity_half_life_days": 7.0}])
def test_another_knob_gives_another_version(tmp_path, changed):
    _, one = trained(tmp_path / "one", many_rows())
    _, other = trained(tmp_path / "other", many_rows(), SMALL.changed(changed))
    assert one != other


def test_one_user_and_one_item_are_enough(tmp_path):
    store, version = trained(tmp_path, "ann,milk,r1,2024-01-01T10:00:00Z,1,1.99\n")
    bundle = store.load(version)
    assert bundle.catalogue.popularity.tolist() == [1]
    assert bundle.catalogue.cycle_days.tolist() == [1]
    assert (np.asarray(bundle.retrieval.neighbours) == -1).all()


def test_a_purchase_of_tomorrow_leaves_no_version_behind(tmp_path):
    with pytest.raises(InvalidFile, match=r"row 2, column 'sold_at'"):
        trained(tmp_path, "ann,milk,r1,2024-07-01T10:00:00Z,1,1.99\n")
    assert BundleStore(tmp_path / "models").versions() == []


def test_today_is_taken_where_the_shop_is():
    assert abs((today_at(COLUMNS) - date.today()).days) <= 1
