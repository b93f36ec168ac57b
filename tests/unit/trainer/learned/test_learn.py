"""The ranker of a small shop whose shoppers have staples, each bought in a rhythm of its own."""

import numpy as np
import pytest

from restock.core.learned.item_table import ITEM_FEATURES, table_fits
from restock.tuning_config import TuningConfig
from tests.unit.trainer.shop import some_products, some_purchases
from trainer.learned.item_table import fit_item_table, item_records
from trainer.learned.learn import learn, windows_before
from trainer.learned.windows import cut_short, future_of
from trainer.progress import Quiet
from trainer.purchases import kept

FIRST, DAY = 17_000, 17_280
ITEMS = [f"item {number}" for number in range(40)]
TUNING = TuningConfig(learned_least_shoppers=20)


def a_shop(shoppers=60, until=DAY, seed=5):
    """Rows of shoppers who come weekly: two staples each week, two every other one, and a chance find."""
    draw, rows = np.random.default_rng(seed), []
    for shopper in range(shoppers):
        staples = draw.choice(len(ITEMS), 4, replace=False)
        for week, day in enumerate(range(FIRST + shopper % 7, until, 7)):
            basket = {*staples[:2], *(staples[2:] if week % 2 else ()), draw.integers(len(ITEMS))}
            rows += [
                (f"u{shopper}", ITEMS[item], day, 1.0, 1.0 + item / 10) for item in sorted(basket)
            ]
    return rows


@pytest.fixture(scope="module")
def purchases():
    return some_purchases(a_shop())


@pytest.fixture(scope="module")
def products():
    return some_products(ITEMS)


@pytest.fixture(scope="module")
def learned(purchases, products):
    return learn(purchases, products, TUNING, Quiet(), DAY)


def test_a_ranker_is_learned_that_foretells_baskets_better_than_hybrid(learned):
    assert learned.ranker.leads
    assert learned.facts["shoppers"] == 60
    assert learned.facts["learned_ndcg"] > learned.facts["hybrid_ndcg"] + 0.05
    assert table_fits(learned.table, len(ITEMS))


def test_the_same_purchases_give_the_same_trees_bit_for_bit(learned, purchases, products):
    again = learn(purchases, products, TUNING, Quiet(), DAY)
    for one, two in (
        (learned.ranker.own, again.ranker.own),
        (learned.ranker.new, again.ranker.new),
    ):
        assert one.trees.values.tobytes() == two.trees.values.tobytes()
        assert (one.slope, one.intercept) == (two.slope, two.intercept)


@pytest.mark.parametrize("knobs", [{"learned_windows": 1}, {"learned_least_shoppers": 61}])
def test_with_too_few_windows_or_shoppers_there_is_no_ranker(purchases, products, knobs):
    found = learn(purchases, products, TUNING.changed(knobs), Quiet(), DAY)
    assert (found.ranker, found.facts) == (None, None)


def test_what_is_bought_after_the_day_changes_nothing(products):
    late = a_shop(until=DAY + 56)
    early = [row for row in late if row[2] < DAY]
    known = some_purchases(late)
    known = kept(known, known.days < DAY)
    one = windows_before(some_purchases(early), products, DAY, TUNING, Quiet())
    two = windows_before(known, products, DAY, TUNING, Quiet())
    assert [window.rows.tobytes() for window in one] == [window.rows.tobytes() for window in two]


def test_a_windows_rows_do_not_know_what_became_of_them(purchases, products):
    """Rows of the last window stay the same when everything bought in it is another product."""
    before = [row for row in a_shop() if row[2] < DAY - 28]
    after = [(user, "item 0", day, 1.0, 1.0) for user, _, day, *_ in a_shop() if day >= DAY - 28]
    other = some_purchases(before + sorted(set(after)))
    one = windows_before(purchases, products, DAY, TUNING, Quiet())[-1]
    two = windows_before(other, products, DAY, TUNING, Quiet())[-1]
    assert one.rows.tobytes() == two.rows.tobytes()
    assert one.next_basket.tobytes() != two.next_basket.tobytes()


