"""A tour of the window with the real worker: drop a folder, look, run, correct, dial, compare, export; then read the
rows with plain SQL and the files from disk."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import json
import sqlite3
import threading
from contextlib import closing

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage, QPainter

from curator.engine.recipe import Recipe
from curator.engine.registry import registry
from curator.settings import Settings
from curator.ui.main_window import MainWindow
from curator.ui.views.export_dialog import ExportDialog

PICTURES, BUDGET = 48, 12
LONG = 180_000
RECIPE = f"""
name = "tour"
selectors = [{{ name = "redundancy" }}, {{ name = "k-center", budget = {BUDGET} }}]
encoder = {{ name = "tiny-clip" }}
clusterer = {{ name = "kmeans", k = 4 }}
"""

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (propagateSizeHints|raise)")
registry().discover()


class Answers:
    """Stands in for dialogs that only a person can answer."""

    def __init__(self, project):
        self.project, self.text = project, ""

    def new_project(self, _proposed):
        return self.project

    def ask_text(self, _title, _label, _text):
        return self.text

    def confirm(self, _question, _details):
        return True


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "pictures"
    for i in range(PICTURES):
        place = made / ("warm" if i % 2 else "cold")
        place.mkdir(parents=True, exist_ok=True)
        image = QImage(48, 48, QImage.Format.Format_RGB32)
        image.fill(QColor.fromHsv(i * 7, 120 + i % 4 * 40, 230 - i % 3 * 60))
        painter = QPainter(image)
        painter.fillRect(i % 30, 4, 8 + i % 7 * 4, 40 - i % 5 * 6, QColor.fromHsv(359 - i * 7, 255, 255))
        painter.end()
        assert image.save(str(place / f"{i:02}.png"))
    (made / "warm" / "broken.png").write_text("not a picture")
    return made


@pytest.fixture
def window(qtbot, tmp_path):
    memory = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    settings = Settings(cache_dir=tmp_path / "cache", plugins_dir=tmp_path / "plugins", offline=True, device="cpu")
    answers = Answers(tmp_path / "tour.curator")
    made = MainWindow(settings, memory, answers)
    made.answers = answers
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("curator-")]


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    keys, buttons = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, keys))


def test_from_a_dropped_folder_to_an_exported_subset(window, folder, qtbot, tmp_path):
    state, act = window.state, {k: a.trigger for k, a in window.actions_.by_id.items()}
    drop(window, folder)
    qtbot.waitUntil(lambda: state.ready and state.dataset.size == PICTURES, timeout=LONG)
    window.run_panel.load_text(RECIPE)
    assert window.run_panel.go.isEnabled()
    act["run"]()
    qtbot.waitUntil(lambda: state.subset is not None, timeout=LONG)
    first = state.subset
    assert 1 <= first.size <= BUDGET

    left_out = next(i for i in range(PICTURES) if i not in {r.row for r in state.project.subset_rows(first.id)})
    state.show_dataset(state.dataset.id)
    state.set_highlight([left_out])
    act["pin-in"]()
    act["run"]()
    qtbot.waitUntil(lambda: state.subset is not None and state.subset.id != first.id, timeout=LONG)
    second = state.subset
    assert left_out in {r.row for r in state.project.subset_rows(second.id)}

    window.subset_panel.measure.click()
    qtbot.waitUntil(lambda: window.subset_panel.dial.measured, timeout=LONG)
    window.subset_panel.set_keep(4)
    act["subset-keep"]()
    assert state.subset.size == 4
    window.answers.text = "kept"
    act["subset-rename"]()
    act["subset-lock"]()
    assert not state.project.subsets.compare("kept", second.id).only_a

    act["export"]()
    dialog = next(d for d in window.findChildren(ExportDialog) if d.isVisible())
    dialog.format.setCurrentText("csv" if dialog.format.findText("csv") >= 0 else dialog.format.itemText(0))
    target = tmp_path / "out" / "kept.csv"
    dialog.target.setText(str(target))
    qtbot.waitUntil(lambda: dialog.preview.state == "ready", timeout=LONG)
    shown = next(iter(dialog.preview.found.texts.values()), "")
    dialog.ok.click()
    qtbot.waitUntil(target.exists, timeout=LONG)
    qtbot.waitUntil(lambda: state.project.running_job is None, timeout=LONG)
    head = shown.splitlines()
    assert target.read_text(encoding="utf-8").splitlines()[: len(head)] == head
    act["undo"]()
    act["redo"]()
    check_rows(tmp_path / "tour.curator" / "project.sqlite", left_out)


def check_rows(file, pinned):
    with closing(sqlite3.connect(file)) as db:
        ask = lambda sql: db.execute(sql).fetchall()  # noqa: E731
        assert ask("select count(*) from sample") == [(PICTURES,)]
        assert [s.split("/")[-1] for (s,) in ask("select source from skipped")] in (["broken.png"], [])
        assert ask("select row from pin join sample on sample.id = sample_id where state = 'in'") == [(pinned,)]
        name, size, locked, summary = ask("select name, size, locked, summary from subset order by id desc limit 1")[0]
        assert (name, size, locked) == ("kept", 4, 1)
        source = json.loads(summary)["from_run"]
        recipe, status, seed = ask(f"select recipe, status, seed from run where id = {source}")[0]
        assert (status, seed, Recipe.from_toml(recipe).name) == ("done", 0, "tour")
        kept = "select rank, sample_id, reason from subset_sample where subset_id ="
        parent = ask(f"select id from subset where run_id = {source}")[0][0]
        mine = ask("select max(id) from subset")[0][0]
        assert ask(f"{kept} {mine} order by rank") == ask(f"{kept} {parent} and rank <= 4 order by rank")
        labels = [label for (label,) in ask("select label from history where not undone order by id")]
        assert labels[0].startswith("Import") and labels[-1] == "Lock"
