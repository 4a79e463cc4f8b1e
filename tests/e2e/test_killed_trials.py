"""Kill -9 in the middle of a trial: finished curves stay, and only the others are run when it goes on."""

import os
import signal
import sqlite3
import threading
from contextlib import closing

import pytest

from curator.engine.errors import PluginError
from curator.engine.project import Project

PLAN = {"selectors": "random,margin", "seeds": 3, "rounds": 2, "width": 8, "steps": 250}
MARK = '{"accuracy": 0.125}'


def test_a_killed_simulation_goes_on_where_it_was(tmp_path, digit_pictures):
    one = threading.Event()

    def look(job, message):
        if getattr(message, "label", "") == "Simulating" and message.done >= 1:
            one.set()

    with Project.create(tmp_path / "p.curator", background=True) as project:
        project.submit_import([digit_pictures]).result()
        job = project.trials.submit("simulate", "digits", PLAN, "mine", listener=look)
        assert one.wait(120)
        os.kill(project.worker_pid, signal.SIGKILL)
        with pytest.raises(PluginError, match="stopped unexpectedly"):
            job.result()
        assert project.trials.trials() == []
        with closing(sqlite3.connect(tmp_path / "p.curator" / "project.sqlite")) as db, db:
            kept = db.execute("select count(*) from trial_point").fetchone()[0]
            db.execute("update trial_point set measures = ?", (MARK,))  # what is run again loses its mark
        assert kept in (3, 6, 9, 12, 15)
        trial = project.trials.submit("simulate", "digits", PLAN, "mine").result().focus[1]
        points = project.trials.points(trial)
        assert len(points) == 2 * 3 * 3
        assert sum(p.measures == {"accuracy": 0.125} for p in points) == kept
