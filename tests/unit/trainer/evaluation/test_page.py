import pytest

from restock.errors import InvalidFile
from tests.unit.trainer.evaluation.an_evaluation import EVALUATION
from tests.unit.trainer.shop import write
from trainer.evaluation.page import BEGIN, END, generated, percent, with_interval
from trainer.evaluation.report import write as write_report


def test_what_stands_between_the_marks_is_written_anew_and_the_rest_stays(tmp_path):
    page = write(
        tmp_path / "quality.md", f"# By hand\n{BEGIN}\nof last time\n{END}\nAlso by hand\n"
    )
    assert write_report(EVALUATION, None, page) == [page]
    text = page.read_text()
    assert text.startswith("# By hand\n") and text.endswith(f"{END}\nAlso by hand\n")
    assert "of last time" not in text
    assert "| 1970-03-02 | 30 | 25 |" in text
    assert "### Cold start" in text and "| popularity | 0.0500 | 0.0600 |" in text
    assert "| method | 0 days | 1 day |" in text
    assert "| popularity | +25.0% [+20.0, +30.0] |  |" in text
    assert "| rule | HYBRID | LEARNED |" in text
    assert "| upsell | -1.0% [-2.0, +0.5] |  |" in text
    assert "| method | 1970-03-02 | 1970-03-30 |" in text


def test_without_the_reference_a_cold_start_is_compared_with_nothing():
    alone = {"0": {"popularity": {"recall_10": 0.05}}}
    text = generated(EVALUATION | {"cold_start": alone})
    assert "### Cold start\n" in text and "### Cold start, to" not in text


def test_writing_twice_gives_the_same_page(tmp_path):
    page = write(tmp_path / "quality.md", f"{BEGIN}{END}")
    write_report(EVALUATION, None, page)
    once = page.read_text()
    write_report(EVALUATION, None, page)
    assert page.read_text() == once


def test_a_page_without_marks_is_refused(tmp_path):
    with pytest.raises(InvalidFile, match="the marks"):
        write_report(EVALUATION, None, write(tmp_path / "quality.md", f"{END}{BEGIN}"))


def test_numbers_are_written_for_people():
    assert with_interval(0.14373, [0.14, 0.15]) == "0.1437 [0.1400, 0.1500]"
    assert percent([0.065, 0.051, 0.0794]) == "+6.5% [+5.1, +7.9]"
    assert percent(None) == percent([0.1, None, None]) == ""


def test_json_and_plots_are_the_same_bytes_each_time(tmp_path):
    one = write_report(EVALUATION, tmp_path / "one", None)
    other = write_report(EVALUATION, tmp_path / "other", None)
    assert [path.name for path in one] == [
        "evaluation.json",
        "recall_by_method.svg",
        "recall_by_history.svg",
    ]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    assert b"<dc:date>" not in one[1].read_bytes()
