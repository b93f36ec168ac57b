"""What a shopper takes, in bytes: a figure of the documents that a change of the codec may not outgrow."""

from collections import defaultdict
from random import Random

from services.profile_store.profile import profile_of
from tests.unit.profile_store.shop import CODEC, DAY, a_line, an_order, the_ledger

PRODUCTS = 1_000
DAYS_A_PRODUCT = 2
"""As the households of Complete Journey with about so many products: 1.96 in the mean."""
LINES = 9
MOST_BYTES = 25_000


def a_year_of_orders(random: Random):
    """Products of 7 digits, each bought on two days of a year, in baskets of nine lines."""
    bought = defaultdict(list)
    for number in random.sample(range(10**6, 10**7), PRODUCTS):
        for day in random.sample(range(360), DAYS_A_PRODUCT):
            units = random.choice([1000, 1000, 2000, 3000])
            bought[DAY + day].append(a_line(f"{number}", units, random.randrange(500, 20_000)))
    for day, lines in sorted(bought.items()):
        for start in range(0, len(lines), LINES):
            yield an_order(f"order {day} {start}", day, *lines[start : start + LINES])


def test_1000_products_of_7_digits_bought_twice_each_take_less_than_25000_bytes():
    ledger = the_ledger(*a_year_of_orders(Random(1)))
    profile = profile_of(ledger)
    assert (len(profile.product_ids), sum(profile.purchase_counts)) == (1_000, 2_000)
    kept = CODEC.profile_to("1234", ledger.revision, profile), CODEC.ledger_to(ledger, profile)
    assert 15_000 < sum(map(len, kept)) < MOST_BYTES
