"""The timeline of a lifelong pile, as the window shows it."""

import json
from dataclasses import replace
from types import SimpleNamespace

from PySide6.QtCore import QPoint, Qt

from curator.engine.records import LifelongSkill, LifelongStep, SkillScores
from curator.ui.state import AppState
from curator.ui.views.lifelong import LifelongPage
from curator.ui.views.lifelong_step import AS_BEFORE, StepDialog


def step(number, came_in, chosen, pruned, after):
    return LifelongStep(
        number, 1, number, "2026-01-01", 10 + number, 1, 2, 100 * number, came_in, after + pruned, chosen, pruned,
        after, 3, 1, 1,
    )  # fmt: skip


STEPS = [step(1, 900, 200, 0, 900), step(2, 600, 200, 300, 1200), step(3, 800, 200, 800, 1200)]
SKILLS = [
    LifelongSkill(0, "summarise, article", 500, 100, 80, 200, False, False),
    LifelongSkill(1, "translate, german", 90, 60, 80, 0, True, False),
    LifelongSkill(2, "add, numbers", 40, 0, 40, 0, False, True),
]
SCORES = [
    SkillScores(k, SKILLS[k].name, 90, name, name == "el2n", 3.2, -1.0, 3.0, (0, 2, 9, 30, 22, 9, 3, 1), 0.2, 2.1)
    for k in range(3)
    for name in ("el2n", "perplexity")
]


def shown(qtbot, steps=STEPS, scores=SCORES):
    state = AppState()
    state.project = SimpleNamespace(
        lifelong=SimpleNamespace(steps=lambda _: steps, skills=lambda key: SKILLS[: key + 1]),
        score_choices=SimpleNamespace(of_run=lambda _: scores),
    )
    state.dataset = SimpleNamespace(id=1, status="ready")
    page = LifelongPage(state)
    page._keep = state
    qtbot.addWidget(page)
    page.resize(900, 640)
    page.show()
    return page


def test_nothing_yet(qtbot):
    page = shown(qtbot, steps=[])
    assert page.about.isVisible() and not page.parts.isVisible()
    assert "brings new samples in" in page.about.text()


def test_the_latest_step_its_skills_and_their_scores(qtbot):
    page = shown(qtbot)
    assert "Step 3" in page.title.text()
    assert page.model.rowCount() == 3
    words = [page.model.item(row, 5).text() for row in range(3)]
    assert words == ["", "gained", "starved"]
    assert page.model.item(0, 6).text() == "el2n"
    assert not page.grab().isNull()


def test_another_step_by_click_and_by_key(qtbot):
    page = shown(qtbot)
    qtbot.mouseClick(page.chart, Qt.MouseButton.LeftButton, pos=QPoint(40, 100))
    assert "Step 1" in page.title.text()
    qtbot.keyClick(page.chart, Qt.Key.Key_Right)
    assert "Step 2" in page.title.text()
    qtbot.keyClick(page.chart, Qt.Key.Key_Left)
    qtbot.keyClick(page.chart, Qt.Key.Key_Left)
    assert "Step 1" in page.title.text()


def test_it_follows_new_steps_and_runs_without_scores(qtbot):
    page = shown(qtbot, scores=[])
    assert not page.histogram.isVisible()
    page._keep.project.lifelong.steps = lambda _: [*STEPS, replace(STEPS[2], number=4)]
    page._keep.data_changed.emit(frozenset({"lifelong_step"}))
    assert "Step 4" in page.title.text()


def test_a_step_is_taken_from_the_window_drawn_and_undone(window, small, tmp_path, qtbot, answers):
    state, more = window.state, tmp_path / "more.jsonl"
    more.write_text("".join(json.dumps({"instruction": f"bake bread {i}", "output": "yes"}) + "\n" for i in range(12)))
    state.set_project(small)
    window.actions_.by_id["lifelong"].trigger()
    assert window.center.view.about.isVisible() and window.center.view.add.isVisible()
    answers.files = [more]
    window.actions_.by_id["lifelong-step"].trigger()
    dialog = window.findChild(StepDialog)
    dialog.add.menu().actions()[0].trigger()
    assert dialog.paths == (str(more),) and dialog.go.isEnabled()
    dialog.came_in.setCurrentRow(0)
    dialog.remove.click()
    assert dialog.paths == ()
    dialog.bring([more])
    dialog.train.setValue(10)
    dialog.pool.setValue(40)
    dialog.go.click()
    qtbot.waitUntil(lambda: bool(small.lifelong.steps(1)), timeout=20_000)
    page = window.center.view
    qtbot.waitUntil(lambda: "Step 1" in page.title.text())
    step = small.lifelong.steps(1)[0]
    assert (step.came_in, step.chosen, step.pool_after) == (72, 10, 40)
    window.actions_.by_id["lifelong-step"].trigger()
    again = window.findChildren(StepDialog)[-1]
    assert again.recipe.currentText() == AS_BEFORE and (again.train.value(), again.pool.value()) == (10, 40)
    again.bring([tmp_path / "gone.jsonl"])
    assert not again.go.isEnabled() and "not there" in again.problem.text()
    again.reject()
    window.actions_.by_id["undo"].trigger()
    assert not small.lifelong.steps(1) and page.about.isVisible()
