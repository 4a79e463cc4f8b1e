"""Every item model of the window keeps the rules of Qt's models; one that is not in the table fails."""

import importlib
import pkgutil

import pytest
from fakes import FakeProject
from PySide6.QtCore import QAbstractItemModel

import curator.ui
from curator.engine.import_preview import Field, PreviewRow
from curator.engine.skills import Skill
from curator.engine.subsets import Balance
from curator.ui.models.balance import BalanceModel
from curator.ui.models.coverage import CountsModel
from curator.ui.models.history import HistoryModel
from curator.ui.models.import_fields import FieldsModel, FirstRowsModel
from curator.ui.models.instructions import InstructionModel
from curator.ui.models.samples import SampleModel
from curator.ui.models.skills import SkillsModel
from curator.ui.models.tree import TreeModel
from curator.ui.state import AppState


def samples(project):
    model = SampleModel()
    model.show_samples(project, project.dataset(2), None)
    return model


def instructions(project):
    inside = samples(project)
    model = InstructionModel(inside, AppState())
    model.kept = inside
    return model


def read(kind):
    def make(project):
        model = kind()
        model.read(project)
        return model

    return make


def with_rows(model, show, *rows, **more):
    getattr(model, show)(*rows, **more)
    return model


FILLED = {
    SampleModel: samples,
    InstructionModel: instructions,
    TreeModel: read(TreeModel),
    HistoryModel: read(HistoryModel),
    CountsModel: lambda _: with_rows(CountsModel(), "show_counts", [("few", 1, 2), ("none", 0, 0)]),
    BalanceModel: lambda _: with_rows(BalanceModel(), "show_balances", [Balance("a", 3, 1, 9), Balance("b", 0, 0, 1)]),
    SkillsModel: lambda _: with_rows(
        SkillsModel(lambda *_: None, lambda *_: None, lambda *_: None),
        "show_skills",
        [Skill(0, "dogs", 9, 2)],
        editable=True,
    ),
    FieldsModel: lambda _: with_rows(FieldsModel(), "show_fields", [Field("a", "label", "x")], ("label",)),
    FirstRowsModel: lambda _: with_rows(FirstRowsModel(), "show_rows", [PreviewRow("a", "text", ("x",), (), "")]),
}


def models():
    """Every model class of the window that can be made."""
    for module in pkgutil.walk_packages(curator.ui.__path__, "curator.ui."):
        importlib.import_module(module.name)
    todo, found = [QAbstractItemModel], set()
    while todo:
        kind = todo.pop()
        todo += kind.__subclasses__()
        if kind.__module__.startswith("curator.ui") and not kind.__subclasses__():
            found.add(kind)
    return found


def test_every_model_is_in_the_table():
    assert models() == set(FILLED)


@pytest.mark.parametrize("kind", FILLED, ids=lambda kind: kind.__name__)
def test_a_model_keeps_the_rules(kind, tmp_path, qtmodeltester):
    project = FakeProject(tmp_path, sizes=(20, 30), kinds=("image", "instruction"), subset_size=10)
    project.pin([10_000_001], "in")
    model = FILLED[kind](project)
    assert model.rowCount()
    qtmodeltester.check(model)
