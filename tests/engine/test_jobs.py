import pytest

from curator.engine.errors import Cancelled, InputError
from curator.engine.jobs import CANCELLED, DONE, FAILED, Done, Failed, InlineQueue, Log
from curator.engine.requests import ImportRequest
from curator.engine.types import Changes

REQUEST = ImportRequest(("somewhere",))


def test_a_job_ends_with_its_changes():
    seen = []
    queue = InlineQueue(lambda request, task: (task.log("hello"), Changes(frozenset({"sample"})))[1])
    job = queue.submit(REQUEST, lambda _, message: seen.append(message))
    assert job.state == DONE
    assert job.result() == Changes(frozenset({"sample"}))
    assert seen == [Log("hello"), Done(Changes(frozenset({"sample"})))]
    assert list(job.log) == ["hello"]


def test_a_message_for_the_user_comes_back_as_the_same_kind_of_error():
    def work(request, task):
        raise InputError("No such place.", "Look again.")

    job = InlineQueue(work).submit(REQUEST)
    assert job.state == FAILED
    assert job.failure == Failed("input", "No such place.", "Look again.")
    with pytest.raises(InputError, match="Look again"):
        job.result()


def test_anything_else_is_a_bug_with_its_traceback():
    job = InlineQueue(lambda request, task: 1 / 0).submit(REQUEST)
    assert job.failure.kind == "bug"
    assert "ZeroDivisionError" in job.failure.traceback
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        job.result()


def test_cancel_from_inside_a_listener_stops_at_the_next_tick():
    done = []

    def work(request, task):
        for i in task.track(range(100), "Counting"):
            done.append(i)
            task.log("tick")
        return Changes(frozenset())

    queue = InlineQueue(work)
    job = queue.submit(REQUEST, lambda job, message: queue.cancel(job) if isinstance(message, Log) else None)
    assert job.state == CANCELLED
    assert done == [0]
    with pytest.raises(Cancelled):
        job.result()


def test_problems_are_kept_and_counted():
    def work(request, task):
        for i in range(3):
            task.problem(f"{i}.png", "is empty")
        return Changes(frozenset())

    job = InlineQueue(work).submit(REQUEST)
    assert job.problem_count == 3
    assert [p.source for p in job.problems] == ["0.png", "1.png", "2.png"]
