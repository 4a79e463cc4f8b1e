"""Pins and labels as sets: the same rows as one by one, and one step back."""

import json

import numpy as np
import pytest

from curator.engine.project import Project


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "r.jsonl"
    file.write_text("".join(json.dumps({"instruction": f"say {i}", "output": ""}) + "\n" for i in range(40)))
    made = Project.create(tmp_path / "p.curator")
    made.submit_import([file], "pile").result()
    yield made
    made.close()


def state(project):
    return [(s.pin, s.labels) for s in project.samples(1, 0, 40)]


ROWS = np.array([0, 1, 2, 7, 20, 21, 39], np.int32)


@pytest.mark.parametrize("value", ["in", "out", None])
def test_pins_are_those_of_single_edits_and_go_back_at_once(project, value):
    ids = project.pages.ids(1, np.arange(40))
    project.pin([ids[1], ids[8]], "in")
    before = state(project)
    project.pin([ids[r] for r in ROWS.tolist()], value)
    wanted = state(project)
    project.undo()
    project.bulk.submit_pin(1, ROWS, value).result()
    assert state(project) == wanted
    assert project.history(1)[0].label == (f"Pin {value} 7 samples" if value else "Unpin 7 samples")
    project.bulk.submit_replay("undo").result()
    assert state(project) == before
    project.bulk.submit_replay("redo").result()
    assert state(project) == wanted and project.check() == []


@pytest.mark.parametrize("value", ["cat", None])
def test_labels_are_those_of_single_edits_and_go_back_at_once(project, value):
    ids = project.pages.ids(1, np.arange(40))
    project.set_label([ids[1], ids[8]], "dog")
    before = state(project)
    project.set_label([ids[r] for r in ROWS.tolist()], value)
    wanted = state(project)
    project.undo()
    project.bulk.submit_label(1, ROWS, value).result()
    assert state(project) == wanted
    project.undo()
    assert state(project) == before
    project.redo()
    assert state(project) == wanted and not project.bulk.is_large("undo")
