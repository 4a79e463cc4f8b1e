"""Random clicks and keys over the window: it neither raises nor grows.

A minute in the suite; ``CURATOR_MONKEY_S=1800`` for longer, ``CURATOR_MONKEY_SEED`` for other clicks. A failure
prints the last steps.
"""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import gc
import json
import random
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QMenu, QWidget

from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.settings import Settings
from curator.ui.main_window import MainWindow
from curator.ui.pages import PAGES

SECONDS = float(os.environ.get("CURATOR_MONKEY_S", "60"))
SEED = int(os.environ.get("CURATOR_MONKEY_SEED", "1"))
SETTLE = 0.3
"""Share of the time after which nothing may grow any more."""
KEYS = (
    "Tab", "Backtab", "Space", "Return", "Escape", "Up", "Down", "Left", "Right", "Home", "End", "PageUp", "PageDown",
    "Delete", "Backspace", "F2", "F1", "A", "B", "D", "K", "L", "N", "P", "R", "S", "U", "X", "Z", "0", "1", "2", "9",
)  # fmt: skip
HELD = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
)  # fmt: skip
LEAVE_ALONE = {"quit", "close-project", "demo", "open-project", "open-images", "open-instructions"}
RECIPE = """
name = "monkey"
selectors = [{ name = "redundancy" }, { name = "k-center", budget = 20 }]
encoder = { name = "lsa" }
clusterer = { name = "kmeans", k = 4 }
"""

pytestmark = [
    pytest.mark.qt_log_ignore("This plugin does not support"),
    pytest.mark.qt_log_ignore("QWindowsWindow"),
    pytest.mark.qt_log_ignore("ambiguous", extend=True),
]


class Answers:
    """Nobody answers."""

    def __init__(self, rng, folder):
        self.rng, self.place = rng, folder

    def confirm(self, _question, _details):
        return True

    def ask_text(self, _title, _label, _text):
        return self.rng.choice([None, "", "mine", "a/b", "x" * 300, "ü…\u2028"])

    def class_name(self, _known):
        return self.rng.choice([None, "cat", ""])

    def save_recipe(self, _proposed):
        return self.rng.choice([None, self.place / "saved.toml"])

    def export_target(self, _proposed):
        return self.place / "out"

    def recipe_file(self):
        return self.rng.choice([None, self.place / "saved.toml", self.place / "nothing.toml"])

    def __getattr__(self, _name):
        return lambda *_: None


