import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import json
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QColor, QImage

sys.path.insert(0, str(Path(__file__).parent))

from small_recipe import SMALL_RECIPE

from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.settings import Settings
from curator.ui.main_window import MainWindow
from curator.ui.thumbnails import Thumbnails


class Answers:
    """Stands in for the file dialogs."""

    def __init__(self):
        self.project = self.folder = self.target = self.recipe = None
        self.files = []
        self.yes = True
        self.proposed = self.name = None

    def images_folder(self):
        return self.folder

    def instruction_files(self):
        return self.files

    def project_folder(self):
        return self.project

    def new_project(self, proposed):
        self.proposed = proposed
        return self.project

    def export_target(self, proposed):
        return self.target

    def recipe_file(self):
        return self.recipe

    def class_name(self, known):
        return self.name

    def save_recipe(self, proposed):
        self.proposed = proposed
        return self.target

    def ask_text(self, title, label, text):
        self.proposed = text
        return self.name

    def confirm(self, question, details):
        return self.yes


@pytest.fixture
def answers():
    return Answers()


@pytest.fixture
def memory(tmp_path):
    return QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def settings(tmp_path):
    return Settings(cache_dir=tmp_path / "cache", plugins_dir=tmp_path / "plugins")


@pytest.fixture
def window(qtbot, settings, memory, answers):
    made = MainWindow(settings, memory, answers)
    qtbot.addWidget(made)
    made.show()
    made.warming.finish()
    yield made
    made.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("curator-")]


@pytest.fixture
def pictures(tmp_path):
    """Twelve small pictures, the last of them broken."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(11):
        image = QImage(40, 30, QImage.Format.Format_RGB32)
        image.fill(QColor.fromHsv(i * 30, 200, 200))
        assert image.save(str(folder / f"{i:02}.png"))
    (folder / "11.png").write_text("not a picture")
    return folder


@pytest.fixture
def thumbs(qtbot):
    made = Thumbnails()
    yield made
    made.close()


@pytest.fixture
def small(tmp_path):
    """A real Project of sixty records, some of them copies, with vectors, skills and a Subset of twenty."""
    file = tmp_path / "pile.jsonl"
    verbs, things = ("sing", "count", "paint", "cook"), ("birds", "stars", "houses")
    lines = [
        {"instruction": f"{verbs[i % 4]} the {things[i % 3]} number {i // 2 * 7 % 31}", "output": "yes " * (i % 5 + 1)}
        for i in range(50)
    ]
    lines += [{**line, "instruction": line["instruction"] + " " + word} for line in lines[:5] for word in ("now", "!")]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    project = Project.create(tmp_path / "small.curator")
    project.submit_import([file], "pile").result()
    project.submit_run("pile", Recipe.from_toml(SMALL_RECIPE)).result()
    yield project
    project.close()


def pytest_collection_modifyitems(items):
    """The offscreen platform says this of every window; it is no fault of ours."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"))
