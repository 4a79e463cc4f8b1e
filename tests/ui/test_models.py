import json

import pytest
from fakes import FakeProject
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from curator.ui.models.coverage import SHARE_ROLE, CountsModel, figures
from curator.ui.models.history import HistoryModel
from curator.ui.models.samples import PAGE, PAGES_KEPT, SampleModel, number, one_line
from curator.ui.models.tree import NODE_ROLE, TreeModel
from curator.ui.models.turns import Turn, turns

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def project(tmp_path):
    return FakeProject(tmp_path, sizes=(1000, 30), kinds=("image", "instruction"), subset_size=40)


def test_sample_model_is_a_good_model(qtbot, project):
    model = SampleModel()
    tester = QAbstractItemModelTester(model, FATAL)
    model.show_samples(project, project.dataset(1), None)
    assert model.rowCount() == 1000
    model.show_samples(project, project.dataset(1), project.subset(1))
    assert model.rowCount() == 40
    model.look_again()
    model.show_samples(None, None, None)
    assert model.rowCount() == 0
    assert tester.model() is model


def test_samples_are_in_row_order_and_subsets_in_rank_order(qtbot, project):
    model = SampleModel()
    model.show_samples(project, project.dataset(1), None)
    assert [i.sample.row for i in model.items(range(198, 203))] == [198, 199, 200, 201, 202]
    model.show_samples(project, project.dataset(1), project.subset(1))
    assert [i.choice.rank for i in model.items(range(3))] == [1, 2, 3]
    assert model.data(model.index(0, model.columns.index("Gain")), Qt.ItemDataRole.DisplayRole) == "–"
    assert model.data(model.index(1, model.columns.index("Gain")), Qt.ItemDataRole.DisplayRole) == "0.5"


def test_pictures_have_a_size_where_records_have_a_source(qtbot, tmp_path):
    project = FakeProject(tmp_path, sizes=(9, 9), kinds=("image", "instruction"), subset_size=4)
    model = SampleModel()
    model.show_samples(project, project.dataset(1), project.subset(1))
    assert model.index(0, model.columns.index("Size")).data() == "64 × 64"
    model.show_samples(project, project.dataset(2), None)
    assert model.index(0, model.columns.index("Source")).data() == "data.jsonl#0" and "Size" not in model.columns


def test_few_pages_are_kept_and_each_is_read_once(qtbot, tmp_path):
    project = FakeProject(tmp_path, sizes=(1_000_000,))
    model = SampleModel()
    model.show_samples(project, project.dataset(1), None)
    assert project.pages_read == 0
    for row in range(0, 200 * PAGE, 50):
        assert model.item(row).sample.row == row
    assert project.pages_read == 200
    assert len(model._pages) == PAGES_KEPT


def test_members_of_the_marked_subset_become_known(qtbot, project):
    model = SampleModel()
    model.show_samples(project, project.dataset(1), None)
    model.mark_members(project.subset(1))
    chosen = project.subset_rows(1, 1, 100)
    qtbot.waitUntil(lambda: all(model.is_member(c.row) for c in chosen))
    assert not model.is_member(1)
    model.mark_members(None)
    assert not model.is_member(chosen[0].row)


def test_tree_model_is_a_good_model(qtbot, project):
    model = TreeModel()
    tester = QAbstractItemModelTester(model, FATAL)
    model.read(project)
    assert model.rowCount() == 2
    place = model.find(1, 1)
    assert place.data() == "diverse 40"
    assert place.data(NODE_ROLE) == ("subset", 1)
    assert place.parent().data() == "pile 1"
    assert not model.place("run", 1).isValid()
    assert model.newest_subset(1).id == 1
    assert model.newest_subset(2) is None
    model.read(None)
    assert tester.model().rowCount() == 0


def test_history_model_names_what_undo_and_redo_would_do(qtbot, project):
    model = HistoryModel()
    tester = QAbstractItemModelTester(model, FATAL)
    model.read(project)
    assert (model.undo_label, model.redo_label) == ("", "")
    project.pin([1], "in")
    project.pin([2, 3], "out")
    model.read(project)
    assert (model.undo_label, model.redo_label) == ("Pin out 2 samples", "")
    project.undo()
    model.read(project)
    assert (model.undo_label, model.redo_label) == ("Pin in 1 samples", "Pin out 2 samples")
    assert model.data(model.index(0), Qt.ItemDataRole.FontRole).strikeOut()
    project.undo()
    model.read(project)
    assert (model.undo_label, model.redo_label) == ("", "Pin in 1 samples")
    project.pin([4], "in")
    model.read(project)
    assert model.redo_label == ""
    assert tester.model() is model


def test_counts_model_is_a_good_model(qtbot):
    model = CountsModel()
    tester = QAbstractItemModelTester(model, FATAL)
    model.show_counts([("few", 1, 2), ("many", 5, 50), ("none", 0, 0)])
    assert [model.index(i, 0).data() for i in range(3)] == ["many", "few", "none"]
    assert [model.index(i, 0).data(SHARE_ROLE) for i in range(3)] == [0.1, 0.5, 0.0]
    assert tester.model() is model


def test_figures_say_who_is_ahead():
    found = figures(
        {"skills": [5, 9], "random_skills": [5, 9], "radius": 0.4, "random_radius": 0.5, "mean_similarity": 0.7}
    )
    assert [(f.value, f.random, f.better) for f in found] == [
        ("5 of 9", "5", None),
        ("0.700", "–", None),
        ("0.400", "0.500", True),
    ]
    assert figures({}) == []


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"messages": [{"role": "user", "content": "Hi"}]}, [Turn("User", "Hi")]),
        ({"conversations": [{"from": "gpt", "value": "Hi"}]}, [Turn("Assistant", "Hi")]),
        ({"instruction": "Add", "input": "", "output": "2"}, [Turn("User", "Add"), Turn("Assistant", "2")]),
        ({"conversations": [{"from": "human", "value": "<image>\nWhat?"}], "image": "a.jpg"},
         [Turn("User", "[a.jpg]\nWhat?")]),
        ({"conversations": [{"from": "human", "value": "<image>\nWhat?"}], "image": "data:" + "x" * 500},
         [Turn("User", "[image]\nWhat?")]),
        ({"messages": ["odd", 3, None]}, [Turn("Text", "plain")]),
        ([1, 2], [Turn("Text", "plain")]),
    ],
)  # fmt: skip
def test_records_become_turns(record, expected):
    assert turns(json.dumps(record), "plain") == expected


def test_a_broken_record_is_shown_as_its_text():
    assert turns('{"messages": [', "as it came") == [Turn("Text", "as it came")]
    assert turns("[" * 100_000, "deep") == [Turn("Text", "deep")]
    assert turns("") == []


def test_words():
    assert one_line("a\n  b" * 100, 5) == "a ba…"
    assert [number(v) for v in (None, float("nan"), float("inf"), 0.12345)] == ["–", "–", "–", "0.1235"]
