"""The budget dial, two Subsets side by side, and what can be done with one."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester

from curator.engine.recipe import Recipe
from curator.engine.subsets import Balance
from curator.ui.models.balance import SHARES_ROLE, BalanceModel
from curator.ui.views.compare import CompareDialog


@pytest.fixture
def shown(window, small):
    window.state.set_project(small)
    window.state.show_subset(small.contents().subsets[0].id)
    return window


def names(project):
    return [s.name for s in project.contents().subsets]


def test_the_panel_is_empty_without_a_subset(window, small):
    assert window.subset_panel.state == "empty"
    window.state.set_project(small)
    assert window.subset_panel.state == "empty"


def test_the_dial_shows_every_budget_and_keeps_one(shown, small):
    panel = shown.subset_panel
    assert panel.state == "ready" and panel.keep == 20
    assert not panel.keep_button.isEnabled()
    panel.set_keep(5)
    assert panel.amount.value() == 5 and panel.values["share"].text() == "8.3%"
    assert "of 4" in panel.values["skills"].text()
    assert not panel.readings.isRowVisible(panel.values["mean"])
    panel.unit.setCurrentIndex(1)
    assert panel.amount.value() == 8
    panel.unit.setCurrentIndex(2)
    tokens = panel.amount.value()
    panel.amount.setValue(tokens + 1)
    assert panel.keep in (5, 6)
    panel.slider.setValue(0)
    assert panel.keep == 1
    panel.set_keep(5)
    shown.actions_.by_id["subset-keep"].trigger()
    assert small.contents().subsets[-1].size == 5 and shown.state.subset.size == 5


def test_the_dial_redraws_gallery_map_and_counts_without_writing(shown, small, qtbot):
    from curator.ui.views.map_data import MapData
    from curator.ui.views.map_sync import MapSync

    before, gallery, skills = len(small.history()), shown.center.gallery, shown.places.panel("skills")
    act = {k: a.trigger for k, a in shown.actions_.by_id.items()}
    assert not gallery._beyond(shown.samples.item(12))
    shown.subset_panel.set_keep(5)
    assert gallery._beyond(shown.samples.item(5)) and not gallery._beyond(shown.samples.item(4))
    assert "the first 5 of 20" in shown.center.about.text()
    ranking = small.pages.ranking(shown.state.subset.id)
    sync = MapSync(shown.desk, None)
    sync.data = MapData(np.random.default_rng(0).random((60, 2), np.float32))
    assert sync._chosen().tolist() == ranking[:5].tolist()
    qtbot.waitUntil(lambda: sum(s.chosen for s in skills.model._skills) == 5)
    act["dial-more"]()
    assert shown.subset_panel.keep == 6 and shown.subset_panel.amount.value() == 6
    act["dial-less"]()
    act["dial-less"]()
    assert shown.state.keep == 4
    act["dial-knee"]()
    assert shown.state.keep == (shown.subset_panel.dial.knee or 4)
    shown.state.show_dataset(1)
    assert shown.state.keep is None and len(small.history()) == before


def test_the_tree_has_runs_whose_recipe_can_run_again(shown, small, answers):
    tree, state = shown.library.tree, shown.state
    QAbstractItemModelTester(shown.tree, QAbstractItemModelTester.FailureReportingMode.Fatal)
    answers.name = "by hand"
    state.set_highlight([3, 4])
    shown.actions_.by_id["subset-new"].trigger()
    run = shown.tree.place("run", 1)
    assert run.data() == "small" and run.siblingAtColumn(1).data().endswith(" s")
    assert "done" in run.data(Qt.ItemDataRole.ToolTipRole)
    assert shown.tree.rowCount(run) == 1 and shown.tree.rowCount(shown.tree.find(1, None)) == 2
    tree.setCurrentIndex(run)
    assert state.run == 1 and [a.text() for a in tree.actions()] == ["Run a&gain", "Co&py recipe"]
    shown.actions_.by_id["run-again"].trigger()
    assert shown.run_panel.draft.recipe.name == "small"
    shown.state.data_changed.emit(frozenset({"pin"}))
    assert shown.tree.node(tree.currentIndex()) == ("run", 1)
    state.show_subset(small.contents().subsets[0].id)
    assert state.run is None and shown.tree.node(tree.currentIndex())[0] == "subset"
    shown.actions_.by_id["undo"].trigger()
    assert shown.tree.rowCount(shown.tree.find(1, None)) == 1


def test_a_part_of_a_comparison_is_shown_everywhere(shown, small, qtbot):
    small.subsets.trim(1, 8, "eight")
    shown.state.refresh()
    shown.state.data_changed.emit(frozenset({"subset"}))
    dialog = CompareDialog(shown.desk)
    qtbot.addWidget(dialog)
    dialog.a.setCurrentIndex(dialog.a.findData(1))
    dialog.b.setCurrentIndex(dialog.b.findData(2))
    assert dialog.parts.buttons["only_a"].text() == "Only in &A: show 12"
    assert not dialog.parts.buttons["only_b"].isEnabled() and dialog.parts.grids["both"].count() == 8
    dialog.parts.buttons["only_a"].click()
    assert sorted(shown.samples.rows.tolist()) == sorted(small.pages.ranking(1)[8:].tolist())
    dialog.parts.buttons["both"].click()
    assert "in:eight" in shown.state.query.where and shown.samples.rowCount() == 8


def test_very_many_are_pinned_labelled_and_undone_by_jobs(shown, small, monkeypatch, qtbot):
    for module in ("curator.ui.commands", "curator.ui.labelling", "curator.engine.bulk"):
        monkeypatch.setattr(f"{module}.AT_ONCE", 5)
    act = {k: a.trigger for k, a in shown.actions_.by_id.items()}
    shown.state.set_highlight(range(3, 30))
    jobs = len(shown.jobs.cards)
    act["pin-in"]()
    assert sum(s.pin == "in" for s in small.samples(1, 0, 60)) == 27
    shown.commands.labels._set("birds")
    assert sum("birds" in s.labels for s in small.samples(1, 0, 60)) == 27
    undo = shown.actions_.by_id["undo"]
    qtbot.waitUntil(lambda: undo.text() == "&Undo: Label 27 samples “birds”")
    act["undo"]()
    act["undo"]()
    assert not any(s.pin or "birds" in s.labels for s in small.samples(1, 0, 60))
    qtbot.waitUntil(shown.actions_.by_id["redo"].isEnabled)
    act["redo"]()
    assert sum(s.pin == "in" for s in small.samples(1, 0, 60)) == 27
    assert len(shown.jobs.cards) == jobs + 5


def test_coverage_is_measured_once_and_then_follows_the_dial(shown, qtbot):
    panel = shown.subset_panel
    panel.measure.click()
    qtbot.waitUntil(lambda: panel.dial is not None and panel.dial.measured)
    assert panel.measure.isHidden() and panel.state == "ready"
    panel.set_keep(20)
    whole = float(panel.values["mean"].text())
    panel.set_keep(2)
    assert float(panel.values["mean"].text()) < whole
    panel.chart.resize(300, 150)
    qtbot.mouseClick(panel.chart, Qt.MouseButton.LeftButton, pos=panel.chart.rect().center())
    assert 5 < panel.keep < 16
    before = panel.keep
    qtbot.keyClick(panel.chart, Qt.Key.Key_Right)
    assert panel.keep == before + 1
    assert not panel.chart.grab().isNull()


def test_classes_of_many_rows_are_read_beside_the_window(shown, small, monkeypatch, qtbot):
    panel, coverage, go = shown.subset_panel, shown.places.panel("coverage"), threading.Event()
    before, bars, dials_of = panel.dial, coverage.model.rowCount(), small.dials.of
    monkeypatch.setattr(small.subsets, "at_hand", lambda _key: False)
    monkeypatch.setattr(small.dials, "of", lambda key: go.wait(10) and dials_of(key))
    counts = small.counts
    monkeypatch.setattr(small, "counts", lambda *a: go.wait(10) and counts(*a))
    shown.state.data_changed.emit(frozenset({"label"}))
    assert panel.state == "loading" and panel.dial is before and panel.stack.currentIndex() == 1
    assert not coverage.table.isHidden() and coverage.model.rowCount() == bars
    small.subsets.trim(1, 8, "eight")
    shown.state.show_subset(2)
    assert panel.dial is None and panel.keep == 0
    qtbot.waitUntil(lambda: panel.message.text() == "Reading the subset…" and panel.stack.currentIndex() == 0)
    qtbot.waitUntil(lambda: "Counting" in coverage.about.text() and coverage.table.isHidden())
    go.set()
    qtbot.waitUntil(lambda: panel.state == "ready" and not coverage.table.isHidden())
    assert panel.dial.size == 8 and panel.title.text() == "eight"
    assert sum(coverage.model.index(i, 1).data() != "0" for i in range(coverage.model.rowCount())) > 0
    monkeypatch.setattr(small.subsets, "at_hand", lambda _key: True)
    shown.state.show_subset(1)
    assert panel.state == "ready" and panel.dial.size == 20


def test_a_failure_to_read_is_shown(shown, small, monkeypatch):
    from curator.engine.errors import StoreError

    def broken(_key):
        raise StoreError("The dial is broken.", "Mend it.")

    monkeypatch.setattr(small.dials, "of", broken)
    shown.subset_panel.refresh()
    assert shown.subset_panel.state == "error" and "broken" in shown.subset_panel.message.text()


def test_rename_note_lock_copy_and_remove_are_undone_by_name(shown, small, answers):
    act = {k: a.trigger for k, a in shown.actions_.by_id.items()}
    answers.name = "mine"
    act["subset-rename"]()
    assert names(small) == ["mine"] and shown.actions_.by_id["undo"].text() == "&Undo: Rename to “mine”"
    answers.name = "look again"
    act["subset-note"]()
    assert shown.subset_panel.note.text() == "look again"
    act["subset-lock"]()
    answers.name = "other"
    act["subset-rename"]()
    assert names(small) == ["mine"] and "locked" in shown.bar.notice.text
    act["subset-copy"]()
    assert names(small) == ["mine", "mine copy"]
    act["subset-remove"]()
    assert names(small) == ["mine"]
    act["undo"]()
    assert names(small) == ["mine", "mine copy"]


def test_a_subset_of_what_is_highlighted(shown, small, answers):
    shown.state.show_dataset(1)
    shown.state.set_highlight([3, 4, 9])
    answers.name = "three"
    shown.actions_.by_id["subset-new"].trigger()
    assert shown.state.subset.name == "three" and shown.state.subset.size == 3
    answers.name = None
    shown.state.set_highlight([3])
    shown.actions_.by_id["subset-new"].trigger()
    assert len(names(small)) == 2


def test_a_click_in_the_history_goes_back_to_that_step(shown, small, answers, qtbot):
    panel = shown.places.panel("history")
    answers.name = "mine"
    shown.actions_.by_id["subset-rename"].trigger()
    shown.actions_.by_id["subset-copy"].trigger()
    model = panel.view.model()
    panel.view.clicked.emit(model.index(2, 0))
    assert len(names(small)) == 1 and names(small) != ["mine"]
    panel.view.clicked.emit(model.index(0, 0))
    assert names(small) == ["mine", "mine copy"]


def test_the_card_gives_back_the_recipe(shown, small):
    panel = shown.subset_panel
    assert "seed 0" in panel.facts.text() and "Fingerprints" in panel.technical.text()
    shown.actions_.by_id["copy-recipe"].trigger()
    assert Recipe.from_toml(QGuiApplication.clipboard().text()).name == "small"
    shown.run_panel.load_text('selectors = [{ name = "random" }]')
    shown.actions_.by_id["run-again"].trigger()
    assert shown.run_panel.draft.recipe.name == "small"
    small.subsets.by_hand("hand", 1, [1, 2])
    shown.state.refresh()
    shown.state.show_subset(small.subset("hand").id)
    shown.actions_.by_id["copy-recipe"].trigger()
    assert "by hand" in shown.bar.notice.text


def test_two_subsets_side_by_side(shown, small, qtbot):
    dialog = CompareDialog(shown.desk)
    qtbot.addWidget(dialog)
    assert dialog.state == "empty"
    ids = [r.sample_id for r in small.subset_rows(shown.state.subset.id)]
    shown.desk.write(
        lambda: small.subsets.by_hand("hand", 1, [*ids[:4], *[i for i in range(1, 61) if i not in ids][:2]])
    )
    dialog.a.setCurrentIndex(dialog.a.findData(1))
    dialog.b.setCurrentIndex(dialog.b.findData(small.subset("hand").id))
    assert dialog.state == "ready"
    assert (len(dialog.found.only_a), len(dialog.found.both), len(dialog.found.only_b)) == (16, 4, 2)
    assert dialog.models["skills"].rowCount() == 4
    dialog.makes["subtract-b"].click()
    assert small.contents().subsets[-1].size == 2
    dialog.makes["intersect"].click()
    assert small.contents().subsets[-1].size == 4
    dialog.makes["union"].click()
    assert small.contents().subsets[-1].size == 22
    assert not dialog.grab().isNull()
    shown.actions_.by_id["subset-compare"].trigger()


def test_the_balance_model_is_a_model(qtmodeltester):
    model = BalanceModel()
    model.show_balances([Balance("a", 3, 1, 9), Balance("b", 0, 6, 7)])
    qtmodeltester.check(model)
    assert model.index(1, 0).data(SHARES_ROLE) == (0, 1)
    assert model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.DisplayRole) == "A"
