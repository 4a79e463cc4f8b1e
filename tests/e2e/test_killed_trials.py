"""Kill -9 in the middle of a trial or of a round: what is finished stays, and only the rest is run again."""

import os
import shutil
import signal
import sqlite3
import threading
from contextlib import closing

import pytest

from curator.engine.errors import PluginError
from curator.engine.project import Project

SIMULATE = {"selectors": "random,margin", "seeds": 3, "rounds": 2, "width": 8, "steps": 250}
COMPARE = {"selectors": "random,k-center", "seeds": 4, "budgets": "20,40,60"}
MARK = '{"accuracy": 0.125}'


class Kill:
    """A listener that knows when a phase has come so far; ``wait`` then kills the worker."""

    def __init__(self, label, done):
        self.label, self.done, self.reached = label, done, threading.Event()

    def __call__(self, _job, message):
        if getattr(message, "label", "") == self.label and message.done >= self.done:
            self.reached.set()

    def wait(self, project, job):
        assert self.reached.wait(120)
        os.kill(project.worker_pid, signal.SIGKILL)
        with pytest.raises(PluginError, match="stopped unexpectedly"):
            job.result()


@pytest.mark.parametrize(
    ("kind", "label", "plan", "whole", "each"),
    [("simulate", "Simulating", SIMULATE, 2 * 3 * 3, 3), ("compare", "Comparing", COMPARE, 2 * 4 * 3, 3)],
)
def test_a_killed_trial_goes_on_where_it_was(tmp_path, digit_pictures, kind, label, plan, whole, each):
    kill = Kill(label, 1)
    with Project.create(tmp_path / "p.curator", background=True) as project:
        project.submit_import([digit_pictures]).result()
        kill.wait(project, project.trials.submit(kind, "digits", plan, "mine", listener=kill))
        assert project.trials.trials() == []
        with closing(sqlite3.connect(tmp_path / "p.curator" / "project.sqlite")) as db, db:
            kept = db.execute("select count(*) from trial_point").fetchone()[0]
            db.execute("update trial_point set measures = ?", (MARK,))  # what is run again loses its mark
        assert kept in range(each, whole, each)
        trial = project.trials.submit(kind, "digits", plan, "mine").result().focus[1]
        points = project.trials.points(trial)
        assert len(points) == whole
        assert sum(p.measures == {"accuracy": 0.125} for p in points) == kept


def test_a_killed_round_leaves_its_answers_and_comes_out_the_same(tmp_path, digit_pictures):
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([digit_pictures]).result()
        study = project.rounds.start("digits", {"width": 8, "steps": 400}, "mine").result().focus[1]
        for pick in project.rounds.batch(study):
            sample = project.samples_by_id([pick.sample_id])[0]
            project.rounds.label(study, [pick.sample_id], sample.source.split("/")[0])
    shutil.copytree(tmp_path / "p.curator", tmp_path / "undisturbed.curator")
    with Project.open(tmp_path / "undisturbed.curator") as project:
        project.rounds.next(study).result()
        expected = [(p.row, p.rank, p.reason) for p in project.rounds.batch(study)]
    kill = Kill("Fitting the student", 20)
    with Project.open(tmp_path / "p.curator", background=True) as project:
        kill.wait(project, project.rounds.next(study, listener=kill))
        assert [r.number for r in project.rounds.curve(study)] == [1]
        assert {p.state for p in project.rounds.batch(study)} == {"labelled"}
        project.rounds.next(study).result()
        assert [(p.row, p.rank, p.reason) for p in project.rounds.batch(study)] == expected
