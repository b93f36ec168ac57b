"""What the ranker sees when it serves is what it saw when it learned."""

from dataclasses import replace

import numpy as np

from benchmarks.profiles import profile_to
from restock.artifacts.profiles import history_of
from restock.core.blend import Strategy
from restock.core.candidates import examined, ranker_rows, signals_of
from restock.core.learned.features import FEATURES
from restock.core.request import Query
from restock.tuning_config import TuningConfig
from services.candidate_gen.convert import history_from
from tests.unit.trainer.shop import some_products, some_purchases
from trainer.learned.windows import NO_ROWS, candidate_rows, shop_at
from trainer.promotions import Promotions

SHOPPERS, DAYS, DAY = 1_000, 120, 17_600
ITEMS = [f"item {number}" for number in range(60)]
SHARE = FEATURES.index("promotion_share")


def promoted(products):
    """Every third item is in the leaflet in every second week, the next one included."""
    numbers = np.repeat(np.arange(0, len(ITEMS), 3, dtype=np.int32), DAYS // 14)
    begins = np.arange(DAY + 3 - DAYS // 14 * 14, DAY + 3, 14, dtype=np.int32)
    firsts = np.tile(begins, len(numbers) // len(begins))
    count = len(numbers)
    return replace(
        products,
        promotions=Promotions(
            numbers, firsts, firsts + 13, np.ones((count, 1), np.int32), np.ones(count, np.float32)
        ),
    )


def test_rows_of_1000_shoppers_are_equal_bit_for_bit_when_learned_from_and_when_served():
    draw, tuning = np.random.default_rng(3), TuningConfig()
    popular = 1 / np.arange(1, len(ITEMS) + 1)
    rows = [
        (f"user {user}", ITEMS[item], DAY - int(draw.integers(1, DAYS)), float(units), 0.37 * units)
        for user in range(SHOPPERS)
        for item, units in zip(
            draw.choice(len(ITEMS), 12, p=popular / popular.sum()),
            draw.integers(1, 5, 12),
            strict=True,
        )
    ]
    purchases = some_purchases(rows)
    shop = shop_at(purchases, promoted(some_products(ITEMS)), DAY, tuning)
    catalogue = shop.level1.catalogue
    assert len(shop.profiles.user_ids) == SHOPPERS
    on_promotion = 0
    for user in range(SHOPPERS):
        learned = candidate_rows(shop, history_of(shop.profiles, user), tuning)
        message = profile_to(shop.profiles, user, catalogue.item_ids)
        sent = type(message).FromString(message.SerializeToString())
        query = Query(
            history_from(sent, catalogue), NO_ROWS, NO_ROWS, None, Strategy.LEARNED, DAY, tuning
        )
        heard = signals_of(query, catalogue)
        pool, scored = examined(query, shop.level1, Strategy.LEARNED, heard)
        assert np.array_equal(pool, learned[0])
        served = ranker_rows(query, shop.level1, pool, scored)
        assert served.tobytes() == learned[2].tobytes()
        on_promotion += np.count_nonzero(served[:, SHARE])
    assert on_promotion > SHOPPERS
