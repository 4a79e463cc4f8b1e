"""Forms from parameters, Recipes put together by hand, the live threshold and the estimate."""

import dataclasses

import pytest
from small_recipe import SMALL_RECIPE

from curator.engine.estimating import Estimate, Part
from curator.engine.params import Param
from curator.engine.recipe import Recipe, Step, builtin_names, load_recipe
from curator.engine.registry import ROLES, registry
from curator.ui.views.composer import Composer
from curator.ui.views.fields import NumberField, field_for, zero_words
from curator.ui.views.param_form import ParamForm
from curator.ui.views.run_panel import SAMPLE, cost_words

registry().discover()


@pytest.mark.parametrize("role", ROLES)
def test_every_plugin_has_a_form_that_shows_its_defaults_and_says_nothing(qtbot, role):
    for name in registry().names(role):
        spec = registry().get(role, name)
        form = ParamForm(spec.params)
        qtbot.addWidget(form)
        said = []
        form.changed.connect(said.append)
        form.show_values({p.name: p.default for p in spec.params})
        assert set(form.fields) == {p.name for p in spec.params}
        assert said == []
        assert all(f.input.accessibleName() and f.input.toolTip() for f in form.fields.values())


def test_a_field_says_what_is_wrong_and_keeps_the_last_good_value(qtbot):
    field = field_for(Param("classes", tuple, (), "Names"))
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.changed) as said:
        field.edit.textEdited.emit("cat, dog")
    assert said.args == ["classes", ("cat", "dog")]
    number = NumberField(Param("k", int, 5, "Size; 0 = all", 0, 100))
    qtbot.addWidget(number)
    number._say("many")
    assert not number.problem.isHidden() and "whole number" in number.problem.text()
    number._say(7)
    assert number.problem.isHidden()


