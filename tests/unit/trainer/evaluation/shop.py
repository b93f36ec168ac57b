"""Pasts for tests of the evaluation."""

from pathlib import Path

import numpy as np

from tests.unit.trainer.shop import some_products, some_purchases
from trainer.evaluation.past import past_of
from trainer.evaluation.protocol import Protocol, cut_at

FILE = Path("sales.csv")
LENIENT = Protocol(least_item_days=1)


def bought(user, product, *days, units=1, spend=2):
    """Rows of a user who buys a product on some days."""
    return [(user, product, day, units, spend) for day in days]


def a_past(*rows, day=100, least_item_days=1):
    """What is known on a day of these lists of rows."""
    purchases = some_purchases([row for part in rows for row in part])
    return past_of(purchases, some_products(purchases.item_ids), day, least_item_days)


def a_cut(rows, day, protocol=LENIENT):
    purchases = some_purchases(rows)
    return cut_at(purchases, some_products(purchases.item_ids), day, protocol, FILE)


def many(users=30, products=25, days=120, seed=0):
    """Purchases of users who each have favourites and now and then something else, from day 0 on."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        favourites = rng.choice(products, 6, replace=False)
        for day in np.sort(rng.choice(days, 20, replace=False)).tolist():
            usual = rng.choice(favourites, 3, replace=False).tolist()
            for product in {*usual, int(rng.integers(products))}:
                price = 1 + product % 5
                rows.append((f"u{user:02d}", f"p{product:02d}", day, 1, price))
    return rows


def ranked_ids(method, past, users=None, k=3, banned=None, name=None):
    """What a method recommends, as ids, user by user."""
    ranker = method.fit(past)[name or method.names[0]]
    places = past.users_of(users or past.purchases.user_ids)
    ids = [*past.purchases.item_ids, None]
    return [[ids[row] for row in page] for page in ranker.rank(places, k, banned).tolist()]
