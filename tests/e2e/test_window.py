"""The window with the real worker process: from a dropped folder to a subset, a pin and its undo."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import json
import multiprocessing
import sqlite3
import sys
import threading
import warnings
from contextlib import closing
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage, QPainter

from curator.engine.errors import InputError
from curator.engine.recipe import builtin_names
from curator.engine.registry import registry
from curator.engine.resources import resource
from curator.settings import Settings
from curator.ui.main_window import MainWindow

PICTURES, BUDGET = 40, 10
LONG = 120_000

registry().discover()


def complete():
    """Whether this checkout has the bundled encoder and the recipes."""
    try:
        return resource("encoders").joinpath("tiny-clip").is_dir() and "diverse" in builtin_names()
    except InputError:
        return False


needs_recipes = pytest.mark.skipif(not complete(), reason="no bundled encoder or recipes in this checkout")
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


class Answers:
    """Stands in for the file dialogs."""

    def __init__(self, project):
        self.project = project

    def new_project(self, _proposed):
        return self.project

    def confirm(self, _question, _details):
        return True


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "pictures"
    made.mkdir()
    for i in range(PICTURES):
        image = QImage(48, 48, QImage.Format.Format_RGB32)
        image.fill(QColor.fromHsv(i * 9, 120 + i % 4 * 40, 230 - i % 3 * 60))
        painter = QPainter(image)
        painter.fillRect(i, 4, 8 + i % 7 * 4, 40 - i % 5 * 6, QColor.fromHsv(359 - i * 9, 255, 255))
        painter.end()
        assert image.save(str(made / f"{i:02}.png"))
    (made / "broken.png").write_text("not a picture")
    return made


@pytest.fixture
def window(qtbot, tmp_path):
    place = tmp_path / "made" / "mine.curator"
    memory = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    settings = Settings(cache_dir=tmp_path / "cache", plugins_dir=tmp_path / "plugins", offline=True)
    made = MainWindow(settings, memory, Answers(place))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()
    assert not multiprocessing.active_children()
    assert not [t for t in threading.enumerate() if t.name.startswith("curator-")]


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    window.dropEvent(event)


def bring(window, qtbot, folder):
    drop(window, folder)
    qtbot.waitUntil(lambda: window.samples.rowCount() == PICTURES, timeout=LONG)
    card = window.jobs.cards[0]
    qtbot.waitUntil(lambda: "1 set aside" in card.status.text() and window.state.ready, timeout=LONG)
    assert window.center.stack.currentWidget() is window.center.gallery


def press(window, qtbot, row, key):
    """Put the cursor on a row, press a key, and return the sample's id."""
    window.center.gallery.setFocus()
    window.center.gallery.go(row)
    sample = window.samples.item(row).sample.id
    qtbot.waitUntil(lambda: window.state.highlighted_ids() == [sample])
    qtbot.keyClick(window.center.gallery, key)
    return sample


def test_a_dropped_folder_fills_the_gallery_and_everything_can_be_undone(window, qtbot, folder):
    bring(window, qtbot, folder)
    undo, redo = window.actions_.by_id["undo"], window.actions_.by_id["redo"]
    press(window, qtbot, 3, Qt.Key.Key_P)
    assert window.samples.item(3).sample.pin == "in"
    assert "Pin in" in undo.text()
    undo.trigger()
    assert window.samples.item(3).sample.pin == ""
    assert "Import pictures" in undo.text()
    undo.trigger()
    assert window.center.stack.currentWidget() is window.center.start
    assert not undo.isEnabled()
    redo.trigger()
    redo.trigger()
    assert window.samples.item(3).sample.pin == "in"
    assert not redo.isEnabled()


def trouble(window):
    """Whether the window says that something went wrong (an import that is done says so too)."""
    return window.bar.notice is not None and not window.bar.notice.good


@needs_recipes
def test_a_recipe_makes_a_subset_that_honours_a_pin(window, qtbot, folder):
    bring(window, qtbot, folder)
    pinned = press(window, qtbot, 17, Qt.Key.Key_P)
    panel = window.run_panel
    assert panel.recipes.currentText() == "diverse"
    panel.budget.setValue(BUDGET)
    panel.go.click()
    qtbot.waitUntil(lambda: window.state.subset is not None or trouble(window), timeout=LONG)
    assert not trouble(window), window.bar.notice
    assert window.state.subset.size == window.samples.rowCount() <= BUDGET
    assert all(i.choice.reason for i in window.samples.items(range(window.samples.rowCount())))
    assert window.samples.item(0).sample.id == pinned
    listed, undo = window.samples.rowCount(), window.actions_.by_id["undo"]
    out = press(window, qtbot, 1, Qt.Key.Key_X)
    assert window.samples.rowCount() == listed - 1 and window.samples.item(1).sample.id != out
    undo.trigger()
    assert window.samples.rowCount() == listed and window.samples.item(1).sample.id == out
    assert window.samples.item(1).sample.pin == ""

    project = window.state.project.folder
    window.close()
    with closing(sqlite3.connect(project / "project.sqlite")) as db:
        chosen = {row[0] for row in db.execute("select sample_id from subset_sample")}
    assert {pinned, out} <= chosen


def test_closing_in_the_middle_leaves_nothing_behind(window, qtbot, folder):
    drop(window, folder)
    qtbot.waitUntil(lambda: window.state.project.worker_pid is not None, timeout=LONG)
    window.close()
    assert window.state.project is None


@needs_recipes
def test_the_demo_imports_both_piles_and_chooses_from_each(window, qtbot, folder, tmp_path, monkeypatch):
    records = tmp_path / "records.jsonl"
    with records.open("w", encoding="utf-8") as file:
        for i in range(PICTURES):
            record = {
                "instruction": f"{['Add', 'Divide', 'Name', 'Sort'][i % 4]} the {i} things",
                "output": f"It is {i * 7}.",
            }
            file.write(json.dumps(record) + "\n")
    stand_in = SimpleNamespace(unpack_demo=lambda _place: (folder, records))
    monkeypatch.setitem(sys.modules, "curator.engine.demo", stand_in)
    monkeypatch.setenv("HOME", str(tmp_path))
    window.actions_.by_id["demo"].trigger()
    qtbot.waitUntil(lambda: len(window.state.project.contents().subsets) == 2, timeout=LONG)
    assert window.state.project.folder == tmp_path / "Curator" / "demo.curator"
    assert {d.name for d in window.state.project.contents().datasets} == {"emoji", "instructions"}
    qtbot.waitUntil(lambda: not any(c.alive for c in window.jobs.cards))
    window.actions_.by_id["demo"].trigger()
    assert len(window.state.project.contents().subsets) == 2
