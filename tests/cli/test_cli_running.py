"""What a terminal and a log file are told while a Job runs."""

import sys

import pytest

from curator.cli import running
from curator.cli.running import Bars, in_words
from curator.engine.jobs import Log
from curator.engine.task import Progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when told to."""
    now = [0.0]
    monkeypatch.setattr(running.time, "monotonic", lambda: now[0])
    return now


def tell(bars, clock, *reports):
    for seconds, progress in reports:
        clock[0] = seconds
        bars(None, progress)


def test_a_log_file_gets_a_line_every_half_minute(clock, capsys):
    bars = Bars()
    steps = [(s, Progress("Embedding", 10 * s, 3000, 10.0, 300.0 - s)) for s in range(0, 100, 5)]
    tell(bars, clock, *steps)
    bars.close()
    assert capsys.readouterr().err.splitlines() == [
        "  Embedding: 300 of 3,000 (10 %), 10.0/s, 04:30 left",
        "  Embedding: 600 of 3,000 (20 %), 10.0/s, 04:00 left",
        "  Embedding: 900 of 3,000 (30 %), 10.0/s, 03:30 left",
    ]


def test_short_stages_leave_no_line_but_what_is_said_does(clock, capsys):
    bars = Bars()
    stages = [(20 * i, Progress(f"Stage {i}", done, 2)) for i in range(5) for done in (0, 2)]
    tell(bars, clock, *stages, (101, Log("3 pictures are missing.")))
    assert capsys.readouterr().err == "  3 pictures are missing.\n"
    Bars(quiet=True)(None, Log("hush"))
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_bars(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    bars = Bars()
    tell(bars, clock, (0, Progress("Embedding", 0, 10)), (40, Progress("Embedding", 10, 10)))
    bars.close()
    said = capsys.readouterr().err
    assert "Embedding: 100%" in said and "10/10" in said and "10 of 10" not in said


def test_what_is_not_known_is_not_said():
    assert in_words(Progress("Reading", 1200, 0)) == "Reading: 1,200"
    assert in_words(Progress("Reading", 1200, 0, 34567.0)) == "Reading: 1,200, 34.6k/s"
