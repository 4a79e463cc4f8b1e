"""What every panel, page and dialog owes: its four states told in words, words that fit at a large font, and a name
for each control."""

import json
import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTextBrowser,
    QToolButton,
    QWidget,
)  # fmt: skip
from small_recipe import SMALL_RECIPE
from states import CASES, EVERYWHERE, STATES, Broken, Scene, nothing

from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.settings import Settings
from curator.ui.main_window import MainWindow
from curator.ui.pages import PAGES
from curator.ui.panels import PANELS
from curator.ui.views.elided import ElidedLabel

NAMED = (
    QComboBox, QAbstractSlider, QAbstractSpinBox, QLineEdit, QAbstractItemView, QPlainTextEdit, QTextBrowser,
    QProgressBar, QAbstractButton,
)  # fmt: skip
SMALL_SCREEN = 1280, 800
TAB = Qt.FocusPolicy.TabFocus
NEVER = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
FITTING = (QPushButton, QToolButton, QCheckBox)
SMALL = ("about", "compare", "help", "settings", "shortcuts")
PAGE_KEYS = ("gallery", "table", *(page.key for page in PAGES))


def inner(widget):
    """Whether Qt made a widget as a part of another, which speaks for it."""
    parent = widget.parentWidget()
    return (
        isinstance(widget, QScrollBar)
        or isinstance(parent, QAbstractSpinBox | QComboBox | QLineEdit | QAbstractItemView)
        or widget.objectName().startswith("qt_")
        or type(parent).__name__ in ("QTabBar", "QComboBoxPrivateContainer", "QHeaderView", "QDockWidget", "QMenuBar")
    )


def by_key(button):
    """Whether a button is on the way of Tab, or has a key of its own: that of its action, or one written on it."""
    action = button.defaultAction() if isinstance(button, QToolButton) else None
    return bool(button.focusPolicy() & TAB or (action and action.shortcut()) or re.search(r"\[.+\]$", button.text()))


