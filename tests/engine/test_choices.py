"""The chosen score of each skill is stored with its Run, and read back."""

import json

import pytest

from curator.engine.project import Project
from curator.engine.recipe import Recipe
from curator.engine.registry import registry

RECIPE = """
name = "ways"
[encoder]
name = "lsa"
dims = 8
[clusterer]
name = "kmeans"
k = 3
[[scorers]]
name = "length"
[[scorers]]
name = "prototypicality"
[[selectors]]
name = "multi-way"
budget = 12
"""


@pytest.fixture
def project(tmp_path):
    words = ("translate the line", "add these numbers", "summarise a page")
    lines = [
        json.dumps({"instruction": f"{words[i % 3]} {'very ' * (i % 7)}well {i}", "output": f"{words[i % 3]} {i}"})
        for i in range(60)
    ]
    file = tmp_path / "pile.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    registry().discover()
    with Project.create(tmp_path / "p.curator") as made:
        made.submit_import([file], "pile").result()
        yield made


def test_choices_and_histograms_of_a_run(project):
    subset = project.subset(project.submit_run("pile", Recipe.from_toml(RECIPE)).result().focus[1])
    found = project.score_choices.of_run(subset.run_id)
    assert [c.scorer for c in found] == ["length", "prototypicality"] * 3
    assert [c.skill for c in found] == [0, 0, 1, 1, 2, 2]
    for skill in range(3):
        mine = [c for c in found if c.skill == skill]
        assert sum(c.chosen for c in mine) == 1
        best = next(c for c in mine if c.chosen)
        assert best.entropy == max(c.entropy for c in mine)
        assert best.low < best.cut_low <= best.cut_high < best.high
        assert sum(best.counts) == best.size and best.name
        assert all(c.cut_low is None for c in mine if not c.chosen)


def test_a_run_that_goes_by_no_score_has_none(project):
    subset = project.subset(
        project.submit_run("pile", Recipe.from_toml(RECIPE.replace("multi-way", "ccs"))).result().focus[1]
    )
    assert project.score_choices.of_run(subset.run_id) == []


def test_choices_from_the_command_line(project):
    from click.testing import CliRunner

    from curator.cli import cli
    from curator.cli.choices import picture
    from curator.cli.ground import Front, no_window
    from curator.settings import Settings

    subset = project.subset(project.submit_run("pile", Recipe.from_toml(RECIPE)).result().focus[1])

    def call(*words):
        found = CliRunner().invoke(cli, ["choices", str(project.folder), *words], obj=Front(Settings(), no_window))
        assert found.exit_code == 0, found.output
        return found.stdout

    assert "bits" in call(subset.name)
    assert len(json.loads(call(subset.name, "--all", "--json"))) == 6
    assert picture((0, 1, 8, 4)) == " ▁█▄"
