import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trainer.analysis.lines import some_sales, weekly_lines
from trainer.analysis.panel import PanelSettings, inferred_promotion, smoothed, weekly_sales

SETTINGS = PanelSettings()
TWO_PRICES = [2.0, 1.0] * 12
MONDAY = 700


def test_a_panel_holds_the_products_sold_in_twenty_weeks_and_no_other():
    sales = some_sales(weekly_lines("milk", TWO_PRICES) + weekly_lines("wine", [9.0] * 19))
    weekly = weekly_sales(sales, SETTINGS)
    assert [sales.item_ids[item] for item in weekly.items] == ["milk"]
    assert weekly.panel.seen.shape == (1, 23)  # the last day of the data ends a whole week


def test_a_week_has_its_median_price_and_its_units_in_average_purchases():
    rows = weekly_lines("milk", TWO_PRICES, buyers=7)
    rows.append(("h9", "milk", MONDAY + 7, 10.0, 10.0, 0.0))  # ten at once, at the week's price
    rows.append(("h9", "milk", MONDAY + 7, 1.0, 99.0, 0.0))  # a slip of the till
    weekly = weekly_sales(some_sales(rows), SETTINGS)
    panel = weekly.panel
    assert weekly.first_day == MONDAY
    assert np.exp(panel.log_prices[0, :4]) == pytest.approx([2, 1, 2, 1])
    purchase = (24 * 7 + 11) / (24 * 7 + 2)
    assert panel.counts[0, :3] == pytest.approx([7 / purchase, 18 / purchase, 7 / purchase])


def test_a_give_away_is_no_sale_at_a_price():
    free = [(user, item, day, units, 0.0, 0.0) for user, item, day, units, _, _ in
            weekly_lines("milk", [0.0] * 24)]  # fmt: skip
    weekly = weekly_sales(some_sales(free + weekly_lines("wine", TWO_PRICES)), SETTINGS)
    assert len(weekly.items) == 1


def test_promotion_is_the_share_of_purchases_with_at_least_five_percent_off():
    rows = weekly_lines("milk", [0.96] * 24, buyers=3, discount=0.04)  # 4% off
    rows += weekly_lines("milk", [0.95] * 24, buyers=1, discount=0.05)
    panel = weekly_sales(some_sales(rows), SETTINGS).panel
    assert panel.promotion[0, 2:] == pytest.approx(0.25)


def test_without_recorded_discounts_a_dip_below_the_regular_price_is_a_promotion():
    prices = [2.0, 2.0, 1.5, 2.0, 2.0, 1.96] * 4
    sales = some_sales(weekly_lines("milk", prices, buyers=7), discounts=False)
    weekly = weekly_sales(sales, SETTINGS)
    assert not weekly.recorded
    assert weekly.panel.promotion[0].tolist() == [0, 0, 1, 0, 0, 0] * 4


def test_a_lasting_change_of_the_regular_price_is_no_promotion_once_it_has_lasted():
    log_prices = np.log([[3.0] * 20 + [2.0] * 20])
    promoted = inferred_promotion(log_prices, log_prices > 0, SETTINGS)
    assert promoted[0, :20].sum() == 0
    assert promoted[0, 24:].sum() == 0


def test_what_is_weighed_has_no_posted_price_and_what_is_not_has_one():
    chance = np.random.default_rng(0)
    milk = weekly_lines("milk", TWO_PRICES, buyers=7)
    ham = [
        (*row[:4], row[4] * chance.uniform(0.5, 2), 0.0)
        for row in weekly_lines("ham", TWO_PRICES, 7)
    ]
    panel = weekly_sales(some_sales(milk + ham), SETTINGS).panel
    assert panel.posted[1] == 1
    assert panel.posted[0] < 0.1


def test_the_season_follows_the_other_products_of_the_category_and_not_the_product_itself():
    rows = weekly_lines("milk", [1.0] * 24, buyers=7)
    rows += weekly_lines("ice", [1.0] * 24, buyers=3)
    busy = [row for row in weekly_lines("cone", [1.0] * 24, buyers=60) if (row[2] - 700) // 7 >= 12]
    categories = {"ice": "frozen", "cone": "frozen", "milk": "dairy"}
    settings = PanelSettings(season_prior=1.0)
    sales = some_sales(rows + busy, categories)
    weekly = weekly_sales(sales, settings)
    of = {sales.item_ids[item]: row for row, item in enumerate(weekly.items.tolist())}
    ice = weekly.panel.season[of["ice"]]
    assert ice[18:].mean() - ice[:6].mean() > 2
    assert weekly.panel.season.mean(axis=1) == pytest.approx([0, 0])


def test_two_days_of_data_have_no_product_and_are_no_error():
    weekly = weekly_sales(some_sales(weekly_lines("milk", [1.0], buyers=2)), SETTINGS)
    assert weekly.panel.seen.shape == (0, 1)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.sampled_from([1, 3, 5]))
def test_smoothing_stays_between_the_least_and_the_most(values, weeks):
    found = smoothed(np.array([values]), weeks)[0]
    assert found.min() >= min(values) - 1e-9
    assert found.max() <= max(values) + 1e-9


def test_smoothing_takes_what_there_is_at_the_ends():
    assert smoothed(np.array([[3.0, 0, 0, 6]]), 3).tolist() == [[1.5, 1.0, 2.0, 3.0]]
