"""``curator rounds`` from start to export."""

import csv
import json

from click.testing import CliRunner

from curator.cli import cli


def run(*args, code=0):
    done = CliRunner().invoke(cli, [str(a) for a in args])
    assert done.exit_code == code, done.output
    return done.output


def test_a_study_from_start_to_export(tmp_path, digit_pictures):
    p = tmp_path / "p.curator"
    run("init", p)
    run("import", p, digit_pictures, "--json")
    assert "no study yet" in run("rounds", "show", p, code=1)
    (tmp_path / "names.txt").write_text("one\nseven\nzero\n")
    quick = ("--set", "width=8", "--set", "layers=1", "--set", "steps=20")
    text = run("rounds", "start", p, "--classes-file", tmp_path / "names.txt", "--batch", 4, *quick)
    assert "round 1: 4 samples to label as one, seven, zero" in text
    batch = json.loads(run("rounds", "show", p, "--json"))["batch"]
    ids = [b["sample_id"] for b in batch]
    assert "Label as “one”" in run("rounds", "label", p, "--as", "one", "--samples", ids[0])
    run("rounds", "label", p, "--skip", ids[1], "--unlisted", ids[2])
    (tmp_path / "more.csv").write_text(f"sample_id,class\n{ids[3]},zero\n")
    assert "1 labels from more.csv" in run("rounds", "label", p, "--file", tmp_path / "more.csv")
    assert "Undone" in run("undo", p)
    run("rounds", "label", p, "--as", "zero", "--samples", ids[3])
    assert "round 2" in run("rounds", "next", p)
    points = json.loads(run("rounds", "curve", p, "--json"))
    assert [x["spent"] for x in points] == [0, 2]
    assert "hold-out" in run("rounds", "curve", p)
    assert "pcoreset" in run("rounds", "list", p)
    run("rounds", "export", p, tmp_path / "labels.csv")
    with (tmp_path / "labels.csv").open() as file:
        assert [r["class"] for r in csv.DictReader(file)][:4] == ["one", "", "", "zero"]
    assert "Usage" in run("rounds", "label", p, "--as", "one", code=2)
