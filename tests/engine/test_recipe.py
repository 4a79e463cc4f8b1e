import pytest

from curator.engine.errors import InputError
from curator.engine.recipe import Constraints, Recipe, Step, builtin_names, fingerprint, load_recipe
from curator.engine.registry import registry

TEXT = """
name = "mine"
seed = 3
[encoder]
name = "lsa"
dims = 64
[clusterer]
name = "kmeans"
[[selectors]]
name = "redundancy"
threshold = 0.9
[[selectors]]
name = "k-center"
budget = 20
[constraints]
by = "skill"
at_most = 4
named = {"skill 1" = 2}
"""


@pytest.fixture(autouse=True)
def plugins():
    registry().discover()


def test_toml_round_trip():
    recipe = Recipe.from_toml(TEXT)
    assert recipe.encoder == Step("lsa", {"dims": 64})
    assert recipe.constraints == Constraints("skill", 4, {"skill 1": 2})
    assert Recipe.from_toml(recipe.to_toml()) == recipe


def test_check_completes_defaults_and_keeps_what_was_given():
    recipe = Recipe.from_toml(TEXT).check(registry(), "instruction")
    assert recipe.selectors[1].params["budget"] == 20
    assert set(recipe.clusterer.params) == {p.name for p in registry().get("clusterer", "kmeans").params}
    assert Recipe.from_toml(recipe.to_toml()).check(registry(), "instruction") == recipe


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = [", "not valid TOML"),
        ('name = "x"', "no selector"),
        ('selectors = "random"', "two brackets"),
        ("[[selectors]]\nbudget = 3", "needs a name"),
        ('colour = 1\n[[selectors]]\nname = "random"', "unknown entry “colour”"),
        ('seed = -1\n[[selectors]]\nname = "random"', "“seed” must be a whole number"),
        ('[constraints]\nby = "moon"\n[[selectors]]\nname = "random"', "Use “skill” or “class”"),
    ],
)
def test_a_broken_recipe_is_explained(text, words):
    with pytest.raises(InputError) as error:
        Recipe.from_toml(text)
    assert words in str(error.value)


def test_unknown_plugins_and_parameters_are_found_before_anything_runs():
    with pytest.raises(InputError, match="no selector called “magic”"):
        Recipe("x", (Step("magic"),)).check(registry(), "image")
    with pytest.raises(InputError, match="has no parameter “size”"):
        Recipe("x", (Step("random", {"size": 3}),)).check(registry(), "image")


def test_overrides_reach_every_place():
    recipe = Recipe.from_toml(TEXT)
    for key, value in {
        "seed": "9",
        "encoder.dims": "32",
        "clusterer.k": "12",
        "selector.budget": "7",
        "redundancy.threshold": "0.8",
        "constraints.at_most": "5",
    }.items():
        recipe = recipe.override(key, value, registry())
    recipe = recipe.check(registry(), "instruction")
    assert recipe.seed == 9
    assert recipe.encoder.params["dims"] == 32
    assert recipe.clusterer.params["k"] == 12
    assert recipe.selectors[1].params["budget"] == 7
    assert recipe.selectors[0].params["threshold"] == 0.8
    assert recipe.constraints.at_most == 5


def test_an_override_can_change_the_plugin():
    recipe = Recipe.from_toml(TEXT).override("encoder", "auto", registry()).override("clusterer", "none", registry())
    assert recipe.encoder == Step("auto")
    assert recipe.clusterer is None


def test_an_override_of_nothing_says_what_there_is():
    with pytest.raises(InputError, match="redundancy"):
        Recipe.from_toml(TEXT).override("k-centre.budget", "7", registry())


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_recipes_are_sound(name):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    recipe.check(registry(), "instruction")
    if name == "adapt-infinity":  # gradients of a language model are of texts
        with pytest.raises(InputError, match="image"):
            recipe.check(registry(), "image")
    else:
        recipe.check(registry(), "image")


def test_there_are_the_four_promised_recipes():
    assert {"diverse", "balanced", "dedupe", "pcoreset"} <= set(builtin_names())


def test_a_missing_recipe_names_the_built_in_ones(tmp_path):
    with pytest.raises(InputError, match="diverse"):
        load_recipe(str(tmp_path / "none.toml"))


def test_name_and_description_do_not_change_the_identity():
    recipe = Recipe.from_toml(TEXT)
    other = Recipe.from_toml(TEXT.replace('"mine"', '"yours"'))
    assert fingerprint(recipe.identity()) == fingerprint(other.identity())
    third = Recipe.from_toml(TEXT.replace("seed = 3", "seed = 4"))
    assert fingerprint(recipe.identity()) != fingerprint(third.identity())
