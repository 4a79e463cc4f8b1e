"""A Recipe on a sample, and what a Run would cost."""

import json

import pytest

from curator.engine import embedding
from curator.engine.estimating import ROUGH
from curator.engine.previewing import scaled
from curator.engine.project import Project
from curator.engine.recipe import Recipe

RECIPE = Recipe.from_toml("""
name = "r"
seed = 3
selectors = [{ name = "redundancy" }, { name = "k-center", budget = 40 }]
scorers = [{ name = "length" }]
encoder = { name = "lsa" }
clusterer = { name = "kmeans", k = 4 }
constraints = { by = "skill", at_most = 20 }
""")


@pytest.fixture
def project(tmp_path):
    file = tmp_path / "pile.jsonl"
    words = ("sing", "count", "paint", "cook")
    lines = [{"instruction": f"{words[i % 4]} {i * 7 % 31} {words[i % 3]} {i}", "output": "x" * i} for i in range(80)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with Project.create(tmp_path / "p.curator") as made:
        made.submit_import([file], "pile").result()
        yield made


def test_budgets_and_quotas_shrink_in_proportion():
    small = scaled(RECIPE, 0.25)
    assert small.selectors[1].params["budget"] == 10 and "budget" not in small.selectors[0].params
    assert small.constraints.at_most == 5
    assert scaled(RECIPE, 0.001).selectors[1].params["budget"] == 1


def test_a_preview_is_a_marked_subset_of_a_seeded_sample(project):
    changes = project.submit_preview("pile", RECIPE, 20).result()
    subset = project.subset(changes.focus[1])
    assert subset.summary["preview"] == [20, 80] and "preview" in subset.name
    assert 1 <= subset.size <= 10 and "preview" in changes.notes[0]
    rows = [r.row for r in project.subset_rows(subset.id)]
    again = project.subset(project.submit_preview("pile", RECIPE, 20).result().focus[1])
    assert [r.row for r in project.subset_rows(again.id)] == rows
    assert project.contents().embeddings == []
    project.undo()
    assert len(project.contents().subsets) == 1


def test_pins_hold_in_a_preview(project):
    ids = [s.id for s in project.samples(1)]
    project.pin(ids[70:72], "in")
    project.pin(ids[:40], "out")
    subset = project.subset(project.submit_preview("pile", RECIPE, 10).result().focus[1])
    rows = [r.row for r in project.subset_rows(subset.id)]
    assert rows[0] in (70, 71) and min(rows) >= 40


def test_an_estimate_is_rough_before_and_measured_after(project):
    before = project.estimates.of("pile", RECIPE)
    assert {p.basis for p in before.parts} == {"rough"}
    project.submit_run("pile", RECIPE).result()
    after = project.estimates.of("pile", RECIPE)
    assert [p.basis for p in after.parts] == ["there", "measured"]
    assert after.basis == "measured" and after.seconds < 60
    preview = project.estimates.of("pile", RECIPE, 20)
    assert preview.parts[0].basis == "measured"
    other = project.estimates.of("pile", RECIPE.override("encoder", "sentence", None))
    assert other.parts[0].seconds == pytest.approx(80 / ROUGH["sentence"])


def test_an_estimate_is_of_the_encoder_that_auto_becomes_here(project, monkeypatch):
    auto = Recipe("r", selectors=RECIPE.selectors)
    monkeypatch.setattr(embedding, "default_encoder", lambda kind, registry: ("sentence", "it is here"))
    project.submit_run("pile", RECIPE).result()
    assert {e.encoder for e in project.contents().embeddings} == {"lsa"}
    cost = project.estimates.of("pile", auto).parts[0]
    assert (cost.basis, cost.seconds) == ("rough", pytest.approx(80 / ROUGH["sentence"]))
    monkeypatch.setattr(embedding, "default_encoder", lambda kind, registry: ("lsa", "it needs nothing"))
    assert project.estimates.of("pile", auto).parts[0].basis == "there"