def faults(place, root):
    """What is wrong with the visible widgets below one."""
    QApplication.processEvents()
    if root.window().width() > SMALL_SCREEN[0] or root.window().height() > SMALL_SCREEN[1]:
        yield f"{place}: the window grew to {root.window().width()} x {root.window().height()}"
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or inner(widget):
            continue
        column = isinstance(widget, QScrollArea) and widget.horizontalScrollBarPolicy() == NEVER
        if column and widget.widget().width() > widget.viewport().width():
            yield f"{place}: the contents are cut at the side"
        if isinstance(widget, QAbstractButton) and widget.isEnabled() and not by_key(widget):
            yield f"{place}: {widget.text()!r} cannot be reached by the keyboard"
        if isinstance(widget, NAMED):
            found = QAccessible.queryAccessibleInterface(widget)
            if not (widget.accessibleName() or (found and found.text(QAccessible.Text.Name))):
                yield f"{place}: {type(widget).__name__} {widget.objectName()} has no name"
        if isinstance(widget, FITTING) and widget.text() and widget.width() < widget.minimumSizeHint().width() - 1:
            yield f"{place}: {widget.text()!r} is cut"
        plain = isinstance(widget, QLabel) and not isinstance(widget, ElidedLabel) and not widget.wordWrap()
        if plain and widget.text() and widget.minimumWidth() != 1 and widget.width() < widget.sizeHint().width() - 1:
            yield f"{place}: {widget.text()!r} is cut"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Sixty records with skills and two Subsets."""

    folder = tmp_path_factory.mktemp("states")
    verbs, things = ("sing", "count", "paint", "cook"), ("birds", "stars", "houses")
    texts = [f"{verbs[i % 4]} the {things[i % 3]} number {i // 2 * 7 % 31}" for i in range(60)]
    (folder / "pile.jsonl").write_text("".join(json.dumps({"instruction": t, "output": "yes"}) + "\n" for t in texts))
    made = Project.create(folder / "small.curator")
    made.submit_import([folder / "pile.jsonl"], "pile").result()
    made.submit_run("pile", Recipe.from_toml(SMALL_RECIPE)).result()
    made.subsets.by_hand("mine", 1, made.browse.ids(1, range(9)))
    contents = made.contents
    made.contents = lambda: replace(contents(), embeddings=[])  # or a map would be made unasked
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory, qapp):
    """One window for all cases."""
    folder = tmp_path_factory.mktemp("window")
    memory = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
    made = MainWindow(Settings(cache_dir=folder / "cache", plugins_dir=folder / "plugins"), memory)
    made.resize(1280, 800)
    made.show()
    made.warming.finish()
    yield made
    made.state.set_project(None)
    made.close()
    made.deleteLater()


@pytest.fixture
def scene(shared, project, monkeypatch, qtbot):
    made = Scene(shared, project, monkeypatch, qtbot)
    nothing(made)
    shared.commands.view_asked.emit("gallery")
    yield made
    reset(made)


def reset(scene):
    """The start page, and no dialog."""
    for dialog in scene.window.findChildren(QDialog):
        dialog.close()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    scene.window.center.set_importing(False)
    scene.window.center.show_first(())
    nothing(scene)
    QApplication.processEvents()


def words(root):
    """What a person reads below a widget."""
    found = []
    for widget in (root, *root.findChildren(QWidget)):
        if widget.isVisibleTo(root) and isinstance(widget, QLabel | QPushButton):
            found.append(widget.text())
        elif widget.isVisibleTo(root) and hasattr(widget, "toPlainText"):
            found.append(widget.toPlainText())
        elif widget.isVisibleTo(root) and hasattr(widget, "defaultAction"):
            found.append(widget.text())
    return "\n".join(found)


def told_by(scene, place, expected, what):
    def check():
        assert expected in words(place), f"{what}: {words(place)}"

    scene.qtbot.waitUntil(check, timeout=3000)


@pytest.mark.parametrize("view", CASES)
def test_every_state_of_a_view_says_what_there_is_and_what_to_do(view, scene):
    for state, case in zip(STATES, CASES[view], strict=True):
        if isinstance(case, str):
            continue
        arrange, root, expected = case
        reset(scene)
        with pytest.MonkeyPatch.context() as scene.patch:
            arrange(scene)
            place = root(scene)
            told_by(scene, place, expected, f"{view}, {state}")
            assert state == "error" or "disk is gone" not in words(place), (view, state)


def test_no_view_is_missing():
    known = {p.key for p in PAGES} | {p.key for p in PANELS} | EVERYWHERE
    assert known <= set(CASES)


@pytest.fixture
def large_font():
    before, larger = QApplication.font(), QApplication.font()
    larger.setPointSizeF(before.pointSizeF() * 1.25)
    QApplication.setFont(larger)
    yield
    QApplication.setFont(before)


def test_at_a_large_font_no_word_is_cut_and_every_control_has_a_name(large_font, window, project):
    window.state.set_project(project)
    window.state.show_subset(1)
    window.resize(*SMALL_SCREEN)
    window.run_panel.compose.setChecked(True)
    found = []
    for key in PAGE_KEYS:
        window.commands.view_asked.emit(key)
        found += faults(key, window.center)
    for panel in PANELS:
        window.docks[panel.key].raise_()
        found += faults(panel.key, window.docks[panel.key])
    window.actions_.by_id["export"].trigger()
    window.opening.options_asked.emit([])
    window.actions_.by_id["lifelong-step"].trigger()
    for key in SMALL:
        window.commands.window_asked.emit(key)
    for dialog in window.findChildren(QDialog):
        found += faults(type(dialog).__name__, dialog)
        dialog.close()
    window.state.set_project(None)
    assert not found, "\n".join(dict.fromkeys(found))


PARTS = (
    "browse", "pages", "skillset", "subsets", "dials", "estimates", "duplicates", "rounds", "trials",
    "lifelong", "exporting", "importing",
)  # fmt: skip


def test_when_nothing_can_be_read_nothing_breaks(scene, monkeypatch):
    scene.open(subset=True)
    for part in PARTS:
        monkeypatch.setattr(scene.project, part, Broken())
    window = scene.window
    for key in PAGE_KEYS:
        window.commands.view_asked.emit(key)
    for panel in PANELS:
        window.docks[panel.key].raise_()
    window.state.data_changed.emit(frozenset({"label", "subset", "study", "trial", "skill", "step"}))
    window.state.shown_changed.emit()
    window.state.set_highlight([3])
    window.state.set_current(3)
    for _ in range(5):
        QApplication.processEvents()


def test_no_tab_bar_lies_over_the_middle(window, project):
    for shown in (None, project, None):
        window.state.set_project(shown)
        QApplication.processEvents()
        bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
        middle = window.centralWidget().geometry()
        assert not [bar for bar in bars if bar.isVisible() and middle.contains(bar.geometry().center())]
        if shown is not None:
            assert len([bar for bar in bars if bar.isVisible() and bar.count() > 1]) == 2


def test_the_arrow_of_pages_that_do_not_fit_can_be_seen(window):
    arrow = window.center.header.findChild(QToolButton, "qt_toolbar_ext_button")
    arrow.resize(12, 30)
    picture = arrow.grab().toImage()
    assert len({picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}) > 3


def test_a_forgotten_tab_bar_over_a_panel_goes_when_another_panel_comes_up(window, project):
    window.state.set_project(project)
    QApplication.processEvents()
    stray = QTabBar(window)
    stray.addTab("Sample")
    panel = window.docks["detail"].geometry()
    stray.setGeometry(panel.x() + 20, panel.bottom() - 40, 120, 26)
    stray.show()
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    live = next(bar for bar in bars if bar.isVisible() and bar.count() == 4)
    second = QTabBar(window)  # where the one that is used was before
    second.addTab("Sample")
    second.setGeometry(live.geometry().adjusted(14, 0, 0, 0))
    second.show()
    window.docks["skills"].raise_()
    for _ in range(3):
        QApplication.processEvents()
    assert not stray.isVisible() and not second.isVisible() and live.isVisible()
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert len([bar for bar in bars if bar.isVisible() and bar.count() > 1]) == 2
