"""More about one Sample, on a real small Project."""

import json
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QPushButton

from curator.engine.browse import Query
from curator.engine.project import Project
from curator.engine.recipe import Recipe, Step
from curator.ui.models.samples import number
from curator.ui.views.compare_samples import Compare, difference, marked
from curator.ui.views.detail_more import NO_NEIGHBOURS, DetailMore

TEXTS = ("python code", "python code", "bread and flour", "the capital of France", "bread with flour")


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "records.jsonl"
    file.write_text("".join(json.dumps({"instruction": t, "output": ["yes", {"deep": 1}][0]}) + "\n" for t in TEXTS))
    made = Project.create(tmp_path / "p.curator")
    made.submit_import([file], "records").result()
    return made


@pytest.fixture
def more(window, project):
    window.state.set_project(project)
    return window.detail.findChild(DetailMore)


def test_before_a_run_it_shows_the_record_and_says_what_is_missing(qtbot, window, more):
    assert not more.isVisible()
    window.state.set_current(2)
    qtbot.waitUntil(lambda: more.near_words.text() == NO_NEIGHBOURS, timeout=20_000)
    names = [more.tree.topLevelItem(i).text(0) for i in range(more.tree.topLevelItemCount())]
    assert names == ["instruction", "output"]
    assert more.scores.isHidden() and more.copies.isHidden()


def test_facts_that_come_late_are_shown_and_those_of_another_sample_are_not(qtbot, window, more, project, monkeypatch):
    gates, real = {2: threading.Event(), 3: threading.Event()}, project.browse.copies

    def copies(dataset, row):
        assert gates[row].wait(20)
        return real(dataset, row)

    monkeypatch.setattr(project.browse, "copies", copies)
    shown = []
    monkeypatch.setattr(more, "_show_copies", lambda found: shown.append(found.others))
    for row in (2, 3):
        window.state.set_current(row)
        qtbot.waitUntil(lambda: more.near_words.text() == NO_NEIGHBOURS, timeout=20_000)
    gates[3].set()
    qtbot.waitUntil(lambda: len(shown) == 1, timeout=20_000)
    gates[2].set()
    window.bridge.close()
    QApplication.processEvents()
    assert len(shown) == 1


def test_what_is_read_while_the_window_closes_is_nobodys_fault(qtbot, window, more, project, monkeypatch):
    gate, began, close, real = threading.Event(), threading.Event(), project.close, project.browse.samples

    def samples(*asked):
        began.set()
        assert gate.wait(20)
        return real(*asked)

    def close_then_go_on():
        close()
        gate.set()

    window.state.set_current(2)
    monkeypatch.setattr(project.browse, "samples", samples)
    monkeypatch.setattr(project, "close", close_then_go_on)
    qtbot.waitUntil(began.is_set, timeout=20_000)
    window.close()
    QApplication.processEvents()
    assert gate.is_set() and window.bar.notice is None


def test_after_a_run_it_shows_scores_neighbours_and_copies(qtbot, window, more, project):
    recipe = Recipe("r", (Step("random", {"budget": 2}),), Step("lsa"), scorers=(Step("length"),))
    project.submit_run("records", recipe).result()
    window.state.set_current(2)
    qtbot.waitUntil(lambda: more.near.count() > 0, timeout=20_000)
    buttons = [more.near.itemAt(i).widget() for i in range(more.near.count())]
    assert isinstance(buttons[0], QPushButton) and "bread with flour" in buttons[0].text()
    qtbot.waitUntil(lambda: not more.scores.isHidden(), timeout=20_000)
    assert [more._grid.itemAt(i).widget().text() for i in (0, 2)] == ["length", number(len("bread and flour\nyes"))]
    buttons[0].click()
    assert window.state.current == 4
    window.state.set_current(1)
    qtbot.waitUntil(lambda: not more.copies.isHidden(), timeout=20_000)
    assert "stands for it" in more.copies_words.text()


def test_it_says_what_a_pick_represents_and_who_represents_what_was_left_out(qtbot, window, more, project):
    steps = (Step("redundancy", {"threshold": 0.99}), Step("k-center", {"budget": 2}))
    window.state.take(project.submit_run("records", Recipe("r", steps, Step("lsa"))).result())
    window.state.show_dataset(1)
    picks = project.pages.ranking(1).tolist()
    view = more.standing
    left = next(r for r in range(5) if r not in picks)
    window.state.set_current(left)
    qtbot.waitUntil(lambda: view.title.text().startswith("Left out of “r 2”"), timeout=20_000)
    assert view.grid.count() == 1
    view.grid.itemAt(0).widget().click()
    assert window.state.current in picks
    qtbot.waitUntil(lambda: "What it represents" in view.title.text(), timeout=20_000)
    assert view.grid.count() >= 1


def test_neighbours_that_cannot_be_found_say_why(qtbot, window, more, project, monkeypatch):
    def broken(*_):
        raise OSError("the disk is gone")

    monkeypatch.setattr(project.browse, "neighbours", broken)
    window.state.set_current(2)
    qtbot.waitUntil(lambda: "the disk is gone" in more.near_words.text(), timeout=20_000)
    assert more.near.count() == 0


def test_a_label_is_one_enter_away_and_undone(qtbot, window, more, project):
    window.state.set_current(0)
    qtbot.waitUntil(lambda: more.isVisible() or more._item is not None)
    more.label.setEditText("code")
    qtbot.keyClick(more.label.lineEdit(), Qt.Key.Key_Return)
    assert project.browse.find(Query(1, where="label:code")).rows.tolist() == [0]
    more.unlabel.click()
    assert project.browse.samples(1, [0])[0].labels == ()


def test_words_that_differ_are_marked():
    assert marked("a red car", "a blue car", "#f00", "#0f0") == (
        'a <b style="color:#f00">red</b> car', 'a <b style="color:#0f0">blue</b> car',
    )  # fmt: skip
    assert marked("<b>", "<b>", "x", "y") == ("&lt;b&gt;", "&lt;b&gt;")


def test_pixels_that_differ_are_bright():
    a = QImage(5, 4, QImage.Format.Format_RGB32)
    a.fill(QColor(100, 100, 100))
    b = a.copy()
    b.setPixelColor(2, 1, QColor(110, 100, 100))
    found = difference(a, b)
    assert found.pixelColor(2, 1).red() == 40 and found.pixelColor(0, 0).red() == 0


def test_two_samples_side_by_side(qtbot, window, more, project, pictures):
    samples = project.browse.samples(1, [0, 2])
    dialog = Compare(*samples, project.dataset(1))
    qtbot.addWidget(dialog)
    assert "python" in dialog.views[0].toPlainText() and "bread" in dialog.views[1].toPlainText()
    project.submit_import([pictures], "pictures").result()
    images = project.browse.samples(2, [0, 1])
    dialog = Compare(*images, project.dataset(2))
    qtbot.addWidget(dialog)
    before = dialog.views[1].pixmap().toImage()
    dialog.toggle.setChecked(True)
    assert dialog.views[1].pixmap().toImage() != before
