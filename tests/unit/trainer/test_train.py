from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from restock.artifacts.event_files import EventRow, table_of
from restock.artifacts.store import BundleStore
from restock.core.user_hash import user_hash
from restock.errors import InvalidFile
from tests.unit.trainer.an_export import (
    a_return,
    a_view,
    an_export,
    an_order,
    micros,
    write_part,
)
from tests.unit.trainer.shop import COLUMNS, SMALL, TODAY, a_source, many_rows
from trainer.progress import Quiet
from trainer.read import Source
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


def test_today_is_taken_where_the_shop_is(tmp_path):
    source = a_source(tmp_path, many_rows())
    assert source.shop_zone == "Europe/Berlin"
    assert abs((today_at(source) - date.today()).days) <= 1


def test_the_zone_of_the_columns_counts_where_they_are_read_from():
    with_both = Source(Path("t"), Path("p"), COLUMNS, time_zone="Asia/Tokyo")
    assert with_both.shop_zone == "Europe/Berlin"
    assert replace(with_both, transactions=None).shop_zone == "Asia/Tokyo"


def event_days(users: int = 4, weeks: int = 6) -> dict[int, list[EventRow]]:
    """Orders of users who each come weekly, some of which come back, and views in between."""
    days: dict[int, list[EventRow]] = {}
    for user in range(users):
        for week in range(weeks):
            day, order = 19_750 + 7 * week + user % 3, f"o{week}"
            lines = [("milk", 2, 1.5), ("bread", 1, 3.0), ("oat milk", 1, 2)][: 1 + week % 3]
            days.setdefault(day, []).extend(an_order(day, f"u{user}", order, *lines))
            days.setdefault(day, []).extend(a_view(day, f"u{user}", "bag"))
            days.setdefault(day + 2, []).extend(a_return(day + 2, f"u{user}", order, 0, 1))
    return days


def trained_on_events(folder, events, rows=None):
    store, files = BundleStore(folder / "models"), a_source(folder, rows or many_rows())
    source = Source(files.transactions if rows else None, files.products, COLUMNS, events)
    return store, train(source, SMALL, store, TODAY, Quiet())


def test_a_shop_is_learned_from_its_events_alone(tmp_path):
    events = an_export(tmp_path / "events", event_days())
    store, version = trained_on_events(tmp_path / "home", events)
    manifest, profiles = store.manifest(version), store.profiles(version)
    quality = manifest.data_quality
    assert (manifest.users, manifest.items, quality["raw_rows"]) == (4, 3, 48)
    assert quality["events"] == {
        "rows": 96, "orders": 24, "returns_applied": 24, "returns_without_order": 0
    }  # fmt: skip
    milk = store.load(version).catalogue.item_ids.index("milk")
    assert profiles.item_rows[0] == milk
    assert (profiles.units_milli[0], profiles.spend_milli[0]) == (6000, 9000)
    assert store.profiles(version).days[:6].tolist() == list(range(19_750, 19_792, 7))


def test_the_order_of_files_and_rows_does_not_change_the_version(tmp_path):
    days = event_days()
    one = an_export(tmp_path / "one", days)
    other = an_export(tmp_path / "other", {})
    for day, rows in reversed(days.items()):
        for part, row in enumerate(reversed(rows)):
            write_part(other, day, table_of([row]), 90 - part)
    one_store, one_version = trained_on_events(tmp_path / "a", one, many_rows())
    other_store, other_version = trained_on_events(tmp_path / "b", other, many_rows())
    assert one_version == other_version
    assert file_bytes(one_store, one_version) == file_bytes(other_store, other_version)


def test_a_deleted_user_is_nowhere_in_the_version(tmp_path):
    rows = many_rows() + "u0,milk,r9,2024-03-01T10:00:00Z,1,1.50\n"
    deleted = {"u0": micros(19_900), "u11": micros(19_900)}
    events = an_export(tmp_path / "events", event_days(), deleted)
    store, version = trained_on_events(tmp_path / "home", events, rows)
    assert {"u0", "u11"}.isdisjoint(store.profiles(version).user_ids)
    quality = store.manifest(version).data_quality
    assert quality["users_forgotten"] == 2
    assert quality["forgotten"] == rows.count("u0,") + rows.count("u11,") + 12
    names = b"".join(file_bytes(store, version).values())
    assert user_hash("u0").encode() not in names


def test_only_deleted_users_are_nothing_to_learn_from(tmp_path):
    deleted = {f"u{user}": micros(19_900) for user in range(4)}
    events = an_export(tmp_path / "events", event_days(), deleted)
    with pytest.raises(InvalidFile, match=r"must be left .*rows of users deleted later: 48"):
        trained_on_events(tmp_path / "home", events)
