from dataclasses import replace
from io import StringIO

from rich.console import Console

from tests.unit.trainer.test_clean import cleaned
from trainer.quality import EventCounts
from trainer.report import quality_table


def shown(quality) -> str:
    text = StringIO()
    Console(file=text, width=100).print(quality_table(quality.as_dict()))
    return text.getvalue()


def test_the_report_shows_what_was_left_out_and_the_share_kept():
    _, quality = cleaned([("ann", "milk", 1, 1, 1.0)] * 3 + [("ann", "milk", 1, 0, 0)])
    assert "rows with quantity 0                           │      1" in shown(quality)
    assert "75.00%" in shown(quality)


def test_without_a_price_the_report_says_so_instead_of_counting_promotions():
    _, quality = cleaned([("ann", "milk", 1, 1, 0.0)] * 2)
    assert "no price is known" in shown(quality)
    assert "promotions" not in shown(quality)
    _, quality = cleaned([("ann", "milk", 1, 1, 0.0), ("bob", "milk", 1, 1, 2.0)])
    lines = " ".join(shown(quality).split())
    assert "rows kept with price 0 (promotions) │ 1 │" in lines


def test_the_report_shows_what_the_event_log_held_where_there_was_one():
    _, quality = cleaned([("ann", "milk", 1, 1, 1.0)])
    assert "event log" not in shown(quality)
    counts = EventCounts(rows=12, orders=3, returns_applied=2, returns_without_order=1)
    lines = " ".join(shown(replace(quality, events=counts)).split())
    assert "rows of the event log │ 12 │" in lines
    assert "returns without their order, left out │ 1 │" in lines
