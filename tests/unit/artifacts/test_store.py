import json
import os
from pathlib import Path

import numpy as np
import pytest

from restock.artifacts.files import entry_of
from restock.artifacts.store import BundleStore
from restock.errors import BundleCorrupt, BundleMissing, BundleOutdated
from restock.tuning_config import TuningConfig
from tests.unit.artifacts.drafts import DAY, a_draft


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "models")


def resealed(store: BundleStore, version: str, **changes: object) -> str:
    """Change the manifest and give the folder the name that the new manifest's digest asks for."""
    folder = store.root / version
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(manifest))
    renamed = f"{version[:8]}-{entry_of(path).sha256[:12]}"
    folder.rename(store.root / renamed)
    return renamed


def with_digest_of(store: BundleStore, version: str, name: str) -> dict[str, object]:
    """Give the manifest's files, the entry of one of them renewed."""
    files = {each: entry.model_dump() for each, entry in store.manifest(version).files.items()}
    return files | {name: entry_of(store.root / version / name).model_dump()}


def test_what_was_published_is_loaded_as_it_was(store):
    bundle = store.load(store.publish(a_draft("bread", "milk")))

    assert bundle.catalogue.item_ids == ["bread", "milk"]
    assert bundle.catalogue.item_names == ["the bread", "the milk"]
    assert bundle.catalogue.rows(["milk", "bread", "wine"]).tolist() == [1, 0, -1]
    assert bundle.catalogue.price.tolist() == [2.5, 2.5]
    assert bundle.catalogue.segment_cuts == (1.0, 2.0, 3.0)
    assert bundle.retrieval.item_factors.tolist() == [[1, 0], [0, 1]]
    assert bundle.tuning == TuningConfig()
    assert bundle.manifest.trained_through_day == DAY


def test_profiles_are_read_apart_from_what_services_need(store):
    version = store.publish(a_draft())

    table = store.profiles(version)

    assert table.user_ids == ["ann"]
    assert table.purchase_counts.tolist() == [2]
    assert table.spend_milli.tolist() == [5000]
    assert table.days.tolist() == [DAY - 14, DAY]
    assert table.day_spend_milli.tolist() == [2000, 3000]


def test_profiles_of_another_kind_than_the_services_know_are_refused(store):
    version = store.publish(a_draft())
    np.save(store.root / version / "profiles" / "days.npy", np.array([1, 2], np.int64))
    version = resealed(store, version, files=with_digest_of(store, version, "profiles/days.npy"))
    with pytest.raises(BundleCorrupt, match=r"days\.npy.*where uint32"):
        store.profiles(version)


def test_arrays_are_mapped_and_cannot_be_written(store):
    prices = store.load(store.publish(a_draft())).catalogue.price
    with pytest.raises(ValueError, match="read-only"):
        prices[0] = 1


def test_a_version_is_named_by_its_last_day_and_its_content(store):
    version = store.publish(a_draft(through_day=17_500))
    assert version.startswith("20171130-")
    assert store.versions() == [version]


def test_the_same_draft_twice_is_one_version(store):
    assert store.publish(a_draft()) == store.publish(a_draft())
    assert len(store.versions()) == 1
    assert [path.name for path in store.root.iterdir()] == store.versions()


def test_another_content_is_another_version(store):
    assert store.publish(a_draft("bread")) != store.publish(a_draft("milk"))


def written_at(store: BundleStore, version: str, seconds: float) -> str:
    """Let a version count as written then."""
    os.utime(store.root / version / "manifest.json", (seconds, seconds))
    return version


def test_versions_are_listed_in_the_order_in_which_they_were_written(store):
    third = written_at(store, store.publish(a_draft("milk")), 300.5)
    first = written_at(store, store.publish(a_draft("bread")), 100)
    second = written_at(store, store.publish(a_draft(through_day=17_400)), 200)
    assert store.versions() == [first, second, third]
    assert store.written_seconds(third) == 300.5


def test_versions_of_one_moment_are_listed_by_training_day(store):
    late = written_at(store, store.publish(a_draft(through_day=17_500)), 100)
    early = written_at(store, store.publish(a_draft(through_day=17_400)), 100)
    assert store.versions() == [early, late]


def test_a_version_without_a_manifest_counts_as_the_oldest(store):
    whole = store.publish(a_draft(through_day=17_400))
    broken = store.publish(a_draft(through_day=17_500))
    (store.root / broken / "manifest.json").unlink()
    assert store.versions() == [broken, whole]


def test_a_draft_that_fails_leaves_nothing_behind(store):
    with pytest.raises(ValueError, match="users"):
        store.publish(a_draft(users="many"))
    assert list(store.root.iterdir()) == []


def test_an_unknown_price_stays_unknown(store):
    bundle = store.load(store.publish(a_draft(median_price=None)))
    assert np.isnan(bundle.catalogue.median_price)


def test_a_store_without_a_folder_is_empty(store):
    assert store.versions() == []
    assert store.active() is None


def test_the_pointer_moves_forward_and_back(store):
    old, new = store.publish(a_draft("bread")), store.publish(a_draft("milk"))

    store.activate(old)
    store.activate(new)
    assert store.active() == new
    store.activate(old)
    assert store.active() == old
    assert sorted(path.name for path in store.root.iterdir()) == sorted(["ACTIVE", old, new])


