import json

from tests.unit.trainer.shop import TUNING, some_transactions
from tests.unit.trainer.test_clean import cleaned
from trainer.quality import PriceSpan, price_spans


def spans(rows):
    lines = some_transactions(rows)
    items = lines.products
    return price_spans(items.codes, lines.units_milli, lines.spend_milli, items.ids, TUNING)


def test_an_item_between_1_99_and_40_is_flagged_and_one_between_2_and_19_is_not():
    found = spans(
        [
            ("ann", "wine", 0, 1, 1.99),
            ("bob", "wine", 1, 2, 80.0),
            ("ann", "milk", 0, 1, 2),
            ("bob", "milk", 1, 1, 19),
        ]
    )
    assert found == [PriceSpan("wine", 1.99, 40.0)]


def test_a_give_away_is_no_price():
    assert spans([("ann", "wine", 0, 1, 0), ("bob", "wine", 0, 1, 5)]) == []
    assert spans([("ann", "wine", 0, 1, 0)]) == []


def test_a_ratio_of_exactly_ten_is_flagged_and_the_widest_come_first():
    found = spans(
        [
            ("ann", "b", 0, 1, 1),
            ("ann", "b", 0, 1, 10),
            ("ann", "a", 0, 1, 1),
            ("ann", "a", 0, 1, 20),
        ]
    )
    assert [span.item_id for span in found] == ["a", "b"]


def test_the_report_is_plain_json():
    _, quality = cleaned([("ann", "milk", 0, 1, 1.0), ("ann", "milk", 0, 1, 30.0)] * 3)
    report = json.loads(json.dumps(quality.as_dict()))
    assert report["retention"] == 1.0
    assert report["price_variance_examples"] == [
        {"item_id": "milk", "lowest": 1.0, "highest": 30.0}
    ]
