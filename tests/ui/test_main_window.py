import warnings
from pathlib import Path

import pytest
from fakes import FakeProject
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QPushButton, QSpinBox, QToolButton

from curator.engine.errors import InputError
from curator.engine.jobs import Failed, Job
from curator.engine.requests import RunRequest
from curator.engine.task import Problem, Progress
from curator.engine.types import Changes
from curator.ui.main_window import MainWindow
from curator.ui.messages import Notice, notice_of_error, notice_of_failure
from curator.ui.views.jobs import duration, hint_of, log_of, progress_words, status_of

RECIPE = 'name = "mine"\n[[selectors]]\nname = "nobody-has-this-name"\n'


@pytest.fixture
def project(pictures):
    return FakeProject(pictures, sizes=(1000, 30), kinds=("image", "instruction"), subset_size=40)


def pages(window):
    c = window.center
    return {c.start: "start", c.loading: "loading", c.nothing: "nothing", c.gallery: "gallery", c.table: "table"}


def page(window):
    shown = window.center.stack.currentWidget()
    return pages(window).get(shown) or shown.accessibleName().lower()


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the newer constructor is missing in older Qt
        enter = QDragEnterEvent(QPointF(5, 5).toPoint(), Qt.DropAction.CopyAction, data, buttons, keys)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))


def test_it_starts_with_the_start_page_and_no_docks(window):
    assert page(window) == "start"
    assert not any(d.isVisible() for d in window.docks.values())
    enabled = {k for k, a in window.actions_.by_id.items() if a.isEnabled()}
    about = {"import-options", "shortcuts", "about", "settings", "help"}
    assert enabled == {"open-images", "open-instructions", "open-project", "demo", "quit"} | about


def test_states_from_empty_over_loading_to_ready(window, qtbot, pictures, monkeypatch):
    monkeypatch.setattr("curator.engine.importing.least_sure", lambda _paths: 1.0)
    project = FakeProject(pictures, sizes=(), kinds=())
    window.state.set_project(project)
    assert page(window) == "start"
    assert all(d.isVisible() or k in ("history", "skills", "coverage") for k, d in window.docks.items())
    drop(window, pictures)
    qtbot.waitUntil(lambda: page(window) == "loading" and bool(project.submitted))
    job = project.submitted[0]
    assert job.request.paths == (str(pictures),)
    made = project.grow(12)
    project.finish(job, Changes(frozenset({"dataset", "sample"}), ("dataset", made.id)))
    qtbot.waitUntil(lambda: page(window) == "gallery")
    assert window.samples.rowCount() == 12
    window.state.set_project(None)
    assert page(window) == "start"


def test_records_open_in_columns_and_the_choice_is_kept(window, qtbot, project):
    window.state.set_project(project)
    assert page(window) == "gallery"
    window.state.show_dataset(2)
    assert page(window) == "instructions"
    window.actions_.by_id["table"].trigger()
    assert page(window) == "table"
    window.actions_.by_id["gallery"].trigger()
    assert page(window) == "gallery"
    assert window.actions_.by_id["gallery"].isChecked()
    window.center.gallery.grab()


def test_an_empty_subset_says_so(window, pictures):
    project = FakeProject(pictures, sizes=(10,), subset_size=5)
    project.subsets.append(project._subset(2, 1, 0))
    window.state.set_project(project)
    window.state.show_subset(2)
    assert page(window) == "nothing"


def test_the_tree_follows_and_leads(window, qtbot, project):
    window.state.set_project(project)
    window.state.show_subset(1)
    assert window.library.tree.currentIndex().data() == "diverse 40"
    window.library.tree.setCurrentIndex(window.tree.find(2, None))
    assert (window.state.dataset.id, window.state.subset) == (2, None)
    window.state.show_subset(1)
    window.actions_.by_id["all-samples"].trigger()
    assert (window.state.dataset.id, window.state.subset) == (1, None)


def test_pin_undo_and_their_names_in_the_menu(window, qtbot, project):
    window.state.set_project(project)
    gallery, undo = window.center.gallery, window.actions_.by_id["undo"]
    gallery.setFocus()
    gallery.go(2)
    gallery.go(4, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(window.state.highlight) == 3)
    qtbot.keyClick(gallery, Qt.Key.Key_P)
    assert [i.sample.pin for i in window.samples.items(range(1, 6))] == ["", "in", "in", "in", ""]
    assert undo.text().endswith("Pin in 3 samples")
    undo.trigger()
    assert [i.sample.pin for i in window.samples.items(range(1, 6))] == [""] * 5
    assert not undo.isEnabled()
    assert window.actions_.by_id["redo"].text().endswith("Pin in 3 samples")
    assert len(window.state.highlight) == 3
    assert window.bar.notice is None
    window.state.show_subset(1)
    window.state.set_highlight([2])
    window.actions_.by_id["pin-out"].trigger()
    assert window.bar.notice == Notice("It is locked and stays as it is.", good=True)
    window.bar.make_way()
    window.actions_.by_id["pin-clear"].trigger()
    assert window.bar.notice is None


