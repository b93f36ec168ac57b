import pytest

from restock.tuning_config import TuningConfig
from tests.unit.trainer.analysis.lines import some_sales
from trainer.analysis.price_variance import VerdictSettings, price_variances

USUAL = [(f"h{buyer}", "wine", 100 + buyer, 1.0, 10.0, 0.0) for buyer in range(60)]


def judged(rows, discounts=True, usual=USUAL, dated=True):
    sales = some_sales(usual + rows, discounts=discounts, dated=dated)
    return price_variances(sales, TuningConfig(), VerdictSettings())


def far(days, price, discount=0.0, units=1.0):
    return [(f"f{place}", "wine", day, units, price, discount) for place, day in enumerate(days)]


def test_a_product_whose_prices_lie_within_ten_times_is_not_judged():
    assert judged(far([100], 1.01)) == []


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (far(range(10), 1.0, discount=9.0), "promotion"),
        (far([100], 1.0, discount=9.0), "promotion"),
        (far([100], 1.0), "error"),
        (far([100, 103], 0.5), "error"),
        (far([100], 1.0, discount=0.1), "error"),  # the discount does not explain it
        (far(range(100, 160, 10), 1.0), "pack_or_unit_change"),
        (far(range(100, 106), 1.0), "unclear"),  # recorded, but not as a discount
        (far(range(100, 300, 20), 120.0), "pack_or_unit_change"),  # a case of twelve
    ],
)
def test_far_prices_are_explained_by_the_first_rule_that_fits(rows, verdict):
    (found,) = judged(rows)
    assert found.verdict == verdict


def test_without_recorded_discounts_one_low_price_paid_by_several_for_a_short_time_is_a_promotion():
    (found,) = judged(far(range(100, 106), 1.0), discounts=False)
    assert found.verdict == "promotion"


@pytest.mark.parametrize("rows", [far(range(100, 106), 1.0), far(range(100, 300, 20), 120.0)])
def test_without_dates_no_price_is_judged_by_how_long_it_was_asked(rows):
    (found,) = judged(rows, discounts=False, dated=False)
    assert (found.verdict, found.days) == ("unclear", None)


def test_what_is_weighed_has_as_many_prices_as_rows():
    usual = [(f"h{n}", "wine", 100 + n, 1.0, 3.0 + n / 7, 0.0) for n in range(60)]
    (found,) = judged(far([100, 101, 102], 0.25), usual=usual)
    assert found.verdict == "pack_or_unit_change"
    assert found.prices == 61


def test_the_evidence_is_told():
    rows = [*far([100, 110, 150], 1.0), *far([120], 1.0, discount=9.0)]
    (found,) = judged(rows)
    assert (found.lowest, found.usual, found.highest) == (1, 10, 10)
    assert (found.rows, found.far_rows, found.discounted_rows, found.explained_rows) == (
        64,
        4,
        1,
        1,
    )
    assert (found.households, found.days) == (3, 51)
    assert (found.common_price, found.common_rows) == (1, 3)


def test_a_price_is_that_of_one_unit():
    assert judged(far([100], 120.0, units=12.0)) == []
