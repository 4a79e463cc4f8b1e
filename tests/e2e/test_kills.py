"""Kill -9 at random moments: the Project opens, nothing finished is lost, nothing half-done shows, the work goes on.

The suite kills a few times; ``CURATOR_KILLS=20`` does it as often as a release needs.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from curator.engine.project import Project

KILLS = int(os.environ.get("CURATOR_KILLS", "2"))
ROWS = (
    "select subset, rank, source, gain, weight, reason, skill from chosen where subset not like '% (%' "
    "order by subset, rank"
)


def select(folder: Path, sql: str) -> list[tuple]:
    """Rows by plain SQL."""
    with closing(sqlite3.connect(folder / "demo.curator" / "project.sqlite")) as db:
        return db.execute(sql).fetchall()


def check_nothing_half_done(folder: Path) -> tuple[set[str], int]:
    """Open what a kill left behind; returns the visible subsets and the rows of finished Embeddings."""
    if not (folder / "demo.curator" / "project.sqlite").is_file():
        return set(), 0
    with Project.open(folder / "demo.curator") as project:
        assert project.check() == []
        found = project.contents()
        for subset in found.subsets:
            assert len(project.subset_rows(subset.id, 1, 10_000)) == subset.size
            assert project.run(subset.run_id).status == "done"
        assert all(run.status != "running" for run in found.runs)
    for name in ("emoji-subset", "instructions-subset.jsonl"):
        if (folder / name).exists():
            pictures = len(list((folder / name).rglob("*.png"))) if (folder / name).is_dir() else None
            lines = None if pictures is not None else len((folder / name).read_bytes().splitlines())
            assert (pictures or lines) == 60
    return {s.name for s in found.subsets}, sum(e.rows for e in found.embeddings)


def test_the_demo_survives_kills_at_random_moments(tmp_path, undisturbed, start_of_demo):
    reference, seconds = undisturbed
    rng = random.Random(20)
    finished: tuple[set[str], int] = (set(), 0)
    for kill in range(KILLS):
        process = start_of_demo(tmp_path)
        # Later kills fall anywhere in what is left of the work; start-up is about three seconds of it.
        try:
            process.wait(rng.uniform(0.5, max(5.0, seconds)))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        now = check_nothing_half_done(tmp_path)
        assert finished[0] <= now[0], f"kill {kill} lost a finished subset"
        assert finished[1] <= now[1], f"kill {kill} lost a finished embedding"
        finished = now
    assert start_of_demo(tmp_path).wait(600) == 0
    check_nothing_half_done(tmp_path)
    assert select(tmp_path, ROWS) == select(reference, ROWS)


def test_the_worker_survives_kills_at_random_moments(tmp_path):
    from curator.engine.errors import CuratorError
    from curator.engine.recipe import load_recipe

    file = tmp_path / "pile.jsonl"
    file.write_text(
        "".join(
            json.dumps({"instruction": f"Name {i % 50} things of kind {i}", "output": f"it {i * 7919 % 1009}"}) + "\n"
            for i in range(3000)
        ),
        encoding="utf-8",
    )
    described = load_recipe("balanced")
    rng = random.Random(7)
    with Project.create(tmp_path / "p.curator", background=True) as project:
        for _ in range(KILLS):
            for submit, args in ((project.submit_import, ([file], "pile")), (project.submit_run, ("pile", described))):
                try:
                    job = submit(*args)
                except CuratorError:
                    break  # the import before it was killed, so there is no dataset yet
                if not job.wait(rng.uniform(0.1, 4.0)) and project.worker_pid is not None:
                    os.kill(project.worker_pid, signal.SIGKILL)
                job.wait(60)
            assert project.check() == []
        project.submit_import([file], "pile").result()
        subset = project.submit_run("pile", described, "last").result().focus[1]
        assert len(project.subset_rows(subset, 1, 10_000)) == project.subset(subset).size == 1000
        assert project.dataset("pile").size == 3000
