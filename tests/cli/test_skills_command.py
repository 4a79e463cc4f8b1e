"""``curator skills`` as a user would type it."""

import json

from click.testing import CliRunner

from curator.cli import cli
from curator.engine.project import Project
from curator.engine.recipe import Recipe, Step


def test_every_skills_command(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATOR_PLUGINS_DIR", str(tmp_path / "plugins"))
    file, place = tmp_path / "pile.jsonl", tmp_path / "p.curator"
    texts = [f"{('bread and flour', 'python code')[i % 2]} {i}" for i in range(12)]
    file.write_text("".join(json.dumps({"instruction": t, "output": ""}) + "\n" for t in texts))
    recipe = Recipe("r", (Step("random", {"budget": 4}),), Step("lsa"), Step("kmeans", {"k": 2}))
    with Project.create(place) as p:
        p.submit_import([file], "pile").result()

    def run(*args, code=0):
        result = CliRunner().invoke(cli, ["skills", args[0], str(place), *args[1:]])
        assert result.exit_code == code, result.output
        return result.output

    assert "No skills yet" in run("list")
    with Project.open(place) as p:
        p.submit_run("pile", recipe).result()
    assert len(json.loads(run("list", "--json"))) == 2
    assert "Rename" in run("rename", "0", "baking")
    assert "baking" in run("list")
    assert "no skill “x”" in run("hide", "x", code=1)
    assert [s["quota"] for s in json.loads(run("quota", "3", "baking", "--json"))] == [3, None]
    assert "Lift" in run("quota", "--", "-1", "baking")
    assert "Hide" in run("hide", "baking")
    assert "Show" in run("hide", "baking", "--off")
    assert len(json.loads(run("split", "baking", "--json"))) == 3
    assert "Merge 2" in run("merge", "baking 1", "baking 2")
