from io import StringIO

from rich.console import Console
from rich.progress import Progress

from trainer.progress import ProgressBars, Quiet, progress_bars


def test_a_stage_left_is_full_though_its_last_step_was_not_told():
    bars = Progress(console=Console(file=StringIO()))
    with ProgressBars(bars).stage("ALS", steps=3) as advance:
        advance()
        assert bars.tasks[0].completed == 1
    assert (bars.tasks[0].description, bars.tasks[0].completed) == ("ALS", 3)


def test_where_no_terminal_is_each_stage_is_a_line_as_it_begins(capsys):
    with progress_bars() as progress, progress.stage("ALS", steps=3) as advance:
        advance()
        assert capsys.readouterr().out.split() == ["0", "s", "ALS"]
    assert capsys.readouterr().out == ""


def test_quiet_takes_the_same_calls():
    with Quiet().stage("ALS", steps=3) as advance:
        advance()