def test_pinning_out_in_a_subset_takes_out_goes_on_and_is_undone(window, qtbot, small):
    state, gallery = window.state, window.center.gallery
    state.set_project(small)
    state.show_subset(1)
    window.center.show_view("gallery")
    rows, name = window.samples.rows.tolist(), state.subset.name
    gallery.setFocus()
    gallery.go(3)
    qtbot.waitUntil(lambda: state.highlight.tolist() == [rows[3]])
    qtbot.keyClick(gallery, Qt.Key.Key_X)
    assert window.samples.rows.tolist() == rows[:3] + rows[4:] and state.subset.size == 19
    assert (state.current, state.highlight.tolist()) == (rows[4], [rows[4]])
    assert f"1 sample taken out of “{name}”" in window.bar.notice.text
    qtbot.keyClick(gallery, Qt.Key.Key_X)
    assert window.samples.rows.tolist() == rows[:3] + rows[5:]
    index = window.tree.find(1, state.subset.id)
    assert index.isValid() and window.tree.node(index.parent()) == ("run", 1)
    assert "2 taken out" in index.data(Qt.ItemDataRole.ToolTipRole)
    state.set_highlight([rows[3]])
    window.actions_.by_id["pin-in"].trigger()
    assert window.samples.rows.tolist() == rows[:3] + rows[5:] + [rows[3]]
    for _ in range(3):
        window.actions_.by_id["undo"].trigger()
    assert (state.subset.id, window.samples.rows.tolist()) == (1, rows) and window.bar.isHidden()


def test_the_detail_panel_says_why(window, qtbot, project):
    window.state.set_project(project)
    window.state.show_subset(1)
    window.center.gallery.go(2)
    detail = window.detail
    qtbot.waitUntil(detail.why.isVisible)
    assert detail.reason.text() == "Farthest from the 2 earlier picks."
    assert [detail.values[k].text() for k in ("Rank", "Gain", "Skill")] == ["3", "0.3333", "round things"]
    assert detail.nearest.isVisible()
    window.state.show_dataset(2)
    window.center.table.selectRow(7)
    qtbot.waitUntil(detail.record.isVisible)
    assert "Say <b>7</b>" in detail.record.toPlainText()
    assert not detail.why.isVisible()


def test_the_coverage_panel_compares_with_random(window, project):
    window.state.set_project(project)
    panel = window.docks["coverage"].widget()
    assert panel.about.text() == "Show a subset to see what it covers."
    window.state.show_subset(1)
    words = [panel.grid.itemAtPosition(1, i).widget().text() for i in range(3)]
    assert words == ["Skills covered", "9 of 10", "7"]
    assert panel.about.text() == "No more were needed."
    assert panel.model.rowCount() == 2
    panel.by.setCurrentIndex(1)
    assert panel.model.rowCount() == 1
    window.docks["coverage"].raise_()
    panel.grab()


def test_space_previews_and_arrows_go_on(window, qtbot, project):
    window.state.set_project(project)
    gallery, preview = window.center.gallery, window.center.preview
    gallery.setFocus()
    gallery.go(0)
    qtbot.waitUntil(lambda: window.state.current is not None)
    window.commands.preview()
    assert preview.isVisible()
    qtbot.keyClick(preview, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: preview.accessibleName() == "Picture 01.png")
    qtbot.keyClick(preview, Qt.Key.Key_Space)
    assert not preview.isVisible()


def test_a_job_shows_progress_cancel_and_what_was_set_aside(window, qtbot, project):
    window.state.set_project(project)
    window.opening.import_paths([Path("more")])
    job, card = project.submitted[0], window.jobs.cards[0]
    job.take(Progress("Reading", 30, 120, 12.0, 7.5))
    job.take(Problem("a.png", "is not a picture"))
    qtbot.waitUntil(lambda: "30 of 120" in card.status.text())
    assert "1 set aside" in card.status.text()
    card.more.setChecked(True)
    assert "a.png: is not a picture" in card.log.toPlainText()
    assert not card.stop.isVisible()
    job.heard -= 6
    card.look()
    assert card.stop.isVisible()
    card.cancel.click()
    assert job.cancel_asked
    card.look()
    assert not card.cancel.isEnabled()
    project.running_job = None
    job.take(Failed("input", "The disk is full.", "Make room."))
    qtbot.waitUntil(lambda: window.bar.notice is not None)
    assert window.bar.notice == Notice("The disk is full.", "Make room.")
    assert "The disk is full." in log_of(job)
    assert status_of(job).startswith("The disk is full.")
    card.look()
    assert (card.hint.text(), card.hint.isVisible(), card.cancel.isVisible()) == ("Make room.", True, False)
    card.again.click()
    assert [j.request for j in project.submitted] == [job.request, job.request]
    assert not window.jobs.cards[0].again.isVisible() and window.jobs.cards[0].alive


