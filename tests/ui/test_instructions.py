"""The page of instruction records on a real small Project."""

import json

import pytest
from fakes import FakeProject
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from curator.engine.project import Project
from curator.ui.models.instructions import parts_of
from curator.ui.views.conversation import EMPTY
from curator.ui.views.instructions import FEWEST, NOT_RECORDS, NOTHING, InstructionPage
from curator.ui.waiting import NO_DATASET

CHAT = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is <b>this</b>? <image>"},
        {"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "content": "a cat"},
        {"role": "assistant", "content": "A cat.", "train": False},
    ],
    "images": ["cat.png"],
    "tools": [{"type": "function", "function": {"name": "look", "description": "See", "parameters": {}}}],
}
ALPACA = {"instruction": "Add these numbers", "input": "1 2", "output": "3"}


@pytest.fixture
def project(tmp_path):
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(str(tmp_path / "cat.png"))
    (tmp_path / "chat.jsonl").write_text(json.dumps(CHAT) + "\n")
    (tmp_path / "plain.jsonl").write_text(
        "".join(json.dumps({**ALPACA, "output": f"{'long ' * i}3"}) + "\n" for i in range(5))
    )
    made = Project.create(tmp_path / "p.curator")
    made.submit_import([tmp_path / "plain.jsonl"], "plain").result()
    made.submit_import([tmp_path / "chat.jsonl"], "chat").result()
    yield made
    made.close()


@pytest.fixture
def page(window, project):
    window.state.set_project(project)
    found = window.center.view
    assert isinstance(found, InstructionPage)
    return found


def column(page, name, row=0):
    return page.model.data(page.model.index(row, page.model.columns.index(name)), Qt.ItemDataRole.DisplayRole)


def test_columns_follow_the_format(window, page):
    assert page.stack.currentWidget() is page.split
    assert page.model.columns == (
        "Row", "Instruction", "Input", "Output", "Length", "Tokens", "Labels", "Skill", "Pin", "Source",
    )  # fmt: skip
    assert [column(page, n) for n in ("Instruction", "Input", "Output")] == ["Add these numbers", "1 2", "3"]
    window.state.show_dataset(2)
    assert {"System", "Turns", "Pictures"} < set(page.model.columns)
    assert [column(page, n) for n in ("System", "Turns", "Pictures")] == ["Be brief.", "4", "1"]


def test_question_and_answer_stand_side_by_side_where_room_is_short(window, page):
    table, places = page.table, [page.model.columns.index(name) for name in ("Row", "Instruction", "Input", "Output")]
    window.resize(1280, 800)
    QApplication.processEvents()
    assert sum(table.columnWidth(i) for i in places) <= table.viewport().width()
    table.setColumnWidth(places[1], 300)  # as drawn by hand
    page.refresh()
    assert table.columnWidth(places[1]) == 300
    assert all(table.columnWidth(i) >= FEWEST * table.fontMetrics().averageCharWidth() for i in places[2:])
    assert "text~" in window.center.search.line.placeholderText()


def test_a_click_on_the_head_sorts_and_another_turns_round(window, page):
    place = page.model.columns.index("Length")
    page.model.sort_by(place)
    assert (window.state.query.sort, window.state.query.descending) == ("length", False)
    page.model.sort_by(place)
    assert window.state.query.descending
    assert window.samples.rows.tolist() == [4, 3, 2, 1, 0]
    assert page.table.horizontalHeader().sortIndicatorSection() == place
    page.model.sort_by(page.model.columns.index("Instruction"))
    assert window.state.query.sort == "length"


def test_columns_can_be_chosen(page):
    menu = page.column_menu()
    assert [a.text() for a in menu.actions()] == list(page.model.columns)
    assert page.table.isColumnHidden(page.model.columns.index("Source"))
    menu.actions()[page.model.columns.index("Source")].trigger()
    assert not page.table.isColumnHidden(page.model.columns.index("Source"))
    for name in page.model.columns:
        page.show_column(name, False)
    assert any(not page.table.isColumnHidden(i) for i in range(len(page.model.columns)))
    menu.deleteLater()


def test_the_cursor_and_the_highlight_are_shared(window, page):
    page.table.selectRow(2)
    assert window.state.current == 2 and window.state.highlight.tolist() == [2]
    window.state.set_highlight([0, 1])
    assert sorted(i.row() for i in page.chosen.selectedRows()) == [0, 1]


def test_a_conversation_shows_all_that_is_said(qtbot, window, page):
    assert EMPTY in page.conversation.toPlainText()
    window.state.show_dataset(2)
    window.state.set_current(0)
    text = page.conversation.toPlainText()
    for words in ("System", "Be brief.", "What is <b>this</b>?", "look({})", "a cat", "A cat.", "not trained on",
                  "Tools: look", "4 turns", "tokens (estimated)"):  # fmt: skip
        assert words in text
    qtbot.waitUntil(lambda: "picture:0" in page.conversation.toHtml())


def test_a_record_that_is_not_understood_is_shown_as_it_is(window, page):
    parts = parts_of('{"strange": 1}', "strange words")
    assert parts.instruction == "strange words" and parts.fault
    item = window.samples.item(0)
    import dataclasses

    odd = dataclasses.replace(item, sample=dataclasses.replace(item.sample, record='{"strange": 1}', text="odd"))
    page.conversation.show_item(odd, None)
    assert "shown as it is" in page.conversation.toPlainText() and "odd" in page.conversation.toPlainText()


def test_without_records_it_says_so(window, page, tmp_path):
    window.commands.finding.show("is:broken")
    window.state.set_query(window.state.query.__class__(1, where="is:broken"))
    assert page.words.text() == NOTHING and page.stack.currentWidget() is page.words
    window.state.set_project(FakeProject(tmp_path))
    page.refresh()
    assert page.words.text() == NOT_RECORDS
    window.state.set_project(None)
    page.refresh()
    assert page.words.text() == NO_DATASET


def test_the_model_keeps_the_rules_of_models(qtmodeltester, window, page):
    qtmodeltester.check(page.model)
    window.state.show_dataset(2)
    qtmodeltester.check(page.model)
