from dataclasses import replace

from restock.artifacts.store import BundleStore
from tests.a_bundle import a_draft, published
from tests.unit.trainer.shop import some_purchases
from trainer.analysis.repurchase import gaps_of, repurchase
from trainer.profiles import profile_table

ROWS = [("ann", "milk", day, 1, 1.0) for day in (0, 7, 14, 30)] + [("bob", "milk", 3, 1, 1.0)]


def test_gaps_are_those_of_one_household_and_one_product():
    rows = [
        *ROWS,
        ("ann", "tea", 31, 1, 1.0),
        ("bob", "tea", 1, 1, 1.0),
        ("bob", "tea", 101, 1, 1.0),
    ]
    items, days = gaps_of(profile_table(some_purchases(rows)))
    assert sorted(zip(items.tolist(), days.tolist(), strict=True)) == [
        (0, 7),
        (0, 7),
        (0, 16),
        (1, 100),
    ]


def test_the_section_counts_pairs_gaps_and_weeks(tmp_path):
    # Ann bought bread and milk in three weeks one after another; Bob bought three products once.
    version = published(tmp_path)
    store = BundleStore(tmp_path / "models")
    found = repurchase(store.load(version), store.profiles(version))
    assert (found.pairs, found.repeated_pairs, found.evidence_share) == (5, 2, 0.4)
    assert (found.items, found.items_with_gap, found.gaps) == (12, 2, 4)
    assert (found.unit, found.bin_width) == ("day", 7)
    assert found.gap_quantiles["p50"] == 7
    assert found.cycle_quantiles["p90"] == 10
    assert found.gaps_by_bin[:2] == (4, 0)
    assert found.categories == ()  # fewer gaps than a category needs


def test_nothing_bought_twice_has_no_quantiles(tmp_path):
    version = published(tmp_path)
    bundle = BundleStore(tmp_path / "models").load(version)
    once = profile_table(some_purchases([("ann", "milk", 0, 1, 1.0), ("bob", "tea", 0, 1, 1.0)]))
    found = repurchase(bundle, once)
    assert (found.gaps, found.gap_quantiles, found.cycle_quantiles) == (0, {}, {})


def test_of_baskets_in_order_gaps_are_counted_in_baskets(tmp_path):
    store = BundleStore(tmp_path / "models")
    draft = a_draft()
    undated = store.publish(replace(draft, manifest=draft.manifest | {"dated": False}))
    found = repurchase(store.load(undated), store.profiles(undated))
    assert (found.unit, found.bin_width) == ("basket", 1)
    assert found.gaps_by_bin[5:8] == (0, 4, 0)
