import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.core.elasticity import (
    CLASSES,
    INSENSITIVE,
    INSUFFICIENT,
    NEUTRAL,
    REASONS,
    SENSITIVE,
    ElasticitySettings,
    Panel,
    at_its_word,
    estimate,
    false_discovery_rates,
    inside,
)
from tests.unit.core.weekly_demand import WEEKS, simulated

SETTINGS = ElasticitySettings()


def held(found, truth):
    fitted = ~np.isnan(found.estimates)
    return ((found.lows <= truth) & (found.highs >= truth))[fitted].mean()


def changed(panel, **columns):
    return dataclasses.replace(panel, **columns)


@pytest.mark.parametrize(
    ("purchases", "overdispersion"), [(3.0, 0.0), (8.0, 0.0), (8.0, 0.3), (40.0, 0.3)]
)
def test_nineteen_of_twenty_intervals_hold_the_true_elasticity(purchases, overdispersion):
    spread = np.linspace(-3, 1, 600)
    shop = simulated(
        600, spread, purchases, promotion_effect=0.4, season_effect=0.3,
        overdispersion=overdispersion,
    )  # fmt: skip
    found = estimate(shop.panel, SETTINGS)
    assert (~np.isnan(found.estimates)).mean() > 0.9
    assert 0.91 <= held(found, shop.elasticity) <= 0.98


def test_a_promotion_that_sells_by_itself_fools_the_naive_slope_and_not_ours():
    shop = simulated(400, elasticity=-1.0, purchases=20, promotion_effect=0.6)
    found = estimate(shop.panel, SETTINGS)
    assert np.nanmedian(found.estimates) == pytest.approx(-1.0, abs=0.1)
    assert np.nanmedian(found.naive) < -2.0
    assert held(found, -1.0) > 0.91


def test_a_season_that_moves_price_and_demand_fools_the_naive_slope_and_not_ours():
    shop = simulated(400, elasticity=-1.5, purchases=20, season_effect=0.5, season_in_price=0.15)
    found = estimate(shop.panel, SETTINGS)
    assert np.nanmedian(found.estimates) == pytest.approx(-1.5, abs=0.1)
    assert np.nanmedian(found.naive) > -0.6
    assert held(found, -1.5) > 0.91


def test_weeks_without_a_sale_flatten_the_naive_slope_and_not_ours():
    shop = simulated(1500, elasticity=-2.0, purchases=2.0)
    found = estimate(shop.panel, SETTINGS)
    fitted = ~np.isnan(found.estimates)
    assert found.estimates[fitted].mean() == pytest.approx(-2.0, abs=0.15)
    assert found.naive[fitted].mean() > -1.75


def test_with_much_evidence_every_product_is_called_what_it_is():
    truth = np.repeat([-2.0, 0.0, 2.0], 50)
    found = estimate(simulated(150, truth, purchases=2000).panel, SETTINGS)
    right = at_its_word(truth, SETTINGS)
    assert (found.classes == right).mean() > 0.95
    assert {SENSITIVE, NEUTRAL, INSENSITIVE} <= set(found.classes.tolist())
    assert ((found.classes == right) | (found.classes == INSUFFICIENT)).all()


def test_of_products_without_any_effect_almost_none_is_called_sensitive():
    # At the boundary itself, where a claim is false and most easily made.
    found = estimate(simulated(1000, elasticity=-0.5, purchases=20).panel, SETTINGS)
    assert (found.classes == SENSITIVE).mean() < 0.005
    alone = (found.highs < -0.5).mean()
    assert 0.01 < alone < 0.05  # what the intervals by themselves would have claimed


def test_what_is_too_little_evidence_is_said_with_its_reason():
    rich = simulated(1, purchases=20).panel
    rare = changed(rich, seen=rich.seen & (np.arange(WEEKS) < 19))
    thin = changed(rich, counts=np.where(rich.seen, 1.5, 0))
    one_price = changed(rich, log_prices=np.zeros_like(rich.log_prices))
    tied = changed(rich, log_prices=-0.3 * rich.promotion + 0.001 * rich.log_prices)
    tied = changed(tied, log_prices=tied.log_prices + 0.02 * rich.season)
    weighed = changed(rich, posted=np.array([0.05]))
    cases = {
        "too_few_weeks": rare, "too_few_prices": one_price, "no_posted_price": weighed,
        "price_follows_promotion_and_season": tied,
    }  # fmt: skip
    for reason, panel in cases.items():
        found = estimate(panel, SETTINGS)
        assert REASONS[found.reasons[0]] == reason
        assert np.isnan(found.estimates[0])
        assert CLASSES[found.classes[0]] == "insufficient_evidence"
    assert REASONS[estimate(thin, SETTINGS).reasons[0]] == "too_few_weeks"


def test_a_wide_interval_has_an_estimate_and_no_class():
    found = estimate(simulated(50, purchases=2.5).panel, SETTINGS)
    across = np.flatnonzero((found.lows < -0.5) & (found.highs > -0.5))
    assert len(across) > 10
    assert {REASONS[found.reasons[row]] for row in across} == {"interval_too_wide"}


def test_a_panel_without_products_is_no_error():
    nothing = np.empty((0, 10))
    found = estimate(Panel(nothing, nothing, nothing, nothing, nothing > 0, np.empty(0)), SETTINGS)
    assert len(found.estimates) == 0


def test_the_currency_does_not_matter():
    shop = simulated(20, purchases=500).panel
    dear = changed(shop, log_prices=shop.log_prices + np.log(1000))
    ours = estimate(shop, SETTINGS).estimates
    assert estimate(dear, SETTINGS).estimates == pytest.approx(ours, nan_ok=True)


def test_false_discovery_rates_are_those_of_a_worked_example():
    # Sorted p times m over rank: 0.04, 0.04, 0.0533, 0.5; never falling from the end.
    rates = false_discovery_rates(np.array([0.5, 0.01, np.nan, 0.04, 0.02]))
    assert rates == pytest.approx([0.5, 0.04, np.nan, 0.16 / 3, 0.04], nan_ok=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_false_discovery_rates_keep_the_order_and_never_fall_below_the_p_values(p_values):
    p_values = np.array(p_values)
    rates = false_discovery_rates(p_values)
    assert (rates >= p_values - 1e-12).all()
    assert (rates <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(rates[order]) >= -1e-12).all()


@pytest.mark.parametrize(
    ("low", "high", "name"),
    [
        (-3, -0.6, "sensitive"), (-3, -0.4, "insufficient_evidence"), (-0.4, 0.4, "neutral"),
        (-0.4, 0.6, "insufficient_evidence"), (0.6, 2, "insensitive"),
        (np.nan, np.nan, "insufficient_evidence"),
    ],
)  # fmt: skip
def test_a_class_holds_the_whole_interval_or_nothing_does(low, high, name):
    found = inside(np.array([low], float), np.array([high], float), SETTINGS)
    assert CLASSES[found[0]] == name
