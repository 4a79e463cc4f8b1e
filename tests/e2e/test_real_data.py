"""Real piles, where they are at hand: six thousand photographs, eight thousand records of eighteen tasks."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from curator.engine.arrays import open_array
from curator.engine.project import Project
from curator.engine.recipe import load_recipe
from curator.engine.registry import registry

pytestmark = pytest.mark.real_data
CLASSES = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}


def choose(project, dataset, recipe, encoder, budget=500):
    registry().discover()
    described = load_recipe(recipe).override("selector.budget", str(budget), registry())
    project.submit_run(dataset, described.override("encoder", encoder, registry()), "chosen").result()


def rows(project):
    """The chosen rows, by the sqlite3 module alone."""
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as db:
        return db.execute("select rank, source, text, gain, reason, skill, labels from chosen order by rank").fetchall()


def test_photographs(tmp_path, shared_data):
    with tarfile.open(shared_data / "images" / "cifar10-dev.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([tmp_path / "cifar10-dev"], "photos").result()
        assert project.dataset("photos").size == 6000
        choose(project, "photos", "diverse", "tiny-clip")
        found = rows(project)
        assert [r[0] for r in found] == list(range(1, 501))
        assert {r[6] for r in found} == CLASSES


def test_instructions(tmp_path, shared_data):
    with Project.create(tmp_path / "p.curator") as project:
        project.submit_import([shared_data / "instruct" / "t0-dev.jsonl"], "t0").result()
        assert project.dataset("t0").size == 8000
        choose(project, "t0", "balanced", "lsa")
        found = rows(project)
        assert len({r[6] for r in found}) == 18
        assert all(r[2] and r[5] for r in found)
        with closing(sqlite3.connect(project.folder / "project.sqlite")) as db:
            (file,) = db.execute("select labels_file from clustering").fetchone()
            tasks = [
                t for (t,) in db.execute("select name from label join sample on sample.id = sample_id order by row")
            ]
        skills = np.asarray(open_array(project.folder / "arrays" / file))
        agreement = normalized_mutual_info_score(tasks, skills)
        print(f"skills found agree with the {len(set(tasks))} tasks: normalised mutual information {agreement:.2f}")
        assert agreement > 0.4
