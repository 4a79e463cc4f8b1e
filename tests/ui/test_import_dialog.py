import json

import pytest

from curator.engine.import_preview import Field, PreviewRow
from curator.engine.project import Project
from curator.ui.models.import_fields import IS, KEPT, FieldsModel, FirstRowsModel
from curator.ui.views.import_dialog import ImportDialog


@pytest.fixture
def odd(tmp_path):
    """Records whose columns are called what nobody knows."""
    file = tmp_path / "odd.jsonl"
    file.write_text("".join(json.dumps({"ask": f"Name {i}.", "reply": f"It is {i}."}) + "\n" for i in range(30)))
    return file


@pytest.fixture
def shown(window, qtbot, tmp_path):
    """A window on an empty Project, and how to open the dialog in it."""
    project = Project.create(tmp_path / "empty.curator")
    window.state.set_project(project)

    def show(paths):
        window.opening.options_asked.emit(paths)
        return dialog_of(window)

    return show


def dialog_of(window):
    return next((d for d in window.findChildren(ImportDialog) if d.isVisible()), None)


def settled(qtbot, dialog):
    qtbot.waitUntil(lambda: dialog.state != "looking")
    return dialog.state


def test_the_models(qtmodeltester):
    fields, rows = FieldsModel(), FirstRowsModel()
    for model in (fields, rows):
        qtmodeltester.check(model)
    fields.show_fields([Field("ask", "", "Name it"), Field("a,b", "label", "x")], ("prompt", "label"))
    rows.show_rows([PreviewRow("a.png", "two\nlines", ("cat",), ("a.png",), "train")])
    for model in (fields, rows):
        qtmodeltester.check(model)
    asked = []
    fields.mapped.connect(lambda *what: asked.append(what))
    assert fields.index(0, IS).data() == KEPT
    assert fields.setData(fields.index(0, IS), "prompt")
    assert not fields.setData(fields.index(0, IS), "nonsense")
    assert not fields.setData(fields.index(1, IS), "prompt")  # its name cannot be written in a mapping
    assert asked == [("ask", "prompt")]
    assert rows.index(0, 4).data() == "two lines"


def test_without_a_source_it_asks_for_one(shown, qtbot, window, answers, pictures):
    window.opening.close()
    window.actions_.by_id["import-options"].trigger()
    dialog = dialog_of(window)
    assert (dialog.state, dialog.ok.isEnabled(), dialog.tabs.isVisible()) == ("empty", False, False)
    answers.folder = pictures
    dialog.folder.click()
    assert dialog.state == "looking"
    assert settled(qtbot, dialog) == "ready"
    dialog.reject()


def test_pictures_are_ready_with_confidence_problems_and_a_name(shown, qtbot, window, pictures):
    dialog = shown([pictures])
    assert (dialog.state, dialog.ok.isEnabled()) == ("looking", False)
    assert settled(qtbot, dialog) == "ready"
    assert dialog.importer.currentData() == "image-folder"
    assert "60%" in dialog.importer.currentText()
    assert dialog.rows.rowCount() == 11
    assert "11.png" in dialog.problems.toPlainText()
    assert dialog.name.text() == "pictures"
    dialog.name.clear()
    dialog.name.textEdited.emit("")
    assert not dialog.ok.isEnabled()
    dialog.reject()


def test_what_is_not_there_is_an_error_and_what_is_nothing_says_so(shown, qtbot, tmp_path):
    (tmp_path / "readme.xyz").write_text("hello")
    dialog = shown([tmp_path / "readme.xyz"])
    assert settled(qtbot, dialog) == "nothing"
    assert "Looked for" in dialog.words.text()
    assert not dialog.ok.isEnabled()
    dialog.choose([tmp_path / "gone"])
    assert settled(qtbot, dialog) in ("error", "nothing")
    assert "does not exist" in dialog.words.text()
    dialog.reject()


def test_unknown_columns_open_the_dialog_are_mapped_and_the_mapping_is_kept(shown, qtbot, window, odd):
    window.opening.bring([odd])
    qtbot.waitUntil(lambda: dialog_of(window) is not None)
    dialog = dialog_of(window)
    assert settled(qtbot, dialog) == "nothing"
    dialog.importer.setCurrentIndex(dialog.importer.findData("instructions"))
    dialog.importer.activated.emit(dialog.importer.currentIndex())
    assert settled(qtbot, dialog) == "nothing"
    assert dialog.fields.rowCount() == 2
    for row, role in enumerate(("prompt", "response")):
        box = dialog.field_table.indexWidget(dialog.fields.index(row, IS))
        box.setCurrentIndex(box.findData(role))
        box.activated.emit(box.currentIndex())
        settled(qtbot, dialog)
    assert dialog.state == "ready"
    assert dialog.words.text().startswith("Read as you said: instruction records")
    assert dialog.rows.rowCount() == 20
    dialog.name.setText("mapped")
    dialog.ok.click()
    project = window.state.project
    qtbot.waitUntil(lambda: window.state.ready)
    assert project.dataset("mapped").size == 30
    assert project.importing.plan("mapped").params == {"map": "ask=prompt,reply=response"}
    again = shown([odd])
    assert settled(qtbot, again) == "ready"
    assert again.name.text() == "mapped"
    again.reject()


def test_what_is_surely_understood_is_imported_without_asking(shown, qtbot, window, pictures):
    window.opening.bring([pictures])
    qtbot.waitUntil(lambda: window.state.ready)
    assert dialog_of(window) is None


def test_parameters_of_the_importer_are_looked_at_when_nothing_more_is_typed(shown, qtbot, pictures, tmp_path):
    file = tmp_path / "records" / "x.csv"
    file.parent.mkdir()
    name = next(path.name for path in pictures.rglob("*.png"))
    place = next(pictures.rglob(name)).relative_to(tmp_path).as_posix()
    file.write_text(f"image,label\n../{place},cat\n", encoding="utf-8")
    dialog = shown([file])
    assert settled(qtbot, dialog) == "nothing" and "root=FOLDER" in dialog.problems.toPlainText()
    dialog.tabs.setCurrentWidget(dialog.options)
    edit = dialog.options.widget().fields["root"].edit
    edit.setText(str(tmp_path))
    edit.textEdited.emit(edit.text())
    dialog.accept()  # too early: it looks first
    assert settled(qtbot, dialog) == "ready" and dialog.isVisible()
    assert dialog.options.widget().fields["root"].edit is edit and dialog.tabs.currentWidget() is dialog.options
    with qtbot.waitSignal(dialog.import_requested) as asked:
        dialog.ok.click()
    assert asked.args[3] == {"root": str(tmp_path)}
