import pytest
from fakes import FakeProject

from curator.engine.recipe import builtin_names
from curator.engine.registry import registry
from curator.ui.models.recipe_draft import RecipeDraft
from curator.ui.views.export_dialog import ExportDialog
from curator.ui.views.run_panel import part_of

registry().discover()
needs_recipes = pytest.mark.skipif("diverse" not in builtin_names(), reason="no recipes in this checkout")
needs_exporters = pytest.mark.skipif(not registry().names("exporter"), reason="no exporters in this checkout")


@needs_recipes
@pytest.mark.parametrize("name", builtin_names())
def test_every_recipe_can_be_drafted_and_its_budget_changed(name):
    draft = RecipeDraft()
    draft.load(name)
    assert draft.problem is None
    if draft.budget is not None:
        draft.set_budget(77)
        assert draft.budget == 77
        assert draft.recipe.name == name
        assert name == "dedupe" or ("\nbudget = 77\n" in draft.text and draft.text.startswith("#"))


@needs_recipes
def test_a_budget_that_is_not_written_down_can_be_changed():
    draft = RecipeDraft()
    draft.set_text('selectors = [{ name = "k-center" }]')
    assert draft.budget == 1000
    draft.set_budget(5)
    assert draft.budget == 5
    assert draft.problem is None


def test_a_recipe_that_is_not_there_is_a_problem_not_a_crash():
    draft = RecipeDraft()
    draft.load("nobody has this")
    assert draft.recipe is None
    assert "nobody has this" in draft.problem.text
    assert draft.budget is None
    draft.set_budget(3)


@needs_recipes
def test_a_recipe_as_it_came_asks_for_a_part_of_a_small_pile_and_what_was_written_stays(window, pictures):
    window.state.set_project(FakeProject(pictures, sizes=(250, 30), kinds=("image", "image")))
    panel = window.run_panel
    assert panel.budget.value() == 50 and "budget = 50" in panel.draft.text
    window.state.show_dataset(2)
    assert panel.budget.value() == 6
    window.state.show_dataset(1)
    panel.budget.setValue(400)
    window.state.show_dataset(2)
    assert panel.budget.value() == 400
    assert [part_of(n) for n in (2, 3, 40, 250, 999, 8000)] == [1, 1, 8, 50, 100, 1000]


@needs_recipes
def test_run_asks_with_recipe_budget_and_name(window, qtbot, pictures):
    project = FakeProject(pictures, sizes=(100, 30), kinds=("image", "instruction"))
    window.state.set_project(project)
    panel = window.run_panel
    assert panel.recipes.currentText() == "diverse"
    panel.budget.setValue(42)
    panel.name.setText(" mine ")
    assert "42" in panel.text.toPlainText()
    window.actions_.by_id["run"].trigger()
    request = project.submitted[0].request
    assert (request.dataset, request.subset) == ("pile 1", "mine")
    assert "budget = 42" in request.recipe
    window.state.show_dataset(2)
    assert panel.recipes.currentText() == "balanced"


@needs_recipes
def test_a_recipe_without_a_limit_says_so(window, pictures):
    window.state.set_project(FakeProject(pictures))
    panel = window.run_panel
    panel.recipes.setCurrentText("dedupe")
    panel.recipes.activated.emit(panel.recipes.currentIndex())
    assert panel.budget.text() == "no limit"
    panel.recipes.setCurrentText("diverse")
    panel.recipes.activated.emit(panel.recipes.currentIndex())
    assert panel.budget.text() == "200"


@needs_recipes
def test_typing_a_budget_into_the_text_moves_the_spin_box(window, pictures):
    window.state.set_project(FakeProject(pictures))
    panel = window.run_panel
    before = panel.draft.budget
    panel.text.setPlainText(panel.draft.text.replace(f"budget = {before}", "budget = 123"))
    assert panel.budget.value() == 123
    assert panel.go.isEnabled()


@needs_exporters
@pytest.mark.parametrize("kind", ["image", "instruction"])
def test_the_export_dialog_offers_what_fits(qtbot, tmp_path, answers, kind):
    dialog = ExportDialog("a/b: c", kind, answers)
    qtbot.addWidget(dialog)
    assert dialog.format.count()
    for i in range(dialog.format.count()):
        dialog.format.setCurrentIndex(i)
        assert kind in registry().get("exporter", dialog.format.currentText()).kinds
        assert "a-b- c" in dialog.target.text()
        assert dialog.about.text()
    dialog.target.setText("")
    assert not dialog.ok.isEnabled()
    answers.target = tmp_path / "out"
    dialog.browse.click()
    dialog.overwrite.setChecked(True)
    with qtbot.waitSignal(dialog.export_requested) as asked:
        dialog.ok.click()
    assert asked.args == [dialog.format.currentText(), tmp_path / "out", True, {}, {}]
