"""Every option of ``curator export``, as somebody at a terminal uses it."""

import csv
import json
from collections import Counter

import pytest
from click.testing import CliRunner

from curator.cli import cli

CLASSES = ("maths", "cooking", "travel")


def invoked(*args, code=0):
    result = CliRunner().invoke(cli, [str(a) for a in args])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A Project with a Subset “x” of 60 records, 20 of them twice."""
    folder = tmp_path_factory.mktemp("options")
    records = [
        {"instruction": f"i{n}", "input": "", "output": f"o{n}", "task": CLASSES[n % 3], "note": n, "source": "here"}
        for n in range(40)
    ]
    text = "".join(json.dumps(record) + "\n" for record in records + records[:20])
    (folder / "pile.jsonl").write_text(text, encoding="utf-8")
    (folder / "r.toml").write_text('[[selectors]]\nname = "random"\nbudget = 60\n', encoding="utf-8")
    invoked("init", folder / "p.curator")
    invoked("import", folder / "p.curator", folder / "pile.jsonl")
    invoked("run", folder / "p.curator", "--recipe", folder / "r.toml", "--name", "x")
    return folder / "p.curator"


@pytest.fixture
def run(project, tmp_path, monkeypatch):
    """Invoke ``curator export ARGS`` for the Subset, as if it had weights."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("curator.engine.store_exporting.ExportRows.has_weights", lambda self: True)

    def invoke(*args, code=0):
        return invoked("export", project, "x", *args, code=code)

    return invoke


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("together", ["duplicates", "exact"])
def test_duplicates_never_straddle_a_split(run, tmp_path, together):
    run("out", "--split", "train=0.7,validation=0.1,test=0.2", "--together", together)
    places = {}
    for name in ("train", "validation", "test"):
        for record in lines_of(tmp_path / "out" / f"{name}.jsonl"):
            places.setdefault(record["instruction"], set()).add(name)
    assert len(places) == 40 and all(len(found) == 1 for found in places.values())
    sizes = [len(lines_of(tmp_path / "out" / f"{name}.jsonl")) for name in ("train", "validation", "test")]
    assert sum(sizes) == 60 and abs(sizes[0] - 42) <= 2 and abs(sizes[2] - 12) <= 2


def test_every_split_has_the_classes_in_the_same_shares(run, tmp_path):
    run("out", "--split", "train=0.5,test=0.5", "--stratify", "class")
    counts = [Counter(r["task"] for r in lines_of(tmp_path / "out" / f"{name}.jsonl")) for name in ("train", "test")]
    assert counts[0].total() == counts[1].total() == 30
    assert all(abs(counts[0][name] - counts[1][name]) <= 2 for name in CLASSES)


def test_orders(run, tmp_path):
    told = {}
    for name, *options in (
        ("rank",), ("again", "--order", "rank"), ("source", "--order", "source"), ("one", "--order", "shuffle"),
        ("same", "--order", "shuffle", "--seed", "0"), ("other", "--order", "shuffle", "--seed", "1"),
    ):  # fmt: skip
        run(f"{name}.jsonl", *options)
        told[name] = [record["note"] for record in lines_of(tmp_path / f"{name}.jsonl")]
    run("x.csv", "--format", "csv")
    with (tmp_path / "x.csv").open(encoding="utf-8") as file:
        ranked = [int(row["source"].rpartition("#")[2]) - 1 for row in csv.DictReader(file)]
    assert told["rank"] == told["again"] == [number % 40 for number in ranked]
    assert told["source"] == [*range(40), *range(20)]
    assert told["one"] == told["same"] != told["rank"] and told["other"] not in (told["one"], told["rank"])
    assert sorted(told["one"]) == sorted(told["rank"])


def test_weights_are_never_dropped(run, tmp_path):
    run("a.jsonl")
    with (tmp_path / "a.jsonl.curation.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 60
    assert "curation.csv" in (tmp_path / "a.jsonl.curation.json").read_text(encoding="utf-8")
    run("b.jsonl", "--weights", "column")
    assert all("weight" in record for record in lines_of(tmp_path / "b.jsonl"))
    assert not (tmp_path / "b.jsonl.curation.csv").exists()
    run("c.txt", "--format", "list", "--weights", "column")  # which has no place for it
    assert (tmp_path / "c.txt.curation.csv").is_file()
    run("d.csv", "--format", "csv")
    assert "weight" in (tmp_path / "d.csv").read_text(encoding="utf-8").splitlines()[0].split(",")


def test_fields(run, tmp_path):
    run("a.jsonl", "--rename", "task=category", "--drop", "note")
    assert set(lines_of(tmp_path / "a.jsonl")[0]) == {"instruction", "input", "output", "category", "source"}
    run("b.jsonl", "--format", "alpaca", "--include", "task")
    assert set(lines_of(tmp_path / "b.jsonl")[0]) == {"instruction", "input", "output", "task"}
    run("c.jsonl", "--format", "messages", "--drop", "source,note")
    assert set(lines_of(tmp_path / "c.jsonl")[0]) == {"messages", "task"}
    refused = run("d.jsonl", "--format", "messages", "--drop", "messages", code=1).stderr
    assert "belongs to the format itself" in refused
    twice = run("e.jsonl", "--rename", "task=note", code=1).stderr
    assert "Two fields would be called “note”" in twice and not (tmp_path / "e.jsonl").exists()
