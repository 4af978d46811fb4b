"""The progress line, with a clock turned by hand."""

import io
import itertools
import logging
import sys
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from experiments import progress
from experiments.progress import Progress

NEW_LINE = "\r\x1b[K"  # back to the start of the line, and what stood there is gone


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """What was written to a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """What stood on its line, one after another."""
        before, *lines = self.getvalue().split(NEW_LINE)
        assert before == ""
        return lines


class Lines(logging.Handler):
    """What was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append((record.levelno, record.getMessage()))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def logged() -> Lines:
    return Lines()


def new_progress(logged: Lines, units: Sequence[int] = (100,), costs: Sequence[float] | None = None) -> Progress:
    log = logging.Logger("progress", logging.DEBUG)
    log.addHandler(logged)
    return Progress("settings", units, costs or [1] * len(units), log)


def advance(clock: Clock, under_way: Progress, units: int, seconds: float) -> str:
    clock.now += seconds
    under_way.advance(units)
    return str(under_way)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error is one from now on (a fixture would come before pytest's own capture)."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    return terminal


def test_a_line_by_hand(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged, (200_000, 100_000))
    under_way.start("gru_2x4")
    line = advance(clock, under_way, 50_000, 25)
    assert line == "[1/2] gru_2x4: 50,000/200,000 settings, 2,000 settings/s, 0:02:05 left in all"


def test_a_rate_is_over_all_of_the_task_and_of_it_alone(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged, (100, 100))
    under_way.start("first")
    assert " 10 settings/s" in advance(clock, under_way, 10, 1)
    assert " 5 settings/s" in advance(clock, under_way, 10, 3)  # 20 in 4 s
    under_way.start("second")
    line = advance(clock, under_way, 30, 1)
    assert " 30 settings/s" in line
    assert line.startswith("[2/2] second: 30/100 settings")


def test_the_time_left_weighs_units_by_their_cost(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged, (100, 100), (1, 3))
    under_way.start("cheap")
    # A cost of 50 took 5 s; 50 and 3 * 100 are left.
    assert advance(clock, under_way, 50, 5).endswith(" 0:00:35 left in all")
    assert advance(clock, under_way, 50, 5).endswith(" 0:00:30 left in all")
    under_way.start("dear")
    # 3 * 10 took 16 s more: 130 in 26 s, and 3 * 90 are left.
    assert advance(clock, under_way, 10, 16).endswith(" 0:00:54 left in all")
    assert advance(clock, under_way, 90, 1000).endswith(" 0:00:00 left in all")


def test_the_unit_of_cost_does_not_matter(clock: Clock, logged: Lines) -> None:
    lines = []
    for unit in (1, 0.001, 700):
        under_way = new_progress(logged, (100, 100), (unit, 2.5 * unit))
        under_way.start("task")
        lines.append(advance(clock, under_way, 20, 8))
    assert set(lines) == {"[1/2] task: 20/100 settings, 2 settings/s, 0:02:12 left in all"}


def test_what_was_there_already_counts_as_done_but_not_to_the_rate(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged, (100, 100), (1, 3))
    under_way.start("task")
    clock.now += 2
    under_way.skip(40)
    line = advance(clock, under_way, 20, 4)
    # 20 in 4 s, not 60 in 6; of cost 20 in 4 s; 40 and 3 * 100 are left.
    assert line == "[1/2] task: 60/100 settings, 5 settings/s, 0:01:08 left in all"
    clock.now += 500
    under_way.skip(40)
    assert str(under_way) == "[1/2] task: 100/100 settings, 5 settings/s, 0:01:00 left in all"


def test_what_was_not_needed_is_expected_not_to_be_needed_later(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged, (100, 100), (1, 3))
    under_way.start("first")
    advance(clock, under_way, 25, 10)
    under_way.spare(75)
    # A cost of 100 was out of the way after 10 s; 3 * 100 are left.
    assert str(under_way) == "[1/2] first: 100/100 settings, 2 settings/s, 0:00:30 left in all"
    under_way.start("second")
    # 100 + 3 * 20 in 50 s, and 3 * 80 are left.
    assert advance(clock, under_way, 20, 40) == "[2/2] second: 20/100 settings, 0 settings/s, 0:01:15 left in all"


def test_what_is_no_work_within_a_task_does_not_count(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged)
    under_way.start("task")
    clock.now += 40  # such as compiling
    under_way.resume()
    advance(clock, under_way, 10, 1)
    clock.now += 40
    under_way.resume()
    line = advance(clock, under_way, 10, 1)
    assert line == "[1/1] task: 20/100 settings, 10 settings/s, 0:00:08 left in all"


def test_nothing_done_yet_has_no_time_left(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged)
    under_way.start("task")
    clock.now += 5
    under_way.skip(30)
    assert str(under_way) == "[1/1] task: 30/100 settings, 0 settings/s, ? left in all"


def test_what_goes_before_a_task_is_not_its_work(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged, (100, 100))
    clock.now += 300
    under_way.start("first")
    advance(clock, under_way, 100, 10)
    clock.now += 300  # such as drawing figures
    under_way.start("second")
    line = advance(clock, under_way, 50, 5)
    assert line == "[2/2] second: 50/100 settings, 10 settings/s, 0:00:05 left in all"


@pytest.mark.parametrize(
    ("seconds", "clock_face"),
    [
        (0, "0:00:00"),
        (0.4, "0:00:00"),
        (59.4, "0:00:59"),
        (59.6, "0:01:00"),
        (60, "0:01:00"),
        (3599.7, "1:00:00"),
        (3661, "1:01:01"),
        (360_000, "100:00:00"),
    ],
)
def test_clock_faces(clock: Clock, logged: Lines, seconds: float, clock_face: str) -> None:
    under_way = new_progress(logged, (2,))
    under_way.start("task")
    assert advance(clock, under_way, 1, seconds).endswith(f", {clock_face} left in all")


def test_no_time_at_all_is_no_error(clock: Clock, logged: Lines) -> None:
    under_way = new_progress(logged)
    under_way.start("task")
    assert "50/100 settings" in advance(clock, under_way, 50, 0)


def test_nothing_is_drawn_where_there_is_no_terminal(
    clock: Clock, logged: Lines, capsys: pytest.CaptureFixture[str]
) -> None:
    under_way = new_progress(logged)
    under_way.start("task")
    for _ in range(10):
        advance(clock, under_way, 10, 3)
    under_way.skip(0)
    under_way.clear()
    assert capsys.readouterr() == ("", "")


def test_one_line_is_written_again_and_again_on_a_terminal(
    clock: Clock, logged: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_a_terminal(monkeypatch)
    under_way = new_progress(logged)
    under_way.start("task")
    lines = [advance(clock, under_way, 10, 3) for _ in range(10)]
    assert terminal.lines == lines
    assert len(set(lines)) == 10
    under_way.clear()
    assert terminal.lines == [*lines, ""]  # nothing stays behind
    assert "\n" not in terminal.getvalue()


def test_a_line_is_not_drawn_more_often_than_anyone_reads(
    clock: Clock, logged: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_a_terminal(monkeypatch)
    under_way = new_progress(logged, (10_000,))
    under_way.start("task")
    for _ in range(1000):
        advance(clock, under_way, 1, 0.01)  # 10 s
    assert 10 <= len(terminal.lines) <= 51


def test_a_line_fits_a_terminal(clock: Clock, logged: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is wrapped is not taken back by the next one: the screen fills with first halves."""
    monkeypatch.setenv("COLUMNS", "80")
    terminal = on_a_terminal(monkeypatch)
    under_way = new_progress(logged, (1_000_000,) * 32)  # as many as the landscape of configs/first_i.py
    for _ in range(12):
        under_way.start("gru_4x4 under uniform:10")
    advance(clock, under_way, 950_000, 25)
    assert max(map(len, terminal.lines)) <= 80


@pytest.mark.parametrize("watched", [True, False])
def test_the_log_hears_of_it_from_time_to_time(
    clock: Clock, logged: Lines, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    if watched:
        on_a_terminal(monkeypatch)
    under_way = new_progress(logged, (10_000,))
    under_way.start("task")
    lines = [advance(clock, under_way, 10, 0.5) for _ in range(1000)]  # 500 s
    assert 40 <= len(logged.records) <= 51
    assert {level for level, _ in logged.records} == {logging.DEBUG}
    said = [lines.index(message) for _, message in logged.records]
    assert min(b - a for a, b in itertools.pairwise(said)) >= 20  # of half a second