@pytest.mark.parametrize(("low", "high", "kind"), [(0, 1, float), (2, 2048, int), (1, 200, int), (0, 100000, int)])
def test_slider_and_box_move_together_over_the_whole_range(qtbot, low, high, kind):
    field = NumberField(Param("x", kind, low, "X", low, high))
    qtbot.addWidget(field)
    for tick, value in ((0, low), (1000, high)):
        field.slider.setValue(500)
        field.slider.setValue(tick)
        assert field.spin.value() == value
    for value in (low, (low + high) / 2 if kind is float else (low + high) // 2, high):
        field.show_value(value)
        assert field.spin.value() == pytest.approx(value)


def test_what_zero_stands_for_is_shown():
    assert zero_words(Param("b", int, 0, "Keep so many; 0 = all", 0)) == "all"
    assert zero_words(Param("b", int, 0, "Keep so many", 0)) == ""
    assert zero_words(Param("k", int, 0, "0 = half the square root of the whole pile", 0)) == "automatic"


@pytest.fixture
def composer(qtbot):
    made = Composer()
    qtbot.addWidget(made)
    made.changed.connect(lambda recipe: made.show_recipe(recipe, "image"))
    return made


@pytest.mark.parametrize("name", builtin_names())
def test_showing_a_recipe_changes_nothing(composer, name):
    said = []
    composer.changed.connect(said.append)
    recipe = load_recipe(name)
    composer.show_recipe(recipe, "image")
    composer.show_recipe(recipe, "image")
    assert said == [] and composer.recipe == recipe


def test_steps_are_added_removed_reordered_and_changed(composer):
    composer.show_recipe(load_recipe("diverse"), "image")
    composer.add_selector.click()
    assert len(composer.recipe.selectors) == 3
    composer.cards["selector"][2].up.click()
    assert composer.recipe.selectors[2].name == "k-center"
    composer.cards["selector"][1].remove.click()
    assert [s.name for s in composer.recipe.selectors] == ["redundancy", "k-center"]
    composer.cards["selector"][0].remove.click()
    assert not composer.cards["selector"][0].remove.isEnabled()
    composer.cards["scorer"][0].remove.click()
    assert composer.recipe.scorers == ()
    composer.cards["clusterer"][0].plugin.setCurrentText("none")
    assert composer.recipe.clusterer is None
    composer.cards["clusterer"][0].plugin.setCurrentText("hdbscan")
    composer.cards["clusterer"][0].form.fields["min_cluster_size"].spin.setValue(9)
    assert composer.recipe.clusterer == Step("hdbscan", {"min_cluster_size": 9})
    composer.cards["encoder"][0].plugin.setCurrentText("tiny-clip")
    assert composer.recipe.encoder.name == "tiny-clip"
    composer.by.setCurrentIndex(1)
    composer.at_most.setValue(12)
    composer.seed.setValue(5)
    assert (composer.recipe.constraints.by, composer.recipe.constraints.at_most, composer.recipe.seed) == (
        "skill",
        12,
        5,
    )
    assert composer.recipe.check(registry(), "image")


def test_the_panel_composes_and_keeps_form_text_and_budget_in_step(window, small, qtbot, answers, tmp_path):
    window.state.set_project(small)
    panel = window.run_panel
    panel.load_text(SMALL_RECIPE)
    panel.compose.setChecked(True)
    panel.composer.cards["selector"][1].form.fields["budget"].spin.setValue(7)
    assert panel.budget.value() == 7 and "budget = 7" in panel.draft.text
    panel.text.setPlainText(panel.draft.text.replace("budget = 7", "budget = 8"))
    assert panel.composer.cards["selector"][1].form.fields["budget"].spin.value() == 8
    panel.text.setPlainText("nonsense [")
    assert not panel.composer.isEnabled() and not panel.go.isEnabled()
    panel.load_text(SMALL_RECIPE)
    assert panel.composer.isEnabled()
    answers.target = tmp_path / "mine"
    window.actions_.by_id["save-recipe"].trigger()
    assert Recipe.from_toml((tmp_path / "mine.toml").read_text()) == Recipe.from_toml(SMALL_RECIPE)


def test_the_threshold_moves_without_a_run(window, small, qtbot):
    window.state.set_project(small)
    probe = window.run_panel.probe
    window.run_panel.load_text(SMALL_RECIPE)
    assert probe.state == "empty"
    probe.start.click()
    qtbot.waitUntil(lambda: probe.state == "ready")
    runs = len(small.contents().runs)
    probe.slider.setValue(0)
    qtbot.waitUntil(lambda: probe.cut.threshold == pytest.approx(probe.pairs.floor, abs=1e-4))
    low = probe.cut.dropped
    probe.slider.setValue(1000)
    qtbot.waitUntil(lambda: probe.cut.threshold == 1)
    assert 0 < probe.cut.dropped <= low and "would go" in probe.count.text()
    assert window.run_panel.draft.recipe.selectors[0].params["threshold"] == 1
    assert len(small.contents().runs) == runs
    window.run_panel.load_text('selectors = [{ name = "k-center" }]')
    assert probe.isHidden()


def test_a_search_for_copies_that_fails_says_so(window, small, qtbot):
    window.state.set_project(small)
    panel = window.run_panel
    panel.load_text(SMALL_RECIPE.replace('"lsa"', '"tiny-clip"'))
    small.duplicates._submit = lambda request, listener: small._submit(
        dataclasses.replace(request, recipe="?"), listener
    )
    panel.probe.start.click()
    qtbot.waitUntil(lambda: panel.probe.state == "error")


def test_the_estimate_says_what_it_stands_on(window, small, qtbot):
    window.state.set_project(small)
    panel = window.run_panel
    panel.load_text(SMALL_RECIPE)
    panel.show_estimate()
    assert "earlier runs" in panel.cost.text() and "vectors are there" in panel.cost.text()
    assert not panel.try_out.isEnabled() and small.dataset("pile").size < SAMPLE
    rough = cost_words(Estimate((Part("Vectors", 100.0, "rough"),)))
    assert "1 min 40 s" in rough and "rough" in rough
