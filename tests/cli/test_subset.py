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
    said = run("correct", "b", "--add", "pile.jsonl#5", "--add", "6, 1,6", "--remove", "3")
    assert said.splitlines()[0] == "3 added and 1 taken out, and pinned so for later runs."
    assert "“b”: 4 samples (subset" in said
    with Project.open(place) as p:
        assert p._store.subset_sample_ids(p.subset("b").id).tolist() == [4, 5, 6, 1]
        assert p.subsets.card("b")["by_hand"] == {
            "taken_out": ["pile.jsonl#3"], "added": ["pile.jsonl#5", "pile.jsonl#6", "pile.jsonl#1"],
        }  # fmt: skip
        assert [r.tolist() for r in p._store.pins(1)] == [[0, 4, 5], [2]]
        p.undo()
        assert p._store.subset_sample_ids(p.subset("b").id).tolist() == [3, 4]
        assert [r.tolist() for r in p._store.pins(1)] == [[], []]
    assert json.loads(run("correct", "b", "--remove", "4", "--json"))["summary"]["corrected"] == [1, 0]
    assert "no sample “4711”" in run("correct", "b", "--add", "4711", code=1)
    assert "no sample “dog.jpg”" in run("correct", "b", "--remove", "dog.jpg", code=1)
    assert "both be added" in run("correct", "b", "--add", "2", "--remove", "pile.jsonl#2", code=1)
    assert "is so already" in run("correct", "b", "--remove", "4", code=1)
    assert "Nothing would be left" in run("correct", "b", "--remove", "3", code=1)
    assert "--add or --remove" in run("correct", "b", code=2)
    run("correct", "b", "--add", "4")
    assert "1 samples" in run("intersect", "a", "b")
    assert "2 samples" in run("trim", "u", "2")
    assert "“v”" in run("rename", "u", "v")
    run("note", "v", "for later")
    run("lock", "v")
    assert "locked" in run("remove", "v", code=1)
    assert "lock PROJECT SUBSET --off" in run("correct", "v", "--remove", "1", code=1)
    run("lock", "v", "--off")
    assert "Removed" in run("remove", "v")
    assert "no subset" in run("compare", "a", "nobody", code=1)
