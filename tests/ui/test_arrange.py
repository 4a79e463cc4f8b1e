from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeProject
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from curator.engine.browse import Column, Group
from curator.engine.jobs import Failed
from curator.engine.task import Progress
from curator.engine.types import Changes
from curator.ui.views.arrange import spoken
from curator.ui.views.gallery_grid import Grid


@pytest.fixture
def project(pictures):
    made = FakeProject(pictures, sizes=(1000, 30), kinds=("image", "instruction"), subset_size=40)
    made.labelled = []

    def set_label(ids, name, author="user"):
        made.labelled.append((list(ids), name))
        return Changes(frozenset({"label"}), label="Label")

    made.set_label = set_label
    return made


def choose(menu, text):
    menu.aboutToShow.emit()
    next(a for a in menu.actions() if a.text() == text).trigger()


def test_sort_group_and_colour_come_from_the_fields(window, project, qtbot):
    window.state.set_project(project)
    bar, state = window.center.arrange, window.state
    choose(bar.group.menu(), "class")
    qtbot.waitUntil(lambda: state.query.group == "class")
    assert [g.name for g in window.samples.groups] == ["class_0", "class_1", "class_2"]
    choose(bar.sort.menu(), "Largest first")
    choose(bar.sort.menu(), "length (score)")  # before the first was done
    assert bar.words.text() == "Reading…"
    qtbot.waitUntil(lambda: state.query.sort == "score.length")
    assert window.samples.rows[0] > window.samples.rows[-1] and not bar.words.text()
    choose(bar.colour.menu(), "length (score)")
    qtbot.waitUntil(lambda: state.colour == "score.length")
    assert (bar.sort.text(), bar.group.text()) == ("Sort: length (score) ↓", "Group: class")
    choose(bar.colour.menu(), "Whether it is in “diverse 40”")
    qtbot.waitUntil(lambda: bar.colour.text() == "Colour: diverse 40")
    assert "There is no subset:1." in window.hues.problem
    assert spoken("") == "" and spoken("row") == "order"
    window.center.gallery.grab()


def test_the_slider_and_the_keys_set_the_size(window, project):
    window.state.set_project(project)
    bar, gallery = window.center.arrange, window.center.gallery
    bar.slider.setValue(300)
    assert gallery.size_ == 300
    gallery.zoom(-1)
    assert bar.slider.value() == gallery.size_ == 240
    gallery.zoom(-30)
    assert gallery.size_ == bar.slider.minimum()
    window.commands.show_table()
    assert not bar.slider.isVisible()


def test_a_search_shows_its_best_at_the_top_and_other_changes_leave_the_place(window, project, qtbot):
    window.state.set_project(project)
    gallery, table, state = window.center.gallery, window.center.table, window.state
    state.set_current(700)
    place = gallery.verticalScrollBar().value()
    assert place > 0
    state.set_query(replace(state.query, descending=True))
    assert gallery.verticalScrollBar().value() == place
    state.set_query(replace(state.query, where="row<900", sort="similarity"))
    assert gallery.verticalScrollBar().value() == 0 and state.current == 700
    window.commands.show_table()
    state.set_query(replace(state.query, sort="row"))
    assert table.verticalScrollBar().value() > 0
    state.set_query(replace(state.query, sort="similarity"))
    assert table.verticalScrollBar().value() == 0
    table.verticalScrollBar().setValue(3)
    state.data_changed.emit(frozenset({"label"}))
    assert table.verticalScrollBar().value() == 3
    records = window.state.show_dataset(2) or window.center
    window.commands.view_asked.emit("instructions")
    state.set_current(25)
    records.view.resize(600, 200)
    state.set_query(replace(state.query, sort="similarity"))
    assert records.view.table.verticalScrollBar().value() == 0


def test_headings_take_room_and_every_cell_is_found_again():
    groups = (Group("a", 0, 7), Group("b", 7, 1), Group("c", 8, 5))
    grid = Grid(13, 350, 96, groups, heading=30)
    assert grid.columns == 3
    for place in range(13):
        assert grid.at(grid.rect(place).center()) == place
        seen = grid.visible(grid.rect(place).top(), 10)
        assert place in seen
    tops = [grid.heading_rect(i).top() for i in range(3)]
    assert tops == sorted(tops)
    assert all(grid.at(grid.heading_rect(i).center()) == -1 for i in range(3))
    assert grid.height == grid.rect(12).bottom() + 1 + grid.gap
    moves = ((0, 1), (2, 3), (7, 1), (8, -1), (12, 1))
    assert [grid.below(*m) for m in moves] == [3, 7, 8, 7, 12]
    assert (grid.below(0, -1), grid.below(1, -5), grid.below(0, 99)) == (0, 0, 12)
    assert list(grid.headings(0, 40)) == [0]


def test_a_heading_stays_at_the_edge_and_a_click_on_it_highlights_its_group(window, project, qtbot):
    window.state.set_project(project)
    window.state.set_query(replace(window.state.query, group="class"))
    gallery = window.center.gallery
    QApplication.processEvents()  # the panels that have just been shown take their room
    for scroll in (500, 500 + gallery.grid.cell // 2):  # one of them has pictures under the heading
        gallery.verticalScrollBar().setValue(scroll)
        top = gallery._heading_rect(0, scroll)
        assert top.top() == 0
        window.state.set_highlight([])
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=top.center())
        assert window.state.highlight.tolist() == list(range(0, 1000, 3))
    gallery.grab()