def test_a_future_tells_the_next_basket_and_the_days_of_each_product():
    rows = [("ann", "milk", day, 1.0, 1.0) for day in (1, 3, 5, 10, 12)]
    rows += [
        ("ann", "bread", 12, 1.0, 1.0),
        ("ann", "tea", 10, 1.0, 1.0),
        ("bob", "milk", 11, 1.0, 1.0),
    ]
    purchases = some_purchases(rows)
    past = kept(purchases, purchases.days < 10)
    future = future_of(purchases, past, 10)
    assert future.users.tolist() == [0]
    assert future.products[0][0] == 2
    assert sorted(future.products[0].values()) == [1, 1, 2]
    assert len(future.baskets[0]) == 2
    assert 0 in future.baskets[0]


def shopping_days(purchases):
    return [
        sorted(set(purchases.days[purchases.users == user].tolist()))
        for user in range(len(purchases.user_ids))
    ]


def test_of_some_histories_only_the_last_one_to_four_shopping_days_are_shown(purchases):
    whole = shopping_days(purchases)
    left = shopping_days(cut_short(purchases, TUNING.changed({"learned_cut_short": 0.5}), DAY))
    short = [user for user, days in enumerate(left) if days != whole[user]]
    assert 20 <= len(short) <= 40
    assert {len(left[user]) for user in short} == {1, 2, 4}
    assert all(whole[user][-len(days) :] == days for user, days in enumerate(left))


def test_nothing_is_cut_short_where_nobody_asks_for_it(purchases):
    kept_all = cut_short(purchases, TUNING.changed({"learned_cut_short": 0.0}), DAY)
    assert kept_all.digest() == purchases.digest()


def test_a_history_that_is_too_short_to_be_learned_from_is_left_as_it_is():
    rows = [("ann", "milk", day, 1.0, 1.0) for day in (1, 2)]
    rows += [("bob", "milk", day, 1.0, 1.0) for day in range(9)]
    always = TUNING.changed({"learned_cut_short": 1.0})
    ann, bob = shopping_days(cut_short(some_purchases(rows), always, 10))
    assert ann == [1, 2]
    assert len(bob) in (1, 2, 4)


def test_who_was_cut_short_is_still_learned_from(purchases):
    past = kept(purchases, purchases.days < DAY - 28)
    always = TUNING.changed({"learned_cut_short": 1.0})
    whole, short = (
        future_of(purchases, known, DAY - 28) for known in (past, cut_short(past, always, DAY - 28))
    )
    assert short.users.tolist() == whole.users.tolist()
    assert [len(basket) for basket in short.baskets] == [len(basket) for basket in whole.baskets]


def test_an_item_is_described_by_its_purchases():
    rows = [("ann", "milk", day, 1.0, 2.0) for day in (100, 107, 121)]
    rows += [("bob", "milk", 119, 2.0, 5.0), ("bob", "bread", 60, 1.0, 3.0)]
    purchases = some_purchases(rows)
    records = item_records(purchases.item_ids, some_products(["bread", "milk"]))
    table = fit_item_table(purchases, records, 125)
    assert purchases.item_ids == ["milk", "bread"]
    milk = dict(zip(ITEM_FEATURES, table.columns[0].tolist(), strict=True))
    bread = dict(zip(ITEM_FEATURES, table.columns[1].tolist(), strict=True))
    assert (milk["sold_7"], milk["sold_28"], milk["sold"]) == (2, 4, 4)
    assert (milk["buyers"], milk["new_buyers_28"], milk["age_days"]) == (2, 2, 25)
    assert (bread["sold_28"], bread["new_buyers_28"]) == (0, 0)
    assert milk["price"] == pytest.approx(11 / 5)
    assert 7 < milk["cycle_days"] < 14
    assert table.novelties[0] == 0


def test_a_category_stands_in_for_a_kind_that_nobody_names():
    products = some_products(["bread", "milk"], {"bread": "bakery", "milk": "dairy"})
    assert item_records(["milk", "bread"], products).kinds.tolist() == [1, 0]
