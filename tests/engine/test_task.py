import pytest

from curator.engine.errors import Cancelled
from curator.engine.task import Problem, Progress, Task


def test_a_bare_task_reports_nowhere_and_yields_everything():
    assert list(Task().track([3, 1, 2], "Counting")) == [3, 1, 2]


def test_track_ends_with_a_report_of_the_whole():
    seen: list[Progress] = []
    assert list(Task(on_progress=seen.append).track(range(5), "Counting")) == [0, 1, 2, 3, 4]
    assert (seen[-1].label, seen[-1].done, seen[-1].total) == ("Counting", 5, 5)


def test_reports_leave_at_most_ten_times_a_second(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("curator.engine.task.time.monotonic", lambda: now[0])
    seen: list[Progress] = []
    task = Task(on_progress=seen.append)
    for done in range(1000):
        now[0] += 0.01
        task.step("Counting", done, 1001)
    assert 95 <= len(seen) <= 101


def test_rate_and_eta_follow_the_clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("curator.engine.task.time.monotonic", lambda: now[0])
    seen: list[Progress] = []
    task = Task(on_progress=seen.append)
    task.step("Counting", 10, 110)  # resumed at 10: the first ten cost nothing now
    now[0] += 5.0
    task.step("Counting", 60, 110)
    assert seen[-1].rate == pytest.approx(10.0)
    assert seen[-1].eta == pytest.approx(5.0)


def test_cancel_stops_before_the_next_item():
    asked = [False]
    task = Task(cancelled=lambda: asked[0])
    done = []
    with pytest.raises(Cancelled):
        for item in task.track(range(10), "Counting"):
            done.append(item)
            asked[0] = item == 3
    assert done == [0, 1, 2, 3]


def test_cancelled_is_not_swallowed_by_except_exception():
    assert not issubclass(Cancelled, Exception)


def test_problems_are_counted_and_passed_on():
    seen: list[Problem] = []
    task = Task(on_problem=seen.append)
    task.problem("a.png", "is empty")
    assert task.problems == 1
    assert seen == [Problem("a.png", "is empty")]