def test_a_version_that_is_not_there_cannot_be_activated(store):
    version = store.publish(a_draft())
    store.activate(version)
    with pytest.raises(BundleMissing, match=f"there: {version}"):
        store.activate("20171130-000000000000")
    assert store.active() == version


def test_a_corrupt_version_cannot_be_activated(store):
    version = store.publish(a_draft())
    (store.root / version / "price.npy").unlink()
    with pytest.raises(BundleCorrupt, match=r"price\.npy"):
        store.activate(version)
    assert store.active() is None


@pytest.mark.parametrize("name", ["../secret", "..", "", "20171130", "/etc"])
def test_a_name_that_is_no_version_is_missing_whatever_lies_there(store, name):
    store.root.mkdir()
    (store.root.parent / "manifest.json").write_text("{}")
    with pytest.raises(BundleMissing):
        store.load(name)


@pytest.mark.parametrize("name", ["price.npy", "item_factors.npy", "item_ids.txt"])
def test_a_truncated_file_is_refused(store, name):
    version = store.publish(a_draft())
    path = store.root / version / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(BundleCorrupt, match=name):
        store.load(version)


@pytest.mark.parametrize("name", ["popularity.npy", "categories.txt"])
def test_one_changed_byte_is_refused(store, name):
    version = store.publish(a_draft())
    path = store.root / version / name
    content = bytearray(path.read_bytes())
    content[-2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleCorrupt, match="not what the manifest says"):
        store.load(version)


def test_a_changed_profile_is_refused_when_profiles_are_read(store):
    version = store.publish(a_draft())
    path = store.root / version / "profiles" / "user_ids.txt"
    path.write_text("eve\n")
    with pytest.raises(BundleCorrupt, match="user_ids"):
        store.profiles(version)


def test_a_changed_manifest_no_longer_gives_the_versions_name(store):
    version = store.publish(a_draft())
    path = store.root / version / "manifest.json"
    path.write_text(path.read_text().replace('"users": 1', '"users": 2'))
    with pytest.raises(BundleCorrupt, match="does not give the version's name"):
        store.load(version)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": [1]}'])
def test_a_manifest_that_is_none_is_refused(store, text):
    version = store.publish(a_draft())
    (store.root / version / "manifest.json").write_text(text)
    with pytest.raises(BundleCorrupt, match=r"manifest\.json"):
        store.load(version)


def test_a_version_of_another_format_is_told_apart_and_says_what_to_do(store):
    version = resealed(store, store.publish(a_draft()), format=4)
    with pytest.raises(BundleOutdated, match="of format 4, and this release reads 5: train a new"):
        store.load(version)


@pytest.mark.parametrize("name", ["../../secret.npy", "/etc/passwd", "profiles/../../x"])
def test_a_manifest_that_names_a_file_outside_is_refused(store, name):
    version = store.publish(a_draft())
    files = with_digest_of(store, version, "price.npy")
    version = resealed(store, version, files=files | {name: {"sha256": "0" * 64, "bytes": 1}})
    with pytest.raises(BundleCorrupt, match="lies outside the bundle"):
        store.load(version)


def test_a_file_that_the_manifest_does_not_name_is_not_read(store):
    """Else it would be read without a digest."""
    version = store.publish(a_draft())
    files = with_digest_of(store, version, "price.npy")
    del files["price.npy"]
    version = resealed(store, version, files=files)
    with pytest.raises(BundleCorrupt, match=r"price\.npy"):
        store.load(version)


def test_a_pickled_array_is_refused_though_its_digest_fits(store):
    version = store.publish(a_draft())
    np.save(store.root / version / "price.npy", np.array([{}, {}], object), allow_pickle=True)
    version = resealed(store, version, files=with_digest_of(store, version, "price.npy"))
    with pytest.raises(BundleCorrupt, match="not a readable array"):
        store.load(version)


@pytest.mark.parametrize(
    "array",
    [np.zeros(2, np.float64), np.zeros(3, np.float32), np.zeros((2, 1), np.float32)],
    ids=["float64", "three rows", "two dimensions"],
)
def test_an_array_of_another_shape_or_kind_is_refused(store, array):
    version = store.publish(a_draft("bread", "milk"))
    np.save(store.root / version / "price.npy", array)
    version = resealed(store, version, files=with_digest_of(store, version, "price.npy"))
    with pytest.raises(BundleCorrupt, match=r"price\.npy.*where float32"):
        store.load(version)


def test_a_neighbour_outside_the_catalogue_is_refused(store):
    version = store.publish(a_draft("bread", "milk"))
    path = store.root / version / "neighbours.npy"
    np.save(path, np.array([[1], [2]], np.int32))
    version = resealed(store, version, files=with_digest_of(store, version, "neighbours.npy"))
    with pytest.raises(BundleCorrupt, match="outside the catalogue"):
        store.load(version)


def test_a_tuning_that_is_not_allowed_is_refused(store):
    version = store.publish(a_draft(tuning={"upsell_factor": 7.0}))
    with pytest.raises(BundleCorrupt, match=r"tuning\.upsell_factor"):
        store.load(version)
