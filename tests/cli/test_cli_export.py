"""``curator export`` with its options."""

import json

import pytest
from click.testing import CliRunner

from curator.cli import cli


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Invoke ``curator ARGS`` in a folder with a Project and its Subset “x” of eight chats."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CURATOR_PLUGINS_DIR", str(tmp_path / "plugins"))

    def invoke(*args, code=0):
        result = CliRunner().invoke(cli, [str(a) for a in args])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    records = [
        {"messages": [{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}", "weight": n % 2}]}
        for n in range(8)
    ]
    (tmp_path / "pile.jsonl").write_text("".join(json.dumps(r) + "\n" for r in records), encoding="utf-8")
    invoke("init", "p.curator")
    invoke("import", "p.curator", "pile.jsonl")
    recipe = '[[selectors]]\nname = "random"\nbudget = 8\n'
    (tmp_path / "r.toml").write_text(recipe, encoding="utf-8")
    invoke("run", "p.curator", "--recipe", "r.toml", "--name", "x")
    return invoke


def test_a_dry_run_writes_nothing_and_tells(run, tmp_path):
    before = sorted(p.name for p in tmp_path.iterdir())
    said = run(
        "export", "p.curator", "x", "out.jsonl", "--format", "sharegpt", "--trainer", "axolotl", "--dry-run"
    ).output
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert "8 samples would be written" in said and '"conversations"' in said
    assert "needs --allow-loss" in said and "which turns are trained" in said and "datasets:" in said
    plain = run("export", "p.curator", "x", "out.jsonl", "--format", "sharegpt", "--dry-run", "--json").stdout
    preview = json.loads(plain)
    assert preview["losses"][0] == {
        "text": "which turns are trained", "severe": True, "count": 8, "ranks": [1, 2, 3, 4, 5, 6, 7, 8]
    }  # fmt: skip


def test_losses_need_a_yes(run, tmp_path):
    error = run("export", "p.curator", "x", "out.jsonl", "--format", "sharegpt", code=1)
    assert "8 records: which turns are trained" in error.stderr and "--allow-loss" in error.stderr
    assert not (tmp_path / "out.jsonl").exists()
    run("export", "p.curator", "x", "out.jsonl", "--format", "sharegpt", "--allow-loss")
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 8


def test_splits_order_and_first(run, tmp_path):
    options = ["--split", "train=0.75,test=0.25", "--order", "shuffle", "--seed", "3", "--first", "4"]
    done = run("export", "p.curator", "x", "out", *options, "--json")
    assert json.loads(done.stdout)["notes"] == ["Splits: train 3, test 1"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "README.md", "curation.json", "test.jsonl", "train.jsonl"
    ]  # fmt: skip


def test_bad_options_are_refused(run):
    assert "is not a share" in run("export", "p.curator", "x", "o", "--split", "half", code=1).stderr
    assert "no trainer called" in run("export", "p.curator", "x", "o", "--trainer", "mine", code=1).stderr
    assert "Invalid value" in run("export", "p.curator", "x", "o", "--order", "odd", code=2).stderr