def test_number_keys_and_names_give_labels(window, project, answers, qtbot):
    window.state.set_project(project)
    gallery = window.center.gallery
    gallery.setFocus()
    gallery.go(4)
    qtbot.waitUntil(window.center.keys.isVisible)
    assert window.center.keys.text() == "Label:  1 class_0    2 class_1    3 class_2    0 none    L other"
    qtbot.keyClick(gallery, Qt.Key.Key_2)
    answers.name = "new"
    window.actions_.by_id["label"].trigger()
    window.actions_.by_id["label-clear"].trigger()
    assert project.labelled == [([10_000_004], "class_1"), ([10_000_004], "new"), ([10_000_004], None)]
    qtbot.keyClick(gallery, Qt.Key.Key_9)
    assert "no class number 9" in window.bar.notice.text
    gallery.highlight_all()
    qtbot.keyClick(gallery, Qt.Key.Key_Escape)
    assert not window.center.keys.isVisible()


def test_an_import_shows_its_rows_while_it_goes_on(window, project, qtbot, pictures):
    empty = FakeProject(pictures, sizes=(), kinds=())
    window.state.set_project(empty)
    window.opening.import_paths([pictures])
    job = empty.submitted[0]
    made = empty.grow(5)
    empty.datasets.clear()
    empty.arriving.append(replace(made, status="importing"))
    job.take(Progress("Reading images", 5, 100))
    qtbot.waitUntil(lambda: window.samples.rowCount() == 5)
    assert window.center.stack.currentWidget() is window.center.gallery
    assert "so far" in window.center.about.text()
    assert not window.actions_.by_id["run"].isEnabled()
    window.center.gallery.go(3)
    empty.arriving[0] = replace(made, status="importing", size=9)
    job.take(Progress("Reading images", 9, 100))
    qtbot.waitUntil(lambda: window.samples.rowCount() == 9)
    assert window.state.current == 3
    empty.arriving.clear()
    job.take(Failed("cancelled", "Cancelled."))
    qtbot.waitUntil(lambda: window.center.stack.currentWidget() is window.center.start)


def test_copies_and_broken_ones_have_badges(window, project, qtbot):
    column = project.browse.column
    copies = Column([-1, 0] + [-1] * 998, "category", ("00.png",))
    project.browse.column = lambda dataset, name: copies if name == "duplicate" else column(dataset, name)
    window.state.set_project(project)
    marks = window.center.gallery._marks
    qtbot.waitUntil(lambda: marks.copy_of(1) == "00.png")
    assert marks.copy_of(0) == ""
    window.center.gallery.grab()


def test_a_filter_that_finds_nothing_says_so_and_a_bad_one_keeps_what_is_shown(window, project):
    window.state.set_project(project)
    window.state.set_query(replace(window.state.query, where="row<0"))
    assert window.center.stack.currentWidget() is window.center.nothing
    window.state.set_query(replace(window.state.query, where="row<7"))
    assert window.samples.rowCount() == 7
    window.state.set_query(replace(window.state.query, where="what"))
    assert window.bar.notice.text == "Not understood at 1."
    assert window.samples.rowCount() == 7


def test_a_pile_without_skills_is_asked_for_them_once_until_a_run_may_have_made_some(
    window, project, qtbot, monkeypatch
):
    asked, known = [], project.browse.column
    bare = Column(np.full(1000, -1, np.int32), "category")
    window.state.set_project(project)
    bar = window.center.arrange
    monkeypatch.setattr(project.browse, "column", lambda key, name: asked.append(name) or bare)
    monkeypatch.setattr(bar._tinting, "ask", lambda work, then: then(work()))
    for _ in range(3):
        bar.tint()
    assert asked == ["skill"] and window.state.colour == ""
    window.state.take(Changes(frozenset({"label", "history"})))
    bar.tint()
    assert asked == ["skill"]
    monkeypatch.setattr(project.browse, "column", known)
    skills = Column(np.zeros(1000, np.int32), "category", ("round things",))
    monkeypatch.setattr(project.browse, "column", lambda key, name: skills if name == "skill" else known(key, name))
    window.state.take(Changes(frozenset({"run", "history"})))
    bar.tint()
    assert window.state.colour == "skill"


def test_the_map_is_coloured_by_skill_until_somebody_decides(window, project, qtbot, monkeypatch):
    known = project.browse.column
    skills = Column(np.zeros(1000, np.int32), "category", ("round things",))
    monkeypatch.setattr(project.browse, "column", lambda key, name: skills if name == "skill" else known(key, name))
    window.state.set_project(project)
    bar, state = window.center.arrange, window.state
    assert state.colour == ""
    window.center.show_view("map")
    qtbot.waitUntil(lambda: state.colour == "skill")
    choose(bar.colour.menu(), "none")
    window.center.show_view("gallery")
    window.center.show_view("map")
    assert state.colour == "" and not bar.words.text()
    choose(bar.colour.menu(), "class")
    qtbot.waitUntil(lambda: state.colour == "class")
    window.center.show_view("gallery")
    window.center.show_view("map")
    assert state.colour == "class"
