from collections import Counter

import numpy as np

from restock.artifacts.profiles import ProfileTable
from restock.cli.histories import Histories, history_to
from restock.v1 import profile_store_pb2 as pb
from tests.a_bundle import DAY, PRODUCTS, two_shoppers
from tests.unit.trainer.shop import some_purchases
from trainer.profiles import profile_table


def ten_users(price: float = 1.5) -> Histories:
    """u0 to u9, each with two purchases."""
    rows = [(f"u{user}", "milk", day, 1.0, price) for user in range(10) for day in (3, 9)]
    purchases = some_purchases(rows)
    return Histories(profile_table(purchases), purchases.item_ids)


def with_a_guest(by_day: dict[int, int]) -> Histories:
    """Ann and Eve with a purchase each, and one user for all who pay cash: products by day."""
    rows = [(product, day) for day, count in by_day.items() for product in range(count)]
    items, days = np.array([(0, 1), *sorted(rows), (0, 1)]).T
    users = np.array([0, *[1] * len(rows), 2])
    pairs = np.flatnonzero(np.diff(users * 1_000_000 + items, prepend=-1))
    milli, some = np.full(len(days), 1000, np.uint64), np.ones(len(pairs), np.uint64)
    table = ProfileTable(
        user_ids=["ann", "cash", "eve"],
        starts=np.array([0, 1, len(pairs) - 1, len(pairs)]),
        item_rows=items[pairs].astype(np.int32),
        purchase_counts=np.diff(pairs, append=len(days)).astype(np.uint32),
        first_days=days[pairs].astype(np.uint32),
        last_days=days[pairs].astype(np.uint32),
        units_milli=some,
        spend_milli=some,
        shopping_days=np.ones(3, np.uint32),
        last_shopping_days=np.ones(3, np.uint32),
        day_starts=np.append(pairs, len(days)),
        days=days.astype(np.uint32),
        day_units_milli=milli,
        day_spend_milli=milli,
    )
    return Histories(table, [f"p{row}" for row in range(30_000)])


def test_a_history_holds_each_product_with_its_days():
    ann = history_to(two_shoppers(), 0, list(PRODUCTS))
    assert ann == pb.PurchaseHistory(
        user_id="ann",
        product_ids=["bread", "milk"],
        day_counts=[3, 3],
        days=[DAY - 14, DAY - 7, DAY] * 2,
        units_milli=[1000] * 6,
        spend_milli=[2000] * 3 + [1000] * 3,
    )
    bob = history_to(two_shoppers(), 1, list(PRODUCTS))
    assert (list(bob.product_ids), list(bob.day_counts)) == (["bread", "ham", "wine"], [1, 1, 1])
    assert list(bob.spend_milli) == [2000, 3500, 9000]


def test_a_part_ends_with_the_user_who_makes_it_full():
    histories = ten_users()
    parts = [list(part) for part in histories.parts(range(2, 10), 5, 100)]
    assert parts == [[2, 3, 4], [5, 6, 7], [8, 9]]
    assert [len(part) for part in histories.parts(range(10), 1000, 4)] == [4, 4, 2]
    assert list(histories.parts(range(10, 10), 5, 100)) == []


def test_of_a_user_with_more_than_the_store_keeps_the_latest_days_are_sent():
    histories = with_a_guest({1: 3, 4: 2, 7: 10_001, 9: 9_999})
    assert histories.fits.all()
    cash = history_to(histories.profiles, 1, histories.item_ids)
    # Nothing of day 1; day 4 is the one that no longer fits.
    assert Counter(cash.days) == {4: 2, 7: 10_001, 9: 9_999}
    assert (len(cash.product_ids), sum(cash.day_counts)) == (10_001, 20_002)
    assert list(cash.day_counts[:3]) == [3, 3, 2]
    assert list(cash.days[:8]) == [4, 7, 9, 4, 7, 9, 7, 9]


def test_a_user_whose_purchases_just_fit_is_sent_whole():
    histories = with_a_guest({1: 1, 7: 10_000, 9: 9_999})
    assert histories.large.tolist() == []
    assert len(history_to(histories.profiles, 1, histories.item_ids).days) == 20_000
