"""The skills panel on a real small Project."""

import json

import pytest
from fakes import FakeProject
from PySide6.QtCore import Qt

from curator.engine.project import Project
from curator.engine.recipe import Recipe, Step
from curator.engine.skills import Skill
from curator.ui.models.skills import BUDGET, CHOSEN, NAME, QUOTA, SIZE
from curator.ui.views.skill_faces import SkillFaces
from curator.ui.views.skills_panel import NO_CLASSES, NO_SKILLS
from curator.ui.waiting import NO_DATASET

WORDS = ("python code sorts numbers", "bread flour and yeast", "capital city of a country")
RECIPE = Recipe("r", (Step("random", {"budget": 6}),), Step("lsa"), Step("kmeans", {"k": 3}))


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "records.jsonl"
    texts = [f"{WORDS[i % 3]} {'abcdefgh'[i // 3]}" for i in range(24)]
    file.write_text("".join(json.dumps({"instruction": t, "output": ""}) + "\n" for t in texts))
    made = Project.create(tmp_path / "p.curator")
    made.submit_import([file], "records").result()
    return made


@pytest.fixture
def panel(window, project):
    found = window.places.panel("skills")
    assert found.words.text() == NO_DATASET
    window.state.set_project(project)
    return found


@pytest.fixture
def ready(window, panel, project):
    window.state.take(project.submit_run("records", RECIPE).result())
    return panel


def cells(panel, column):
    return [panel.model.index(i, column).data() for i in range(panel.model.rowCount())]


def test_before_a_run_it_says_what_is_missing(panel):
    assert panel.words.text() == NO_SKILLS and panel.table.isHidden()
    panel.by.setCurrentIndex(1)
    assert panel.words.text() == NO_CLASSES


def test_sizes_and_shares(window, ready, qtmodeltester):
    assert cells(ready, SIZE) == ["8", "8", "8"]
    assert sum(int(n) for n in cells(ready, CHOSEN)) == 6
    ready.table.selectRow(0)
    assert ready.typical.count() == 3
    ready.typical.itemAt(0).widget().click()
    assert window.state.current is not None
    ready.table.grab()
    qtmodeltester.check(ready.model)


def test_a_name_and_a_quota_are_edited_in_place_and_undone(window, ready):
    before = cells(ready, NAME)
    assert ready.model.setData(ready.model.index(0, NAME), "baking")
    assert "baking" in cells(ready, NAME)
    assert ready.model.setData(ready.model.index(0, QUOTA), "2")
    assert cells(ready, QUOTA)[0] == "2"
    assert not ready.model.setData(ready.model.index(0, QUOTA), "many")
    assert not ready.model.setData(ready.model.index(1, NAME), "baking")
    window.actions_.by_id["undo"].trigger()
    window.actions_.by_id["undo"].trigger()
    assert cells(ready, NAME) == before and cells(ready, QUOTA)[0] == ""


def test_merge_split_hide_and_show(qtbot, window, ready):
    window.actions_.by_id["skill-merge"].trigger()
    assert "Highlight a skill" in window.bar.notice.text
    ready.table.selectAll()
    window.actions_.by_id["skill-merge"].trigger()
    qtbot.waitUntil(lambda: cells(ready, SIZE) == ["24"])
    ready.table.selectRow(0)
    ready.parts.setValue(3)
    window.actions_.by_id["skill-split"].trigger()
    qtbot.waitUntil(lambda: cells(ready, SIZE) == ["8", "8", "8"])
    ready.table.selectRow(0)
    name = cells(ready, NAME)[0]
    window.state.show_dataset(1)
    window.actions_.by_id["skill-show"].trigger()
    assert len(window.samples.rows) == 8 and name in window.state.query.where
    window.actions_.by_id["skill-hide"].trigger()
    assert name not in cells(ready, NAME)
    ready.hidden.setChecked(True)
    assert name in cells(ready, NAME)
    ready.table.selectRow(0)
    window.actions_.by_id["skill-rename"].trigger()
    assert ready.table.currentIndex().column() == NAME


def test_classes_stand_in_the_same_bars(window, ready, project):
    window.state.take(project.set_label(project.browse.ids(1, [0, 1]), "new"))
    ready.by.setCurrentIndex(1)
    assert cells(ready, NAME) == ["new"] and cells(ready, SIZE) == ["2"]
    assert not ready.model.flags(ready.model.index(0, NAME)) & Qt.ItemFlag.ItemIsEditable


def test_a_budget_is_honoured_by_the_next_run_and_shown_as_starved_or_full(window, ready, project):
    model = ready.model
    ready.table.selectRow(0)
    window.actions_.by_id["skill-budget"].trigger()
    assert ready.table.currentIndex().column() == BUDGET
    assert model.setData(model.index(0, BUDGET), "4") and not model.setData(model.index(0, BUDGET), "few")
    model.setData(model.index(1, BUDGET), "1")
    first, second = model.skill(0).number, model.skill(1).number
    recipe = Recipe("q", (Step("skill-quota", {"budget": 6}),), Step("lsa"), Step("kmeans", {"k": 3}))
    window.state.take(project.submit_run("records", recipe).result())
    chosen = {s.number: s.chosen for s in project.skillset.all(1, window.state.subset.id)}
    assert (chosen[first], chosen[second], sum(chosen.values())) == (4, 1, 6)
    assert cells(ready, BUDGET)[:2] == ["4 ■", "1 ■"]
    window.state.set_keep(2)
    ready.refresh()
    assert cells(ready, BUDGET)[0] == "4 ▽"
    window.actions_.by_id["undo"].trigger()
    window.actions_.by_id["undo"].trigger()
    assert model.skill(1).budget is None


def test_skills_of_pictures_show_their_most_typical_picture(qtbot, window, pictures):
    project = FakeProject(pictures, sizes=(40, 30), kinds=("image", "instruction"))
    project.skillset.typical = lambda _dataset, number, _count: [number + 2]
    window.state.set_project(project)
    faces = SkillFaces(window.desk, window)
    skills = [Skill(0, "round", 20, 1), Skill(1, "square", 10, 1)]
    faces.show(project, project.datasets[0], skills)
    qtbot.waitUntil(lambda: faces.any)
    assert [faces._paths[n].name for n in (0, 1)] == ["02.png", "03.png"]
    qtbot.waitUntil(lambda: faces.picture(1, 24) is not None)
    faces.show(project, project.datasets[1], skills)
    assert not faces.any and faces.picture(1, 24) is None
