"""The real child process: same rows, polite cancel, kill and respawn."""

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from curator.engine.errors import Cancelled, InputError, PluginError
from curator.engine.jobs import CANCELLED, DONE, FAILED, RUNNING, Done, Failed
from curator.engine.processes import NICE
from curator.engine.project import Project
from curator.engine.recipe import load_recipe
from curator.engine.registry import registry
from curator.engine.requests import ImportRequest
from curator.engine.types import Changes


@pytest.fixture
def records(tmp_path):
    """A small pile of instruction records with a few exact copies."""
    lines = [
        f'{{"instruction": "Translate the number {i} into the language of country {i % 7}.", "input": "",'
        f' "output": "word {i * 31 % 97} {i % 5}", "task": "skill {i % 4}"}}'
        for i in range(240)
    ]
    file = tmp_path / "records.jsonl"
    file.write_text("\n".join(lines + lines[:5]) + "\n", encoding="utf-8")
    return file


def recipe(budget=30):
    registry().discover()
    found = load_recipe("balanced").override("encoder", "lsa", registry())
    return found.override("selector.budget", str(budget), registry())


def rows(project, name):
    return [
        (r.rank, r.source, r.gain, r.weight, r.reason, r.skill)
        for r in project.subset_rows(project.subset(name).id, 1, 10_000)
    ]


def test_the_worker_and_the_command_line_store_equal_rows(tmp_path, records):
    found = []
    for background in (False, True):
        with Project.create(tmp_path / f"{background}.curator", background=background) as project:
            project.submit_import([records], "pile").result()
            project.submit_run("pile", recipe(), "chosen").result()
            found.append(rows(project, "chosen"))
    assert len(found[0]) == 30
    assert found[0] == found[1]


def test_a_message_from_the_worker_arrives_as_the_error_it_was(tmp_path):
    with Project.create(tmp_path / "p.curator", background=True) as project:
        job = project.submit_import([tmp_path / "nowhere"])
        with pytest.raises(InputError, match="does not exist"):
            job.result()
        if hasattr(os, "getpriority"):  # the window goes first
            mine, its = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, project._queue.worker_pid))
            assert its == min(19, mine + NICE)


def test_a_polite_cancel_is_heard_within_half_a_second(tmp_path, many_images):
    with Project.create(tmp_path / "p.curator", background=True) as project:
        started = threading.Event()
        job = project.submit_import([many_images], "pile", listener=lambda job, _: started.set())
        assert started.wait(60)
        asked, used = time.monotonic(), _worked(project.worker_pid)
        project.cancel(job)
        with pytest.raises(Cancelled):
            job.result()
        assert job.state == CANCELLED
        # By the worker's own clock, which stands still while others have the processor; by the wall where it has none.
        took = time.monotonic() - asked if used is None else _worked(project.worker_pid) - used
        assert took < 0.5


def _worked(pid):
    """Seconds of processor time a process has used so far, None where the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_waiting_job_is_cancelled_at_once(tmp_path, many_images, records):
    with Project.create(tmp_path / "p.curator", background=True) as project:
        first = project.submit_import([many_images], "pictures")
        second = project.submit_import([records], "pile")
        project.cancel(second)
        assert second.state == CANCELLED
        project.cancel(first)
        first.wait()


def test_a_killed_worker_fails_its_job_and_the_next_one_works(tmp_path, many_images, records):
    with Project.create(tmp_path / "p.curator", background=True) as project:
        started = threading.Event()
        job = project.submit_import([many_images], "pictures", listener=lambda job, _: started.set())
        assert started.wait(60)
        os.kill(project.worker_pid, signal.SIGKILL)
        with pytest.raises(PluginError, match="stopped unexpectedly"):
            job.result()
        assert job.state == FAILED
        project.submit_import([records], "pile").result()
        assert [d.name for d in project.contents().datasets] == ["pile"]


def test_stop_now_kills_and_counts_as_the_users_wish(tmp_path, many_images, records):
    with Project.create(tmp_path / "p.curator", background=True) as project:
        started = threading.Event()
        job = project.submit_import([many_images], "pictures", listener=lambda job, _: started.set())
        assert started.wait(60)
        assert job.state == RUNNING
        project.stop_now(job)
        with pytest.raises(Cancelled):
            job.result()
        project.submit_import([records], "pile").result()


@dataclass(frozen=True)
class Deaf:
    """Work in native code that does not listen."""

    handler: ClassVar[str] = "test_worker:be_deaf"

    marks: str
    seconds: float
    title: str = "Deaf"


def be_deaf(_store, request, task, *, polite=False):
    with Path(request.marks).open("a", encoding="utf-8") as file:
        file.write("begun\n")
    threading.Event().wait(request.seconds if Path(request.marks).read_text().count("\n") == 1 else 0)
    return Changes(frozenset())


def test_what_nobody_asked_for_gives_way_and_begins_anew(tmp_path, many_images, records):
    ended, started = [], threading.Event()

    def heard(job, message):
        if job.state == RUNNING:
            started.set()
        if isinstance(message, Done | Failed):
            ended.append(job.id)

    def deaf(project, name, seconds=600.0):
        job = project._submit(Deaf(str(tmp_path / name), seconds), heard, True)
        while seconds and not (tmp_path / name).exists():
            assert not job.wait(0.01)
        return job

    with Project.create(tmp_path / "p.curator", background=True) as project:
        unasked, later = deaf(project, "a"), deaf(project, "b", 0.0)
        worker = project.worker_pid
        asked = project.submit_import([records], "pile", listener=heard)
        unasked.result()
        assert ended == [asked.id, later.id, unasked.id] and unasked.state == DONE
        assert (tmp_path / "a").read_text() == "begun\n" * 2 and project.worker_pid != worker
        assert any("Gave way" in line for line in unasked.log)

        started.clear()
        listens = project._submit(ImportRequest((str(many_images),), "unasked"), heard, True)
        assert started.wait(60)
        worker = project.worker_pid
        asked = project.submit_import([records], "more", listener=heard)
        listens.result()
        assert ended[3:] == [asked.id, listens.id] and project.worker_pid == worker
        assert {d.name for d in project.contents().datasets} == {"pile", "more", "unasked"}

        unasked = deaf(project, "c")
        project.submit_import([records], "last")
        project.cancel(unasked)
        with pytest.raises(Cancelled):
            unasked.result()
        assert (tmp_path / "c").read_text() == "begun\n"


def test_closing_leaves_no_process_and_no_thread(tmp_path, records):
    project = Project.create(tmp_path / "p.curator", background=True)
    project.submit_import([records], "pile").result()
    pid = project.worker_pid
    project.close()
    assert not any(t.name == "curator-jobs" for t in threading.enumerate())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_cannot_be_started_fails_its_job_and_the_next_one_gets_one(tmp_path, records, monkeypatch):
    def start(_process):
        monkeypatch.undo()
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", start, raising=False)
    with Project.create(tmp_path / "p.curator", background=True) as project:
        first = project.submit_import([records], "pile")
        assert first.wait(60) and first.state == FAILED
        assert "can't start new thread" in first.failure.text
        assert project.submit_import([records], "pile").result().focus is not None
