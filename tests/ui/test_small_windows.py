"""Settings, About, Help, the shortcuts sheet and the export dialog's look ahead."""

import dataclasses
import json
import re
import threading
import tomllib

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QPushButton

from curator.engine.resources import resource
from curator.settings import Settings
from curator.ui.actions import ACTIONS
from curator.ui.taste import Taste, apply_theme, palette_of
from curator.ui.views.about import AboutDialog, built_on
from curator.ui.views.export_dialog import ExportDialog
from curator.ui.views.help import HelpDialog, help_pages
from curator.ui.views.settings_dialog import SettingsDialog
from curator.ui.views.shortcuts import sheet


@pytest.fixture
def taste(tmp_path, qapp):
    yield Taste(Settings(cache_dir=tmp_path / "c", plugins_dir=tmp_path / "p"), tmp_path / "settings.toml")
    apply_theme("system")


def saved(tmp_path):
    return tomllib.loads((tmp_path / "settings.toml").read_text())


def test_settings_apply_at_once_and_are_saved(qtbot, taste, answers, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("CURATOR_CACHE_DIR", "before")
    dialog = SettingsDialog(taste, answers)
    qtbot.addWidget(dialog)
    dialog.device.setCurrentText("cpu")
    dialog.cache_mb.setValue(256)
    dialog.plugins.setText(str(tmp_path / "mine"))
    dialog.plugins.editingFinished.emit()
    assert (taste.device, taste.now.cache_mb, taste.plugins_dir) == ("cpu", 256, tmp_path / "mine")
    assert saved(tmp_path)["cache_mb"] == 256
    with qtbot.waitSignal(taste.changed):
        dialog.offline.setChecked(True)
    dialog.offline.setChecked(False)
    monkeypatch.setattr(answers, "folder", lambda _title, _now: tmp_path / "other", raising=False)
    dialog.findChildren(QPushButton)[0].click()
    assert taste.cache_dir == tmp_path / "other"


def test_settings_that_cannot_be_saved_change_nothing(qtbot, taste, answers, tmp_path):
    (tmp_path / "settings.toml").mkdir()
    dialog = SettingsDialog(taste, answers)
    qtbot.addWidget(dialog)
    dialog.device.setCurrentText("cpu")
    assert taste.device == "auto" and not dialog.problem.isHidden()


def test_the_theme_is_light_or_dark_and_then_the_systems_again(qtbot, taste, answers):
    dialog = SettingsDialog(taste, answers)
    qtbot.addWidget(dialog)
    before = QApplication.palette().color(QPalette.ColorRole.Base).lightness()
    for choice, dark in (("dark", True), ("light", False)):
        dialog.theme.setCurrentIndex(dialog.theme.findData(choice))
        assert (QApplication.palette().color(QPalette.ColorRole.Base).lightness() < 128) == dark
    dialog.theme.setCurrentIndex(0)
    assert QApplication.palette().color(QPalette.ColorRole.Base).lightness() == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(theme):
    palette, role = palette_of(theme), QPalette.ColorRole
    for ground, text in ((role.Base, role.Text), (role.Window, role.WindowText), (role.Button, role.ButtonText)):
        a, b = palette.color(ground).lightness(), palette.color(text).lightness()
        assert abs(a - b) > 120


def test_about_lists_licences_of_what_is_installed(qtbot):
    found = {b.name.lower().replace("_", "-"): b for b in built_on()}
    assert {"numpy", "click", "torch"} <= set(found)
    assert all(b.version and b.licence for b in found.values())
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    assert "numpy" in dialog.licences.toPlainText()


def test_help_is_there_searchable_and_its_links_lead_somewhere(qtbot):
    pages = help_pages()
    keys = {p.key for p in pages}
    assert {"getting-started", "choosing-a-recipe", "the-map", "labels", "exporting", "glossary"} <= keys
    for page in pages:
        assert page.title and page.title != page.key
        assert set(re.findall(r"\]\(([a-z-]+)\.md\)", page.text)) <= keys
    dialog = HelpDialog()
    qtbot.addWidget(dialog)
    assert dialog.list.count() == len(pages)
    dialog.search.setText("knee dial")
    assert [dialog.list.item(i).text() for i in range(dialog.list.count())] == ["Subsets"]
    dialog.search.setText("xyzzy")
    assert dialog.list.count() == 0 and not dialog.nothing.isHidden()
    dialog.text.anchorClicked.emit(QUrl("glossary.md"))
    assert dialog.list.currentItem().text() == "Glossary" and dialog.list.count() == len(pages)


def test_the_help_names_only_keys_that_exist():
    keys = {a.shortcut for a in ACTIONS}
    for page in resource("help").glob("*.md"):
        for key in re.findall(r"\bCtrl\+(?:Shift\+)?[A-Z]\b", page.read_text()):
            assert key in keys, (page.name, key)


def test_each_small_window_opens_once_and_the_sheet_lists_every_action(window, qtbot):
    for key in ("settings", "help", "about"):
        window.actions_.by_id[key].trigger()
        window.actions_.by_id[key].trigger()
        assert len(window._small[key]) == 1
        window._small[key][0].close()
        qtbot.waitUntil(lambda key=key: key not in window._small)
    text = sheet()
    for action in ACTIONS:
        assert not action.shortcut or action.help.replace("&", "&amp;") in text or action.help in text


def test_every_action_has_a_key_of_its_own():
    everywhere = [a.shortcut for a in ACTIONS]
    assert all(everywhere)
    assert len(everywhere) == len(set(everywhere))


def export_dialog(qtbot, small, answers, tmp_path):
    dialog = ExportDialog(small.contents().subsets[0].name, "instruction", answers, exporting=small.exporting)
    qtbot.addWidget(dialog)
    dialog.target.setText(str(tmp_path / "out.jsonl"))
    return dialog


def test_the_export_dialog_shows_the_first_records_as_they_will_be_written(qtbot, small, answers, tmp_path, window):
    window.state.set_project(small)
    window.state.show_subset(1)
    dialog = export_dialog(qtbot, small, answers, tmp_path)
    assert dialog.preview.state == "loading"
    qtbot.waitUntil(lambda: dialog.preview.state == "ready")
    shown = next(iter(dialog.preview.found.texts.values())).splitlines()
    dialog.export_requested.connect(window.commands.export_subset)
    dialog.ok.click()
    assert (tmp_path / "out.jsonl").read_text().splitlines()[: len(shown)] == shown
    assert json.loads(shown[0])


def test_the_export_dialog_follows_trainer_and_options_and_says_what_is_wrong(qtbot, small, answers, tmp_path):
    dialog = export_dialog(qtbot, small, answers, tmp_path)
    qtbot.waitUntil(lambda: dialog.preview.state == "ready")
    formats = [dialog.format.itemText(i) for i in range(dialog.format.count())]
    dialog.format.setCurrentText(next(f for f in formats if small.exporting.trainers(f)))
    trainers = dialog.trainer_form.fields["trainer"].combo
    assert trainers.count() > 1
    trainers.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog.preview.state == "ready" and dialog.preview.found.stanza is not None)
    dialog.option_form.fields["first"].spin.setValue(3)
    qtbot.waitUntil(lambda: dialog.preview.state == "ready" and dialog.preview.found.samples == 3)
    dialog.option_form.fields["split"].edit.textEdited.emit("train=much")
    qtbot.waitUntil(lambda: dialog.preview.state == "error")
    assert "share" in dialog.preview.words.text()