@pytest.fixture
def window(qtbot, tmp_path):
    rng = random.Random(SEED)
    file = tmp_path / "pile.jsonl"
    verbs = ("sing", "count", "paint", "cook")
    lines = [{"instruction": f"{verbs[i % 4]} {i * 7 % 31}", "output": "yes " * (i % 5 + 1)} for i in range(60)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    project = Project.create(tmp_path / "monkey.curator")
    project.submit_import([file], "pile").result()
    project.submit_run("pile", Recipe.from_toml(RECIPE)).result()
    lay_out = project.submit_projection
    project.submit_projection = lambda dataset, _projector="pca", *rest, **more: lay_out(dataset, "pca", *rest, **more)
    memory = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    settings = Settings(cache_dir=tmp_path / "cache", plugins_dir=tmp_path / "plugins", offline=True, device="cpu")
    made = MainWindow(settings, memory, Answers(rng, tmp_path))
    made.taste._file = tmp_path / "settings.toml"
    qtbot.addWidget(made)
    for key in LEAVE_ALONE:
        made.actions_.by_id[key].setVisible(False)
        made.actions_.by_id[key].setEnabled(False)
    made.resize(1300, 850)
    made.show()
    made.state.set_project(project)
    made.run_panel.load_text(RECIPE)
    yield made
    made.close()


class Monkey:
    """One step at a time: a click somewhere, a key, an action, or the wheel of a slider."""

    def __init__(self, window, rng):
        self.window, self.rng = window, rng
        self.trail = deque(maxlen=40)
        self.keeper = QTimer(window)
        self.keeper.setInterval(100)
        self.keeper.timeout.connect(self.release)
        self.keeper.start()

    @staticmethod
    def release():
        """Whatever waits for an answer, a menu or a modal dialog, gets none."""
        for waiting in (QApplication.activePopupWidget(), QApplication.activeModalWidget()):
            if waiting is not None and type(waiting).__name__ != "ExportDialog":
                waiting.close()

    def step(self):
        getattr(self, self.rng.choice(("click", "click", "key", "key", "act")))()
        QApplication.processEvents()
        self.tidy()

    def _target(self):
        tops = [w for w in QApplication.topLevelWidgets() if w.isVisible() and not isinstance(w, QMenu)]
        top = self.rng.choice(tops or [self.window])
        inside = [w for w in top.findChildren(QWidget) if w.isVisible() and w.isEnabled() and w.width() > 1]
        return self.rng.choice(inside or [top])

    def click(self):
        widget = self._target()
        if widget.window().windowTitle() == "" and widget.window() is not self.window:
            return
        spot = QPoint(self.rng.randrange(max(1, widget.width())), self.rng.randrange(max(1, widget.height())))
        if self.window.menuBar().isAncestorOf(widget) or widget is self.window.menuBar():
            return  # menus hold actions, which are triggered below
        self.trail.append(f"click {type(widget).__name__} {widget.objectName() or widget.accessibleName()} {spot}")
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, self.rng.choice(HELD), spot)

    def key(self):
        widget = QApplication.focusWidget() or self.window
        name, held = self.rng.choice(KEYS), self.rng.choice(HELD)
        if held & Qt.KeyboardModifier.ControlModifier and name in "OQWI":
            return
        self.trail.append(f"key {held} {name} in {type(widget).__name__}")
        QTest.keyClick(widget, getattr(Qt.Key, f"Key_{name}"), held)

    def act(self):
        actions = self.window.actions_.by_id
        key = self.rng.choice([k for k in actions if k not in LEAVE_ALONE])
        if actions[key].isEnabled():
            self.trail.append(f"action {key}")
            actions[key].trigger()

    def tidy(self):
        """Close what has popped up now and then, and keep what may not run disabled."""
        for key in LEAVE_ALONE:
            self.window.actions_.by_id[key].setEnabled(False)
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
            QApplication.processEvents()
        for top in QApplication.topLevelWidgets():
            if top is not self.window and top.isVisible() and self.rng.random() < 0.2:
                top.close()
        self.window.show()


def house(widget):
    """The dock or window that a widget lives in."""
    while widget.parentWidget() is not None and not isinstance(widget, QDockWidget):
        widget = widget.parentWidget()
    return widget.objectName() or type(widget).__name__


def grown():
    """What must not grow: widgets, threads, open files."""
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, 52)  # deferred deletes
    gc.collect()
    files = len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0
    kinds = Counter(f"{type(w).__name__} in {house(w)}" for w in QApplication.allWidgets())
    return kinds, threading.active_count(), files


def settle(window):
    """Bring the window to one fixed state, so that two moments can be compared."""
    for top in QApplication.topLevelWidgets():
        if top is not window:
            top.close()
    project = window.state.project
    for subset in project.contents().subsets[3:]:
        if not subset.locked:
            project.remove_subset(subset.id)
    window.state.refresh()
    window.state.show_dataset(1)
    window.jobs.clear()  # the latest twenty are kept, which is no leak
    window.run_panel.compose.setChecked(True)  # its cards are made when they are first looked at
    window.run_panel.load_text(RECIPE)
    QApplication.processEvents()
    window.run_panel.compose.setChecked(False)
    for _ in range(5):
        QApplication.processEvents()


def test_random_clicks_and_keys_neither_raise_nor_leak(window, qtbot):
    rng = random.Random(SEED)
    for key in ("gallery", "table", *(page.key for page in PAGES)):
        window.actions_.by_id[key].trigger()  # what is made once, when it is first shown, is no growth
        QApplication.processEvents()
    monkey, failures = Monkey(window, rng), []
    before, sys.excepthook = sys.excepthook, lambda *error: failures.append(error)
    started, steps, base = time.monotonic(), 0, None
    try:
        while time.monotonic() - started < SECONDS and not failures:
            monkey.step()
            steps += 1
            if base is None and time.monotonic() - started > SECONDS * SETTLE:
                settle(window)
                base = grown()
    except Exception:
        print("\n".join(monkey.trail))
        raise
    finally:
        sys.excepthook = before
    assert not failures, (failures[0], list(monkey.trail))
    settle(window)
    widgets, threads, files = grown()
    assert steps > 50
    assert widgets.total() <= base[0].total() * 1.1 + 60, str((steps, (widgets - base[0]).most_common(20)))
    assert threads <= base[1] + 3 and files <= base[2] + 12, (base[1:], threads, files)
