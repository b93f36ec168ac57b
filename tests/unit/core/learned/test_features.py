"""Rows of candidates as the ranker takes them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.learned.features import (
    FEATURES,
    HALF_LIFE_120,
    Evidence,
    affinity,
    by_affinity,
    feature_rows,
    kind_weights,
)
from restock.core.learned.item_table import NEW_BUYERS
from restock.core.learned.own_features import FAR, OWN_FEATURES, own_features, trips_of
from tests.a_ranker import a_table
from tests.unit.core.learned.shoppers import DAY, bought
from tests.unit.core.shop import a_catalogue, floats

ITEMS = ("milk", "oat milk", "bread", "wine", "salt")
CATALOGUE = a_catalogue(*ITEMS, category=[0, 0, 1, 2, -1], price=2.0)
TABLE = a_table(CATALOGUE, **{"milk": (0, 0), "oat milk": (0, 0), "bread": (1, 0), "wine": (2, 1)})
"""Milk and oat milk are of one kind and brand; bread is of the same brand."""
HISTORY = {0: [170, 180, 194], 2: [180]}


def described(days_by_row, rows, day=DAY):
    """Features by name of candidates, given as catalogue rows."""
    purchases = bought(days_by_row)
    position = {row: place for place, row in enumerate(purchases.rows.tolist())}
    owned = np.array([position.get(row, -1) for row in rows], np.int64)
    evidence = Evidence(
        np.array(rows, np.int64),
        owned,
        floats(*range(1, len(rows) + 1)),
        floats(*[0.0] * len(rows)),
    )
    found = feature_rows(purchases, evidence, TABLE, 10.0, day)
    return [dict(zip(FEATURES, row.tolist(), strict=True)) for row in found]


def test_a_new_product_of_a_kind_that_is_bought_knows_the_kind():
    (oat,) = described(HISTORY, [1])
    assert (oat["purchase_count"], oat["days_since"]) == (0, FAR)
    assert (oat["kind_days"], oat["kind_days_since"], oat["kind_products"]) == (3, 6, 1)
    assert oat["share_in_kind"] == 0
    assert oat["variant_decayed_60"] > 0
    assert oat["brand_decayed_60"] > oat["variant_decayed_60"]


def test_a_product_alone_in_its_kind_has_all_of_it():
    milk, wine = described(HISTORY, [0, 3])
    assert milk["share_in_kind"] == 1
    assert milk["is_latest_of_kind"] == 1
    assert milk["variant_decayed_60"] == 0
    assert (wine["kind_days"], wine["kind_days_since"], wine["brand_decayed_60"]) == (0, FAR, 0)


def test_an_item_without_kind_category_or_brand_has_none_of_their_features():
    (salt,) = described(HISTORY, [4])
    assert salt["kind_days_since"] == salt["category_days_since"] == FAR
    assert salt["affinity"] == salt["brand_decayed_60"] == 0


def test_what_is_compiled_into_the_rows_is_what_own_features_say():
    purchases = bought(HISTORY)
    own = own_features(purchases, trips_of(purchases), TABLE.columns, TABLE.hazards, 10.0, DAY)
    milk, bread = described(HISTORY, [0, 2])
    for found, row in ((milk, own[0]), (bread, own[1])):
        assert [found[name] for name in OWN_FEATURES] == row.tolist()


def test_scores_are_told_as_they_are_and_beside_the_best():
    first, second = described(HISTORY, [0, 1])
    assert (first["als"], second["als"]) == (1, 2)
    assert (first["als_share"], second["als_share"]) == (0.5, 1)


def test_new_products_of_own_kinds_are_proposed_most_new_buyers_first():
    assert by_affinity(bought({0: [190]}), TABLE, DAY, 5).tolist() == [0, 1]
    assert by_affinity(bought({4: [190]}), TABLE, DAY, 5).tolist() == []


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("count", [1, 7, 60])
def test_proposals_of_many_kinds_are_the_best_of_all_by_affinity(seed, count):
    draw = np.random.default_rng(seed)
    items = [str(item) for item in range(50)]
    catalogue = a_catalogue(*items, category=[0] * 50, price=2.0)
    kinds = draw.integers(0, 8, 50)
    table = a_table(catalogue, **{item: (int(kinds[int(item)]), 0) for item in items})
    buyers = draw.integers(0, 6, 50).astype(np.float32)
    table.columns[:, NEW_BUYERS] = buyers
    table = table._replace(kind_rows=np.lexsort((np.arange(50), -buyers, kinds)))
    purchases = bought({row: [180] for row in draw.choice(50, 6, replace=False).tolist()})
    own = set(kinds[purchases.rows].tolist())
    weights = kind_weights(np.bincount([*own], minlength=8) * 0.5 ** (20 / HALF_LIFE_120), table)
    scores = {row: affinity(row, weights, table) for row in range(50) if kinds[row] in own}
    proposed = by_affinity(purchases, table, DAY, count).tolist()
    assert [scores[row] for row in proposed] == sorted(scores.values(), reverse=True)[:count]
    assert len(set(proposed)) == len(proposed) == min(count, len(scores))


@given(
    st.dictionaries(
        st.integers(-3, 4),
        st.sets(st.integers(0, DAY), min_size=1, max_size=5).map(sorted),
        max_size=5,
    ),
    st.permutations(range(5)),
)
def test_a_row_is_finite_and_the_same_in_any_order_of_candidates(days_by_row, rows):
    evidence = [described(days_by_row, [row])[0] for row in range(5)]
    for row, found in zip(rows, described(days_by_row, rows), strict=True):
        for name, value in found.items():
            assert np.isfinite(value)
            assert name in ("als", "als_share") or value == evidence[row][name]