class Slow:
    """Exports whose preview waits until it is cancelled."""

    def __init__(self, exporting):
        self.exporting, self.started, self.ended = exporting, threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self.exporting, name)

    def preview(self, *_args, task, **_kwargs):
        self.started.set()
        try:
            while True:
                task.check()
        finally:
            self.ended.set()


def test_a_look_ahead_is_beside_the_window_and_can_be_stopped(qtbot, small, answers, tmp_path):
    slow = Slow(small.exporting)
    dialog = ExportDialog(small.contents().subsets[0].name, "instruction", answers, exporting=slow)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(slow.started.is_set)
    assert dialog.preview.state == "loading" and dialog.ok.isEnabled()
    dialog.preview.button.click()
    assert dialog.preview.state == "cancelled" and slow.ended.wait(5)
    slow.started.clear()
    dialog.preview.button.click()
    qtbot.waitUntil(slow.started.is_set)
    slow.ended.clear()
    dialog.reject()
    assert slow.ended.wait(5)


def test_without_a_way_to_look_ahead_the_dialog_still_exports(qtbot, answers):
    dialog = ExportDialog("a", "image", answers)
    qtbot.addWidget(dialog)
    assert dialog.preview.state == "empty" and dialog.preview.isHidden() and dialog.ok.isEnabled()


def test_settings_keep_their_defaults_apart():
    assert dataclasses.asdict(Settings())["theme"] == "system"
