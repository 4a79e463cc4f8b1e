"""``curator subset`` as a user would type it."""

import json

from click.testing import CliRunner

from curator.cli import cli
from curator.engine.project import Project


def test_every_subset_command(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATOR_PLUGINS_DIR", str(tmp_path / "plugins"))
    file, place = tmp_path / "pile.jsonl", tmp_path / "p.curator"
    file.write_text("".join(json.dumps({"instruction": f"do {i}", "output": "yes"}) + "\n" for i in range(6)))
    with Project.create(place) as p:
        p.submit_import([file], "pile").result()
        p.subsets.by_hand("a", 1, [1, 2, 3])
        p.subsets.by_hand("b", 1, [3, 4])

    def run(*args, code=0):
        result = CliRunner().invoke(cli, ["subset", args[0], str(place), *args[1:]])
        assert result.exit_code == code, result.output
        return result.output

    assert "In both: 1 (25% of either)" in run("compare", "a", "b")
    assert json.loads(run("compare", "a", "b", "--json"))["only_a"] == [1, 2]
    assert json.loads(run("union", "a", "b", "--name", "u", "--json"))["size"] == 4
    assert "2 samples" in run("subtract", "a", "b")
    assert "1 samples" in run("intersect", "a", "b")
    assert "2 samples" in run("trim", "u", "2")
    assert "“v”" in run("rename", "u", "v")
    run("note", "v", "for later")
    run("lock", "v")
    assert "locked" in run("remove", "v", code=1)
    run("lock", "v", "--off")
    assert "Removed" in run("remove", "v")
    assert "no subset" in run("compare", "a", "nobody", code=1)
