from io import StringIO

from rich.console import Console

from tests.unit.trainer.test_clean import cleaned
from trainer.report import quality_table


def test_the_report_shows_what_was_left_out_and_the_share_kept():
    _, quality = cleaned([("ann", "milk", 1, 1, 1.0)] * 3 + [("ann", "milk", 1, 0, 0)])
    text = StringIO()
    Console(file=text, width=100).print(quality_table(quality.as_dict()))
    assert "rows with quantity 0                           │      1" in text.getvalue()
    assert "75.00%" in text.getvalue()