def test_a_bug_of_a_job_says_that_the_data_is_safe():
    job = Job(RunRequest("pile", 'name = "mine"\n'), None)
    job.take(Failed("bug", "ValueError: 3", "", "Traceback: line 1"))
    assert job.title == "Run “mine” on pile"
    assert status_of(job) == "Something in Curator broke: ValueError: 3"
    assert "Your data is safe" in hint_of(job) and log_of(job) == "ValueError: 3\nTraceback: line 1"


def test_a_flood_of_news_is_looked_at_seldom(window, qtbot, project):
    window.state.set_project(project)
    window.opening.import_paths([Path("more")])
    job, looks = project.submitted[0], []
    window.bridge.changed.connect(looks.append)
    for i in range(5000):
        job.take(Problem(f"{i}.png", "bad"))
    with qtbot.waitSignal(window.bridge.ended):
        project.finish(job, Changes(frozenset()))
    assert len(looks) < 10


def test_bugs_offer_their_traceback_and_messages_do_not(window, qtbot):
    window.bar.show_notice(notice_of_error(InputError("No.", "Do it so.")))
    assert not window.bar.copy.isVisible()
    try:
        raise ZeroDivisionError("oh")
    except ZeroDivisionError as error:
        window.bar.show_notice(notice_of_error(error))
    assert window.bar.copy.isVisible()
    window.bar.copy.click()
    assert "ZeroDivisionError: oh" in QGuiApplication.clipboard().text()
    window.bar.dismiss.click()
    assert not window.bar.isVisible()
    assert notice_of_failure(Failed("bug", "x", "", "trace")).details == "trace"


def test_dropping_on_no_project_asks_where_to_keep_it(window, answers, pictures):
    drop(window, pictures)
    assert answers.proposed == Path.home() / "Curator" / "pictures.curator"
    assert window.state.project is None


def test_what_cannot_be_opened_is_said_in_the_window(window, answers, tmp_path):
    answers.project = tmp_path / "nothing.curator"
    window.actions_.by_id["open-project"].trigger()
    assert window.bar.isVisible()
    assert window.state.project is None


def test_the_recipe_text_is_checked_while_it_is_typed(window, qtbot, project):
    window.state.set_project(project)
    panel = window.run_panel
    panel.advanced.setChecked(True)
    panel.text.setPlainText("name = ")
    assert not panel.go.isEnabled()
    assert "not valid TOML" in panel.validity.text()
    panel.text.setPlainText(RECIPE)
    assert not panel.go.isEnabled()
    assert "nobody-has-this-name" in panel.validity.text()


def test_closing_asks_when_something_runs(window, answers, project):
    window.state.set_project(project)
    window.opening.import_paths([Path("more")])
    answers.yes = False
    assert not window.close()
    assert not project.closed
    assert not window.opening.open(project.folder)
    assert window.state.project is project
    project.running_job = None
    assert window.close()
    assert project.closed


def test_the_layout_is_remembered(qtbot, settings, memory, answers, project, pictures):
    first = MainWindow(settings, memory, answers)
    qtbot.addWidget(first)
    first.show()
    first.state.set_project(project)
    first.docks["jobs"].hide()
    first.close()
    second = MainWindow(settings, memory, answers)
    qtbot.addWidget(second)
    second.show()
    second.state.set_project(FakeProject(pictures))
    assert not second.docks["jobs"].isVisible()
    assert second.docks["detail"].isVisible()
    second.close()


def test_controls_have_names_and_tips(window, project):
    window.state.set_project(project)
    mine = (QComboBox, QSpinBox, QPlainTextEdit)
    for widget in (w for kind in mine for w in window.run_panel.findChildren(kind)):
        if not isinstance(widget.parent(), QComboBox | QSpinBox):
            assert widget.accessibleName() and widget.toolTip(), widget
    for button in (*window.center.findChildren(QPushButton), *window.center.findChildren(QToolButton)):
        assert button.accessibleName() or button.text(), button
    assert window.run_panel.findChild(QLineEdit) is not None


def test_words_of_progress():
    assert progress_words(Progress("Embed", 1200, 3781, 310.2, 8.3)) == "Embed · 1,200 of 3,781 · 310/s · 8 s left"
    assert progress_words(Progress("Read", 5, 0, 2.5)) == "Read · 5 · 2.5/s"
    assert [duration(s) for s in (5, 75, 3725)] == ["5 s", "1 min 15 s", "1 h 2 min"]


def test_panels_are_made_when_they_are_asked_for_or_after_the_first_paint(qtbot, settings, memory, answers, pictures):
    made = MainWindow(settings, memory, answers)
    qtbot.addWidget(made)
    assert all(made.places.known(key) is None for key in made.docks)
    made.state.set_project(FakeProject(pictures))
    assert made.run_panel is made.docks["run"].widget() and made.run_panel.recipes.currentText() == "diverse"
    assert made.places.known("skills") is None
    with qtbot.waitSignal(made.warming.finished, timeout=20_000):
        made.show()
    assert all(made.places.known(key) is made.docks[key].widget() for key in made.docks)
    made.close()
