from dataclasses import replace

import numpy as np
import pytest
from fakes import FakeProject
from PySide6.QtCore import QItemSelectionModel, Qt

from curator.engine.types import Changes
from curator.ui.job_bridge import JobBridge
from curator.ui.models.hues import Hues, by_category, by_number
from curator.ui.models.samples import SampleModel
from curator.ui.state import AppState
from curator.ui.views.gallery_cursor import Cursor, contains
from curator.ui.views.highlight import Highlighter, ranges

FLAG = QItemSelectionModel.SelectionFlag


@pytest.fixture
def project(tmp_path):
    return FakeProject(tmp_path, sizes=(1000, 30), kinds=("image", "instruction"), subset_size=40)


@pytest.fixture
def state(qtbot, project):
    made = AppState()
    made.set_project(project)
    return made


@pytest.fixture
def model(state):
    made = SampleModel(state)
    state.query_changed.connect(lambda: made.show_samples(state.project, state.dataset, state.subset, state.query))
    state.query_changed.emit()
    return made


def test_a_query_follows_what_is_shown(state):
    state.set_query(replace(state.query, where="row<10", sort="name"))
    state.show_subset(1)
    assert (state.query.dataset_id, state.query.subset_id) == (1, 1)
    assert (state.query.where, state.query.sort) == ("row<10", "rank")
    state.show_dataset(2)
    assert state.query.where == ""
    with pytest.raises(ValueError, match="what is shown"):
        state.set_query(replace(state.query, dataset_id=1))


def test_highlight_is_ascending_distinct_and_told_once(state):
    told = []
    state.highlight_changed.connect(lambda: told.append(state.highlight.tolist()))
    state.set_highlight([5, 3, 5])
    state.set_highlight(np.array([3, 5]))
    assert told == [[3, 5]]
    assert state.highlight.dtype == np.int32 and not state.highlight.flags.writeable
    assert state.highlighted_ids() == [10_000_003, 10_000_005]
    mine = np.array([1, 2], np.int32)
    state.set_highlight(mine)
    mine[0] = 0
    assert mine.flags.writeable


def test_another_dataset_drops_highlight_cursor_and_colour(state):
    state.set_highlight([1])
    state.set_current(1)
    state.set_colour("class")
    state.show_subset(1)
    assert (state.highlight.tolist(), state.current, state.colour) == ([1], 1, "class")
    state.show_dataset(2)
    assert (state.highlight.tolist(), state.current, state.colour) == ([], None, "")


def test_an_import_is_shown_while_it_goes_on(state, project):
    project.datasets.clear()
    project.subsets.clear()
    state.take(Changes(frozenset()))
    assert state.dataset is None
    state.show_arriving()
    assert state.dataset is None
    arriving = project.grow(300)
    project.datasets.clear()
    project.arriving.append(replace(arriving, status="importing"))
    state.show_arriving()
    assert (state.dataset.size, state.query.dataset_id) == (300, arriving.id)
    project.arriving[0] = replace(project.arriving[0], size=500)
    state.show_arriving()
    assert state.dataset.size == 500


def test_places_and_rows(model, state):
    state.show_subset(1)
    assert model.rows[:3].tolist() == [2, 4, 6]
    assert (model.place(4), model.place(5), model.place(None), model.place(10**6)) == (1, -1, -1, -1)
    assert model.places(np.array([2, 3, 6], np.int32)).tolist() == [0, 2]
    assert model.item_of_row(4).choice.rank == 2
    assert model.item_of_row(5).choice is None
    state.set_query(replace(state.query, descending=True))
    assert model.item(0).choice.rank == 40
    state.set_query(replace(state.query, where="row<10"))
    assert model.rows.tolist() == [8, 6, 4, 2]


def test_table_and_state_agree(model, state):
    chosen = QItemSelectionModel(model)
    items = []
    Highlighter(model, chosen, state).item_changed.connect(items.append)
    chosen.select(model.index(3, 0), FLAG.ClearAndSelect | FLAG.Rows)
    assert state.highlight.tolist() == [3]
    state.set_highlight([1, 2, 7])
    assert sorted(i.row() for i in chosen.selectedRows()) == [1, 2, 7]
    state.set_current(7)
    assert chosen.currentIndex().row() == 7
    state.show_subset(1)
    assert [model.rows[i.row()] for i in chosen.selectedRows()] == [2]
    assert state.highlight.tolist() == [1, 2, 7]


def test_what_a_filter_hides_is_not_highlighted(model, state):
    Highlighter(model, QItemSelectionModel(model), state)
    state.set_highlight([3, 7, 500])
    state.set_query(replace(state.query, where="row<10"))
    assert state.highlight.tolist() == [3, 7]
    state.set_query(replace(state.query, where=""))
    assert state.highlight.tolist() == [3, 7]


def test_too_many_ranges_are_left_to_the_state():
    assert ranges(np.array([1, 2, 3, 7, 9, 10], np.int32)) == [(1, 3), (7, 7), (9, 10)]
    assert ranges(np.arange(0, 10_000, 2, dtype=np.int32)) == []
    assert ranges(np.empty(0, np.int32)) == []


def test_the_cursor_extends_from_where_it_began_in_any_order(model, state):
    state.set_query(replace(state.query, descending=True))
    cursor = Cursor(model, state)
    cursor.go(0)
    assert state.highlight.tolist() == [999]
    cursor.go(2, Qt.KeyboardModifier.ShiftModifier)
    assert state.highlight.tolist() == [997, 998, 999]
    cursor.toggle(1)
    assert state.highlight.tolist() == [997, 999]
    cursor.all()
    assert len(state.highlight) == 1000


def test_contains():
    rows = np.array([9, 1, 4], np.int32)
    assert contains(np.array([1, 4, 7], np.int32), rows).tolist() == [False, True, True]
    assert contains(np.empty(0, np.int32), rows).tolist() == [False] * 3


def test_hues_by_category_keep_the_largest_and_gather_the_rest():
    values = np.repeat(np.arange(15), [30 - i for i in range(15)])
    values = np.append(values, [-1, -1])
    codes, colors, entries = by_category(values, tuple(f"c{i}" for i in range(15)))
    assert [e.name for e in entries] == [*(f"c{i}" for i in range(12)), "3 others", "none"]
    assert [e.count for e in entries][-2:] == [18 + 17 + 16, 2]
    assert codes[-1] == 0 and codes[0] == 1 and len(colors) == 14


def test_hues_by_number_leave_the_missing_without():
    codes, colors, entries = by_number(np.array([0.0, 1.0, 2.0, np.nan, 1e9]))
    assert codes[3] == 0 and codes[0] == 1 and codes[4] == len(colors) - 1
    assert [e.name for e in entries][-1] == "none"
    codes, _, entries = by_number(np.full(3, np.nan))
    assert codes.tolist() == [0, 0, 0] and entries[0].count == 3


def test_hues_follow_the_state(state):
    hues = Hues(state, JobBridge(state))
    assert hues.of(np.array([0, 1], np.int32)) == [None, None]
    state.set_colour("class")
    assert [e.name for e in hues.entries] == ["class_0", "class_1", "class_2"]
    first, second = hues.of(np.array([0, 1], np.int32))
    assert first != second
    state.set_colour("nothing")
    assert "There is no" in hues.problem
    assert hues.of(np.array([0], np.int32)) == [None]
